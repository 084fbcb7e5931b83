// A long list becomes a box to type in: Chinese, full pinyin, initials or the code narrow it.
// Without this script the list stays a list. The choice stands in the list itself, as before.
(function () {
  "use strict";
  const choosers = new Map();

  function make(list) {
    const name = list.id;
    const box = document.createElement("input");
    const drop = document.createElement("ul");
    const told = document.createElement("span");
    const frame = document.createElement("div");
    const self = { list: list, box: box, drop: drop, told: told, items: [], shown: [], active: -1, composing: false };

    frame.className = "choose";
    list.before(frame);
    frame.append(box, drop, told, list);
    box.type = "text";
    box.className = "form-select";
    box.id = name;
    box.autocomplete = "off";
    box.spellcheck = false;
    ["aria-describedby", "aria-invalid"].forEach(function (attribute) {
      if (list.hasAttribute(attribute)) box.setAttribute(attribute, list.getAttribute(attribute));
    });
    box.setAttribute("role", "combobox");
    box.setAttribute("aria-autocomplete", "list");
    box.setAttribute("aria-expanded", "false");
    box.setAttribute("aria-controls", name + "-list");
    list.id = name + "-value";
    list.className = "choose-value";
    list.tabIndex = -1;
    drop.id = name + "-list";
    drop.className = "choose-list";
    drop.hidden = true;
    drop.setAttribute("role", "listbox");
    drop.setAttribute("aria-label", "可选项");
    told.className = "visually-hidden";
    told.setAttribute("role", "status");
    self.items = Array.from(list.options, function (option, number) { return item(self, option, number); });
    drop.append.apply(drop, self.items.map(function (one) { return one.node; }));
    choosers.set(name, self);
    write(self);
    listen(self);
  }

  function item(self, option, number) {
    const node = document.createElement("li");
    const group = option.parentElement.label || "";
    node.id = self.drop.id + "-" + number;
    node.setAttribute("role", "option");
    node.textContent = option.text;
    if (group) {
      const of = document.createElement("span");
      of.className = "choose-of";
      of.textContent = " " + group;
      node.append(of);
    }
    node.addEventListener("mousedown", function (event) { event.preventDefault(); });
    node.addEventListener("click", function () { choose(self, option); close(self); });
    return { option: option, node: node, text: option.text.toLowerCase(), keys: (option.dataset.keys || "").split(" ") };
  }

  function within(self, option) {
    const above = choosers.get(self.list.dataset.within || "");
    return !above || !option.value || option.value.startsWith(above.list.value);
  }

  function fits(one, words) {
    return !words || one.text.includes(words) || (one.option.value && one.option.value.startsWith(words)) ||
      one.keys.some(function (key) { return key && key.includes(words); });
  }

  function open(self, words) {
    self.shown = self.items.filter(function (one) {
      const is = within(self, one.option) && fits(one, words);
      one.node.hidden = !is;
      one.node.setAttribute("aria-selected", String(one.option.selected));
      return is;
    });
    self.drop.hidden = false;
    self.box.setAttribute("aria-expanded", "true");
    self.told.textContent = words ? "找到 " + self.shown.length + " 项" : "";
    const chosen = self.shown.findIndex(function (one) { return one.option.selected; });
    activate(self, words ? 0 : chosen);
  }

  function close(self) {
    self.drop.hidden = true;
    self.box.setAttribute("aria-expanded", "false");
    self.box.removeAttribute("aria-activedescendant");
    self.active = -1;
    self.told.textContent = "";
  }

  function activate(self, at) {
    self.items.forEach(function (one) { one.node.classList.remove("is-active"); });
    self.active = self.shown.length ? Math.max(-1, Math.min(at, self.shown.length - 1)) : -1;
    if (self.active < 0) { self.box.removeAttribute("aria-activedescendant"); return; }
    const node = self.shown[self.active].node;
    node.classList.add("is-active");
    node.scrollIntoView({ block: "nearest" });
    self.box.setAttribute("aria-activedescendant", node.id);
  }

  function write(self) {
    const option = self.list.selectedOptions[0];
    self.box.value = option && option.value ? option.text : "";
    self.box.placeholder = self.list.options[0] && !self.list.options[0].value ? self.list.options[0].text : "";
  }

  function choose(self, option) {
    option.selected = true;
    write(self);
    self.list.dispatchEvent(new Event("change", { bubbles: true }));
    const above = choosers.get(self.list.dataset.within || "");
    if (above && option.value && !option.value.startsWith(above.list.value || "-")) {
      const parent = Array.from(above.list.options).find(function (one) { return one.value && option.value.startsWith(one.value); });
      if (parent) { parent.selected = true; write(above); }
    }
    choosers.forEach(function (below) {
      if (choosers.get(below.list.dataset.within || "") !== self || within(below, below.list.selectedOptions[0])) return;
      below.list.options[0].selected = true;
      write(below);
    });
  }

  // What was typed and not chosen: the one that fits entirely, nothing, or what stood before.
  function settle(self) {
    const words = self.box.value.trim().toLowerCase();
    if (!words && self.list.options[0] && !self.list.options[0].value) choose(self, self.list.options[0]);
    const exact = self.items.filter(function (one) { return within(self, one.option) && one.text === words; });
    if (words && exact.length === 1 && !exact[0].option.selected) choose(self, exact[0].option);
    write(self);
    close(self);
  }

  function listen(self) {
    const box = self.box;
    box.addEventListener("click", function () { if (self.drop.hidden) open(self, ""); });
    box.addEventListener("focus", function () { box.select(); });
    box.addEventListener("blur", function () { settle(self); });
    box.addEventListener("compositionstart", function () { self.composing = true; });
    box.addEventListener("compositionend", function () { self.composing = false; open(self, box.value.trim().toLowerCase()); });
    box.addEventListener("input", function () { if (!self.composing) open(self, box.value.trim().toLowerCase()); });
    box.addEventListener("keydown", function (event) { key(self, event); });
  }

  function key(self, event) {
    if (self.composing || event.isComposing || event.keyCode === 229) {
      if (event.key === "Enter") event.preventDefault();
      return;
    }
    const isOpen = !self.drop.hidden;
    const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: 8, PageUp: -8 };
    if (event.key in steps) {
      event.preventDefault();
      if (isOpen) activate(self, Math.max(0, self.active + steps[event.key]));
      else open(self, "");
    } else if (event.key === "Enter" && isOpen) {
      event.preventDefault();
      if (self.active >= 0) choose(self, self.shown[self.active].option);
      close(self);
    } else if (event.key === "Escape" && isOpen) {
      event.preventDefault();
      event.stopPropagation();
      write(self);
      close(self);
    }
  }

  document.querySelectorAll("select[data-filter]").forEach(make);
})();
