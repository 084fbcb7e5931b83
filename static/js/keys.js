// Keys of every page: single keys for the hand on the keyboard, Ctrl+K for all there is to do.
// A page adds keys of its own to office.keys; they obey the same rules and the same switch.
(function () {
  "use strict";
  const body = document.body;
  const help = document.getElementById("keys");
  const office = window.office = { keys: {}, row: current, step: step };
  if (!help) return;

  // -- the row one stands on ------------------------------------------------------------------
  function table() { return document.querySelector("[data-keys-list]") || document.querySelector("main .table-frame table"); }

  function rows() {
    const found = table();
    return found ? Array.from(found.tBodies[0].rows).filter(function (row) { return row.querySelector("a"); }) : [];
  }

  function current() { return document.querySelector("tr.is-here"); }

  function mark(row) {
    const last = current();
    if (last) last.classList.remove("is-here");
    row.classList.add("is-here");
  }

  function step(by) {
    const all = rows();
    if (!all.length) return null;
    const at = all.indexOf(current());
    const row = all[Math.min(Math.max(at + by, 0), all.length - 1)];
    row.querySelector("a").focus({ preventScroll: true });
    mark(row);
    row.scrollIntoView({ block: "center" });
    return row;
  }

  document.addEventListener("focusin", function (event) {
    const row = event.target.closest("tbody tr");
    if (row && rows().includes(row)) mark(row);
  });

  // -- single keys ----------------------------------------------------------------------------
  function toSearch() {
    const box = document.querySelector("form[data-search] input[type=search]") || document.querySelector("main input[type=search]");
    const students = document.querySelector(".side-menu a[href$='/students/']");
    if (box) { box.focus(); box.select(); } else if (students) students.click();
  }

  function pick() {
    const tick = current() && current().querySelector("input[type=checkbox]");
    if (tick) tick.click();
  }

  function open() {
    const link = current() && current().querySelector("a");
    if (link) link.click();
  }

  function edit() {
    const row = current();
    const link = document.querySelector("main .page-head a[href$='/edit/'], main .page-actions a[href$='/edit/']");
    if (row && row.dataset.edit) window.location.assign(row.dataset.edit);
    else if (link) link.click();
  }

  function toUndo() {
    const button = document.querySelector("[data-toast] button");
    if (button) button.focus();
  }

  const DEEDS = {
    "/": toSearch,
    "j": function () { step(1); },
    "k": function () { step(-1); },
    "x": pick,
    "e": edit,
    "u": toUndo,
    "Enter": open,
    "?": function () { help.showModal(); },
  };

  function composes(event) { return event.isComposing || event.keyCode === 229; }

  // A dialog just closed still holds the focus until the next frame: only an open one takes keys.
  function takesKeys(target) { return target.isContentEditable || target.closest("input, textarea, select, dialog[open]"); }

  // Enter and Space on a button, Enter on a link are the browser's own.
  function isOwn(event) {
    if (event.key === "Enter") return event.target.closest("a, button, summary");
    return event.key === " " && event.target.closest("button, summary");
  }

  function single(event) {
    if (body.dataset.singleKeys === "off" || event.altKey || takesKeys(event.target) || isOwn(event)) return null;
    return office.keys[event.key] || DEEDS[event.key];
  }

  // -- Ctrl -----------------------------------------------------------------------------------
  function formOf(target) {
    const own = target.closest("form");
    if (own && own.method === "post") return own;
    const forms = Array.from(document.querySelectorAll("main form.plain-form")).filter(function (form) { return form.method === "post"; });
    return forms.length === 1 ? forms[0] : null;
  }

  function send(form, button) {
    if (button.disabled) return;
    if (form.requestSubmit) form.requestSubmit(button); else button.click();
  }

  // The main button of a form; null where nothing is to be sent.
  function sender(event) {
    const form = formOf(event.target);
    const button = form && form.querySelector("button.btn-primary:not([type=button])");
    return button ? function () { send(form, button); } : null;
  }

  function withCtrl(event) {
    if (event.shiftKey || event.altKey) return null;
    const key = event.key.toLowerCase();
    if (key === "k") return openCommands;
    if (event.target.closest("#commands")) return null;
    return key === "s" || key === "enter" ? sender(event) : null;
  }

  document.addEventListener("keydown", function (event) {
    if (composes(event) || event.defaultPrevented) return;
    const deed = event.ctrlKey || event.metaKey ? withCtrl(event) : single(event);
    if (!deed) return;
    event.preventDefault();
    deed();
  });

  // -- the list of keys, and their switch -----------------------------------------------------
  const choice = help.querySelector("[data-keys-switch]");
  choice.addEventListener("change", function () {
    body.dataset.singleKeys = choice.checked ? "on" : "off";
    window.fetch(choice.form.action, { method: "POST", body: new FormData(choice.form), keepalive: true });
  });
  document.addEventListener("click", function (event) {
    if (event.target.closest("[data-keys-open]")) help.showModal();
    if (event.target.closest("[data-commands-open]")) openCommands();
  });

  // -- the command menu -----------------------------------------------------------------------
  const commands = document.getElementById("commands");
  const words = commands.querySelector("input");
  const offered = commands.querySelector("[role=listbox]");
  const nothing = commands.querySelector("[data-nothing]");
  const SOURCES = [["本页", "main .page-actions a, main .page-actions button, main .list-tools a.btn, main .list-tools button, main .list-tools summary, main .tabs a"],
    ["转到", ".side-menu a, .topbar a.topbar-button"], ["本人", ".account-panel a, .account-panel button, .topbar button.needs-js"]];
  let found = [];
  let at = 0;

  function isThere(element) {
    // The account panel and the menu of a phone are folded, and still offered; a folded form is not.
    if (element.disabled || element.closest("[hidden], [data-commands-open]")) return false;
    return element.tagName === "SUMMARY" || !element.closest("main details:not([open])");
  }

  function collect() {
    const seen = [];
    SOURCES.forEach(function (source) {
      document.querySelectorAll(source[1]).forEach(function (element) {
        const text = element.textContent.replace(/\s+/g, " ").trim();
        if (text && isThere(element)) seen.push({ group: source[0], text: text, element: element });
      });
    });
    return seen;
  }

  function option(entry, number) {
    const line = document.createElement("li");
    const group = document.createElement("span");
    line.id = "command-" + number;
    line.setAttribute("role", "option");
    line.textContent = entry.text;
    group.className = "muted";
    group.textContent = entry.group;
    line.append(group);
    line.addEventListener("click", function () { choose(entry); });
    return line;
  }

  function show() {
    const asked = words.value.trim().toLowerCase();
    found = collect().filter(function (entry) { return entry.text.toLowerCase().includes(asked); });
    offered.replaceChildren.apply(offered, found.map(option));
    nothing.hidden = found.length > 0;
    stand(0);
  }

  function stand(number) {
    at = found.length ? (number + found.length) % found.length : 0;
    Array.from(offered.children).forEach(function (line, index) { line.setAttribute("aria-selected", String(index === at)); });
    if (!found.length) { words.removeAttribute("aria-activedescendant"); return; }
    words.setAttribute("aria-activedescendant", "command-" + at);
    offered.children[at].scrollIntoView({ block: "nearest" });
  }

  function choose(entry) {
    commands.close();
    entry.element.click();
  }

  function openCommands() {
    if (commands.open) return;
    if (help.open) help.close();
    words.value = "";
    show();
    commands.showModal();
    words.focus();
  }

  words.addEventListener("input", show);
  words.addEventListener("keydown", function (event) {
    if (composes(event)) return;
    const deed = { ArrowDown: function () { stand(at + 1); }, ArrowUp: function () { stand(at - 1); },
      Enter: function () { if (found[at]) choose(found[at]); } }[event.key];
    if (!deed) return;
    event.preventDefault();
    deed();
  });
})();
