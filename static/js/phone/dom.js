// Making elements in one expression. Text is always text; nothing is ever parsed as HTML.
(function (phone) {
  "use strict";

  function make(tag, attributes, ...children) {
    const node = document.createElement(tag);
    Object.entries(attributes || {}).forEach(function ([name, value]) {
      if (typeof value === "function") {
        node.addEventListener(name, value);
      } else if (value === true) {
        node.setAttribute(name, "");
      } else if (value !== false && value !== null && value !== undefined) {
        node.setAttribute(name, value);
      }
    });
    node.append(...children.flat().filter(function (child) { return child !== null && child !== undefined && child !== false && child !== ""; }));
    return node;
  }

  function button(words, act, more) {
    return make("button", { type: "button", class: "phone-button", click: act, ...more }, words);
  }

  function primary(words, act, more) {
    return button(words, act, { class: "phone-button phone-primary", ...more });
  }

  function link(words, href, more) {
    return make("a", { href: href, class: "phone-button", ...more }, words);
  }

  const TONES = { draft: "", waiting: "state-warn", sending: "state-busy", delivered: "state-good", attention: "state-bad" };

  function stateMark(state) {
    return make("span", { class: "state " + TONES[state] }, phone.outbox.STATES[state]);
  }

  function fact(name, value) {
    return value ? make("div", {}, make("dt", {}, name), make("dd", {}, value)) : null;
  }

  // A file of the phone's own making, offered for saving.
  function save(name, blob) {
    const address = URL.createObjectURL(blob);
    make("a", { href: address, download: name }).click();
    setTimeout(function () { URL.revokeObjectURL(address); }, 60000);
  }

  phone.dom = { make: make, button: button, primary: primary, link: link, stateMark: stateMark, fact: fact, save: save };
})(self.phone = self.phone || {});
