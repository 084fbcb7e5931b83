// The list of children: how many are picked, and the peek beside the list.
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

  // -- peek: Space opens, up and down change the child, Escape closes -------------------------
  const peek = document.getElementById("peek");
  const office = window.office;
  let asked = 0;
  if (!peek || !office || !office.step) return;

  function token() { return document.querySelector("input[name=csrfmiddlewaretoken]").value; }

  function load(row) {
    const mine = ++asked;
    window.fetch(row.dataset.peek, { method: "POST", headers: { "X-CSRFToken": token() } })
      .then(function (answer) { return answer.ok ? answer.text() : Promise.reject(); })
      .then(function (html) { if (mine === asked) show(html); })
      .catch(function () { if (mine === asked) peek.textContent = "没有读到这名学生，请按 Esc 关闭后刷新本页再试。"; });
  }

  function show(html) {
    // From our own server, with every value escaped there.
    peek.replaceChildren.apply(peek, Array.from(new DOMParser().parseFromString(html, "text/html").body.childNodes));
    peek.scrollTop = 0;
  }

  function toggle() {
    const row = office.row();
    if (!peek.hidden) { close(); return; }
    if (!row || !row.dataset.peek) return;
    peek.textContent = "正在读取";
    peek.hidden = false;
    peek.focus();
    load(row);
  }

  function turn(by) {
    const row = office.step(by);
    peek.focus();
    if (row) load(row);
  }

  function close() {
    const row = office.row();
    asked += 1;
    peek.hidden = true;
    if (row) row.querySelector("a").focus();
  }

  office.keys[" "] = toggle;
  document.addEventListener("keydown", function (event) {
    if (peek.hidden || event.isComposing || event.target.closest("input, textarea, select, dialog")) return;
    const deed = { ArrowDown: function () { turn(1); }, ArrowUp: function () { turn(-1); }, Escape: close }[event.key];
    if (!deed) return;
    event.preventDefault();
    deed();
  });
})();
