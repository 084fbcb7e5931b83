// The list of children: how many are picked, the chooser's search, and single keys.
(function () {
  "use strict";

  // -- picking ------------------------------------------------------------------------------
  const bulk = document.querySelector("form[data-bulk]");

  function ticks() { return Array.from(document.querySelectorAll("input[form=bulk][name=student]")); }

  function tell() {
    const all = bulk.elements.all.checked;
    const picked = ticks().filter(function (tick) { return tick.checked; }).length;
    ticks().forEach(function (tick) { tick.disabled = all; });
    bulk.querySelector("[data-picked]").textContent = all ? "已选符合条件的全部" : "已选 " + picked + " 名";
  }

  if (bulk) {
    document.addEventListener("change", function (event) {
      if (event.target.form === bulk) tell();
    });
    window.addEventListener("pageshow", tell);
  }

  // -- the chooser's search --------------------------------------------------------------------
  document.querySelectorAll("input[data-filter]").forEach(function (box) {
    box.addEventListener("input", function () {
      document.querySelectorAll(box.dataset.filter + " > li").forEach(function (item) {
        item.hidden = !item.dataset.words.includes(box.value.trim());
      });
    });
    // Enter in this box looks for a column; it does not save.
    box.addEventListener("keydown", function (event) { if (event.key === "Enter") event.preventDefault(); });
  });

  // -- single keys ---------------------------------------------------------------------------
  const OFF = "single-keys-off";
  const help = document.getElementById("keys");
  const table = document.querySelector("[data-keys-list]");
  let here = -1;

  function isOff() {
    try { return localStorage.getItem(OFF) === "1"; } catch (blocked) { return false; }
  }

  function rows() { return table ? Array.from(table.tBodies[0].rows) : []; }

  function goTo(at) {
    const all = rows();
    if (!all.length) return;
    here = Math.min(Math.max(at, 0), all.length - 1);
    all.forEach(function (row, number) { row.classList.toggle("is-here", number === here); });
    all[here].querySelector("a").focus({ preventScroll: true });
    all[here].scrollIntoView({ block: "center" });
  }

  function pick() {
    const row = rows()[here];
    const tick = row && row.querySelector("input[name=student]");
    if (tick) tick.click();
  }

  function open() {
    const row = rows()[here];
    if (row) row.querySelector("a").click();
  }

  const DEEDS = {
    "/": function () { document.getElementById("words").focus(); },
    "j": function () { goTo(here + 1); },
    "k": function () { goTo(here - 1); },
    "x": pick,
    "Enter": open,
    "?": function () { help.showModal(); },
  };

  function takesKeys(target) {
    return target.isContentEditable || target.closest("input, textarea, select, dialog");
  }

  // Enter on a link or a button is the browser's own.
  function isOwn(event) {
    return event.key === "Enter" && event.target.closest("a, button, summary");
  }

  function mayAct(event) {
    if (event.isComposing || event.keyCode === 229 || event.ctrlKey || event.metaKey || event.altKey) return false;
    return event.key in DEEDS && !takesKeys(event.target) && !isOwn(event);
  }

  if (help) {
    const choice = help.querySelector("[data-keys-switch]");
    const opener = document.createElement("button");
    opener.type = "button";
    opener.className = "account-link";
    opener.textContent = "键盘操作";
    opener.addEventListener("click", function () { help.showModal(); });
    const panel = document.querySelector(".account-panel");
    if (panel) panel.append(opener);
    choice.checked = !isOff();
    choice.addEventListener("change", function () {
      try { localStorage.setItem(OFF, choice.checked ? "0" : "1"); } catch (blocked) { /* this page only */ }
    });
    document.addEventListener("keydown", function (event) {
      if (isOff() || !mayAct(event)) return;
      event.preventDefault();
      DEEDS[event.key]();
    });
  }
})();
