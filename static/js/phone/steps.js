// Writing one visit, step by step, and the check of the answers at the end.
(function (phone) {
  "use strict";

  const { make, button, primary } = phone.dom;
  const { FIELDS, STEPS } = phone.fields;

  function radios(name, field, app) {
    const draft = app.draft;
    const pairs = phone.fields.choices(name, app.child, app.take);
    return make("fieldset", { class: "phone-field", id: "field-" + name },
      make("legend", { class: "phone-label" }, field.label),
      pairs.map(function ([code, words]) {
        return make("label", { class: "phone-choice" },
          make("input", { type: "radio", name: name, value: code, checked: draft.item.content[name] === code, change: function () {
            draft.set(name, code);
            app.fits();
          } }), make("span", {}, words));
      }));
  }

  function entry(name, field, app) {
    const id = "enter-" + name, value = app.draft.item.content[name] || "";
    const more = { id: id, name: name, "aria-describedby": "note-" + name, input: function (event) { app.draft.set(name, event.target.value.trim()); app.fits(); } };
    const control = field.control === "area"
      ? make("textarea", { ...more, rows: field.rows, maxlength: field.longest }, value)
      : make("input", { ...more, type: field.control, value: value, maxlength: field.longest, autocomplete: "off" });
    return make("div", { class: "phone-field", id: "field-" + name },
      make("label", { class: "phone-label", for: id }, field.label, field.asked ? null : make("span", { class: "phone-soft" }, "（选填）")),
      field.hint ? make("p", { class: "phone-soft" }, field.hint) : null,
      control, quick(field, control));
  }

  // One tap for the usual words; they join what stands there.
  function quick(field, control) {
    if (!field.quick) { return null; }
    return make("div", { class: "phone-quick" }, field.quick.map(function (word) {
      return button(word, function () {
        if (control.value.split("、").includes(word)) { return; }
        control.value = [control.value, word].filter(Boolean).join("、");
        control.dispatchEvent(new Event("input"));
      });
    }));
  }

  function fieldOf(app, name) {
    const field = FIELDS[name];
    const node = (field.control === "radio" ? radios : entry)(name, field, app);
    node.append(make("p", { class: "phone-note", id: "note-" + name, role: "status" }));
    return node;
  }

  function sameAsLast(app, step) {
    const last = (app.child && app.child.last) || {};
    const names = (step.same || []).filter(function (name) { return last[name]; });
    if (!names.length || app.draft.item.kind === "edit") { return null; }
    return button("同上次", function () {
      names.forEach(function (name) { app.draft.set(name, last[name]); });
      phone.page.show();
    });
  }

  // Without drawing the page anew, so that the keyboard stays where it is.
  function fits(app) {
    const content = app.draft.item.content, faults = app.checked ? phone.fields.faults(content) : {};
    STEPS[app.draft.item.step].fields.forEach(function (name) {
      const node = document.getElementById("field-" + name);
      const told = (app.draft.item.faults || {})[name];
      node.hidden = !phone.fields.shown(name, content);
      node.classList.toggle("phone-wrong", Boolean(faults[name] || told));
      document.getElementById("note-" + name).textContent = faults[name] || told || phone.fields.doubt(name, content);
    });
  }

  function stepView(app, number) {
    const step = STEPS[number], item = app.draft.item;
    app.fits = fits.bind(null, app);
    return {
      title: item.child.name,
      back: "child/" + item.student,
      main: [
        make("div", { class: "phone-step" }, make("h2", { id: "step", tabindex: "-1" }, "第 " + (number + 1) + " 步，共 " + STEPS.length + " 步：" + step.title),
          sameAsLast(app, step)),
        make("progress", { max: STEPS.length, value: number + 1, "aria-hidden": "true" }),
        item.refused ? make("p", { class: "notice notice-error" }, item.refused) : null,
        step.fields.map(fieldOf.bind(null, app)),
        step.photos ? phone.views.photos(app) : null,
        make("p", { class: "phone-soft", id: "saved" }, "本机保存于 " + phone.clock.words(item.saved_at)),
      ],
      acts: [
        number ? button("上一步", function () { app.goStep(number - 1); }) : null,
        primary(number + 1 < STEPS.length ? "下一步" : "核对", function () { app.goStep(number + 1); }),
      ],
      after: app.fits,
    };
  }

  function answerRow(app, name, faults) {
    const value = app.draft.item.content[name];
    if (!value && !faults[name]) { return null; }
    return make("div", { class: faults[name] ? "phone-wrong" : "" }, make("dt", {}, FIELDS[name].label),
      make("dd", {}, value ? phone.fields.wordsFor(name, value, app.child, app.take) : "", faults[name] ? make("p", { class: "phone-note" }, faults[name]) : null),
      button("改", function () { app.goStep(phone.fields.stepOf(name)); }, { "aria-label": "修改" + FIELDS[name].label }));
  }

  function checkView(app) {
    const item = app.draft.item, faults = phone.fields.faults(item.content), wrong = Object.keys(faults).length;
    app.checked = true;
    return {
      title: item.child.name,
      back: "visit/" + item.id + "/" + (STEPS.length - 1),
      main: [
        make("h2", { id: "step", tabindex: "-1" }, "核对"),
        wrong ? make("p", { class: "notice notice-error", role: "alert" }, "还有 " + wrong + " 处要填写或修改，改好后就能完成。") : null,
        make("dl", { class: "phone-answers" }, Object.keys(FIELDS).map(function (name) { return answerRow(app, name, faults); })),
        make("p", {}, item.photos.length ? "照片 " + item.photos.length + " 张" : "没有照片"),
      ],
      acts: [button("上一步", function () { app.goStep(STEPS.length - 1); }), primary(item.kind === "edit" ? "完成修改" : "完成家访", phone.deeds.finish, { disabled: wrong > 0 })],
    };
  }

  phone.views = { ...phone.views, step: stepView, check: checkView };
})(self.phone = self.phone || {});
