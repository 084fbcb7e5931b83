// An identity number tells its day, sex and slips as soon as its 18th character stands: GB 11643,
// check character by ISO 7064 MOD 11-2. Before that nothing is wrong yet. The server judges again.
(function () {
  "use strict";
  const WEIGHTS = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
  const CHECKS = "10X98765432";
  const CHECKED = ["1", "permit"];

  function normal(text) {
    return text.normalize("NFKC").replace(/[\s\u200b-\u200f\u2060\ufeff\u00ad\u180e\u2010-\u2015\u2212-]/g, "").toUpperCase();
  }

  function day(digits) {
    const year = Number(digits.slice(0, 4)), month = Number(digits.slice(4, 6)), of = Number(digits.slice(6, 8));
    const found = new Date(Date.UTC(2000, 0, 1));
    found.setUTCFullYear(year, month - 1, of);
    const is = year > 0 && found.getUTCFullYear() === year && found.getUTCMonth() === month - 1 && found.getUTCDate() === of;
    return is ? digits.slice(0, 4) + "-" + digits.slice(4, 6) + "-" + digits.slice(6, 8) : "";
  }

  function verdict(number) {
    if (number.length < 18) return "short";
    if (!/^\d{17}[\dX]$/.test(number)) return "format";
    const sum = WEIGHTS.reduce(function (all, weight, at) { return all + weight * Number(number[at]); }, 0);
    if (CHECKS[sum % 11] !== number[17]) return "checksum";
    return day(number.slice(6, 14)) ? "valid" : "date";
  }

  const WORDS = {
    format: function (number) {
      if (number.length > 18) return "身份证件号应为 18 位，现在是 " + number.length + " 位，请核对";
      return "身份证件号应为 17 位数字加 1 位数字或 X，请核对";
    },
    checksum: function () { return "最后一位与前 17 位对不上，有数字录错，请对照户口簿逐位核对"; },
    date: function (number) { return "号码里的出生日期 " + number.slice(6, 14) + " 不存在，请核对第 7 至 14 位"; },
  };

  function age(born) {
    const today = new Date();
    const had = (today.getMonth() + 1) * 100 + today.getDate() >= Number(born.slice(5, 7)) * 100 + Number(born.slice(8));
    return today.getFullYear() - Number(born.slice(0, 4)) - (had ? 0 : 1);
  }

  function dress(box) {
    const form = box.form;
    const said = document.createElement("p");
    const ask = document.createElement("div");
    const known = form.closest("[data-known-birth]");
    const self = { box: box, form: form, said: said, ask: ask, filled: {}, known: known };
    said.className = "number-said";
    said.id = box.id + "-said";
    said.setAttribute("role", "status");
    said.setAttribute("aria-live", "polite");
    ask.className = "number-ask notice notice-warning";
    ask.hidden = true;
    box.after(said, ask);
    box.setAttribute("aria-describedby", ((box.getAttribute("aria-describedby") || "") + " " + said.id).trim());
    box.addEventListener("input", function () { read(self); });
    box.addEventListener("change", function () { box.value = normal(box.value); });
    form.addEventListener("change", function (event) { if (event.target !== box) read(self); });
    read(self);
  }

  function paper(form) {
    const chosen = form.querySelector("input[name=id_type]:checked");
    return chosen ? chosen.value : "1";
  }

  function read(self) {
    const number = normal(self.box.value);
    const found = CHECKED.includes(paper(self.form)) ? verdict(number) : "short";
    self.box.dataset.verdict = found;
    self.said.classList.toggle("is-right", found === "valid");
    self.said.classList.toggle("is-wrong", found in WORDS);
    let words = "";
    if (found in WORDS) words = WORDS[found](number);
    if (found === "valid") words = derived(number);
    if (self.said.textContent !== words) self.said.textContent = words;
    compare(self, found === "valid" ? { birth_date: day(number.slice(6, 14)), sex: sexOf(number) } : {});
  }

  function sexOf(number) { return Number(number[16]) % 2 ? "男" : "女"; }

  function derived(number) {
    const born = day(number.slice(6, 14));
    return born + " · " + sexOf(number) + " · " + age(born) + " 岁";
  }

  // Empty fields are filled; what a person wrote is asked about and stays.
  function compare(self, told) {
    const differs = [];
    ["birth_date", "sex"].forEach(function (name) {
      const field = self.form.elements[name];
      const value = told[name];
      if (!field) {
        const stored = self.known && self.known.dataset[name === "sex" ? "knownSex" : "knownBirth"];
        if (value && stored && stored !== value) differs.push({ name: name, value: value, stored: stored });
        return;
      }
      if (field.value === self.filled[name]) { field.value = ""; delete self.filled[name]; }
      if (!value) return;
      if (!field.value) { field.value = value; self.filled[name] = value; }
      else if (asWritten(field.value) !== value) differs.push({ name: name, value: value, field: field });
    });
    show(self, differs);
  }

  // 2014.3.7 and 20140307 are the same day; another way of writing is left to the server.
  function asWritten(text) {
    const found = /^(\d{4})\D?(\d{1,2})\D?(\d{1,2})\D?$/.exec(text.normalize("NFKC").trim());
    return found ? found[1] + "-" + found[2].padStart(2, "0") + "-" + found[3].padStart(2, "0") : text;
  }

  function show(self, differs) {
    self.ask.replaceChildren();
    self.ask.hidden = !differs.length;
    differs.forEach(function (one) {
      const line = document.createElement("p");
      const label = one.name === "sex" ? "性别" : "出生日期";
      const has = one.field ? "填的" : "登记的";
      line.textContent = label + has + "是 " + (one.field ? one.field.value : one.stored) + "，证件号显示 " + one.value + "。请对照户口簿核对哪一个对。";
      self.ask.append(line);
      if (!one.field) return;
      const take = document.createElement("button");
      take.type = "button";
      take.className = "btn btn-sm";
      take.textContent = label + "改为 " + one.value;
      take.addEventListener("click", function () {
        one.field.value = one.value;
        read(self);
        self.box.focus();
      });
      self.ask.append(take);
    });
  }

  document.querySelectorAll("input[data-id-number]").forEach(dress);
})();
