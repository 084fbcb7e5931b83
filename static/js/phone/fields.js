// The visit as the phone asks for it: six steps with one topic each.
(function (phone) {
  "use strict";

  const FIELDS = {
    visit_kind: { label: "方式", control: "radio", asked: "请选择这次走访的方式。" },
    visited_on: { label: "家访日期", control: "date", asked: "请填写家访日期。" },
    visitors: { label: "走访人", control: "text", longest: 120, asked: "请填写走访人姓名。", hint: "多人请用顿号隔开" },
    people_met: { label: "见到的人", control: "text", longest: 120, quick: ["父亲", "母亲", "祖父", "祖母", "学生本人", "家中无人"] },
    outcome: { label: "结果", control: "radio", asked: "请选择这次走访的结果。" },
    promised_on: { label: "承诺返校日期", control: "date", when: ["outcome", "promised"], notBefore: true },
    findings: { label: "情况", control: "area", longest: 1000, rows: 4, hint: "说到哪里写到哪里，可用输入法的语音输入" },
    study: { label: "学习情况", control: "text", longest: 200 },
    health: { label: "身体和心理", control: "text", longest: 200 },
    lighting: { label: "采光和学习条件", control: "text", longest: 200 },
    goods: { label: "送去的物品", control: "text", longest: 200 },
    advice: { label: "处理与建议", control: "area", longest: 500, rows: 3 },
    next_visit_on: { label: "下次走访日期", control: "date", notBefore: true },
  };

  const STEPS = [
    { title: "方式和日期", fields: ["visit_kind", "visited_on", "visitors"], same: ["visit_kind", "visitors"] },
    { title: "见到的人", fields: ["people_met"], same: ["people_met"] },
    { title: "结果", fields: ["outcome", "promised_on"], same: ["outcome"] },
    { title: "了解到的情况", fields: ["findings", "study", "health", "lighting", "goods"], same: ["study", "health", "lighting"] },
    { title: "处理与下次走访", fields: ["advice", "next_visit_on"], same: ["advice"] },
    { title: "照片", fields: [], photos: true },
  ];

  function choices(name, child, take) {
    if (name !== "visit_kind") { return take.choices.outcomes || []; }
    return (child && child.kinds) || take.choices.kinds || []; // of a child no longer on the list: any
  }

  function wordsFor(name, value, child, take) {
    if (FIELDS[name].control !== "radio") { return value; }
    const pairs = [...choices(name, child, take), ...(take.choices.kinds || [])];
    const found = pairs.find(function (pair) { return pair[0] === value; });
    return found ? found[1] : value;
  }

  function shown(name, content) {
    const when = FIELDS[name].when;
    return !when || content[when[0]] === when[1] || Boolean(content[name]);
  }

  // {field: words} of what has to be mended before the visit can go into the row.
  function faults(content) {
    const found = {};
    Object.entries(FIELDS).forEach(function ([name, field]) {
      if (field.asked && !content[name]) { found[name] = field.asked; }
      if (field.notBefore && content[name] && content[name] < content.visited_on) {
        found[name] = field.label + "不能早于家访日期（" + content.visited_on + "），请核对后修改其中一处。";
      }
    });
    return found;
  }

  // A day to come is odd, not wrong: the phone's clock may be the one that errs.
  function doubt(name, content) {
    const late = name === "visited_on" && content[name] && content[name] > phone.clock.today();
    return late ? "这个日期晚于今天（" + phone.clock.today() + "），请核对；确实如此的可以继续。" : "";
  }

  function stepOf(name) {
    return STEPS.findIndex(function (step) { return step.fields.includes(name); });
  }

  phone.fields = { FIELDS: FIELDS, STEPS: STEPS, choices: choices, wordsFor: wordsFor, shown: shown, faults: faults, doubt: doubt, stepOf: stepOf };
})(self.phone = self.phone || {});
