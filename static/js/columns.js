// The columns of the list: how wide they are, and in the chooser which they are and in what order.
(function () {
  "use strict";

  function token() { return document.querySelector("input[name=csrfmiddlewaretoken]").value; }

  // -- widths: kept for the person and for windows of this size ------------------------------
  const table = document.querySelector("table[data-widths]");
  const LEAST = 32, MOST = 1200, STEP = 16;

  function device() {
    if (window.innerWidth < 832) return null;
    return window.innerWidth < 1100 ? "tablet" : window.innerWidth < 1600 ? "desk" : "wide";
  }

  function heads() { return Array.from(table.tHead.rows[0].cells); }

  function setWidth(head, pixels) {
    const width = Math.round(Math.min(Math.max(pixels, LEAST), MOST));
    head.style.width = width + "px";
    head.dataset.width = width;
    const handle = head.querySelector(".col-handle");
    if (handle) handle.setAttribute("aria-valuenow", String(width));
    fit();
    return width;
  }

  function fit() {
    const sum = heads().reduce(function (all, head) { return all + Number(head.dataset.width); }, 0);
    table.style.width = sum + "px";
  }

  // From here on every column has a width in pixels: pulling one moves no other.
  function freeze(own) {
    const natural = heads().map(function (head) { return head.getBoundingClientRect().width; });
    heads().forEach(function (head, number) { head.dataset.width = Math.round(own[head.dataset.column] || natural[number]); });
    heads().forEach(function (head) { head.style.width = head.dataset.width + "px"; });
    table.classList.add("is-sized");
    fit();
  }

  function keep(head, width) {
    const form = new FormData();
    form.set("device", device());
    form.set("column", head.dataset.column);
    if (width) form.set("width", width);
    window.fetch(table.dataset.widthsTo, { method: "POST", body: form, headers: { "X-CSRFToken": token() }, keepalive: true });
  }

  function pull(head, handle, event) {
    const from = event.clientX;
    if (!table.classList.contains("is-sized")) freeze({});
    const began = Number(head.dataset.width);
    function move(next) { setWidth(head, began + next.clientX - from); }
    function end() {
      handle.removeEventListener("pointermove", move);
      keep(head, head.dataset.width);
    }
    event.preventDefault();
    handle.setPointerCapture(event.pointerId);
    handle.addEventListener("pointermove", move);
    handle.addEventListener("pointerup", end, { once: true });
  }

  function byKey(head, handle, event) {
    const by = { ArrowLeft: -STEP, ArrowRight: STEP }[event.key];
    const to = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (by) {
      if (!table.classList.contains("is-sized")) freeze({});
      keep(head, setWidth(head, Number(head.dataset.width) + by));
    } else if (to) {
      const all = Array.from(table.querySelectorAll(".col-handle"));
      const next = all[all.indexOf(handle) + to];
      if (next) { handle.tabIndex = -1; next.tabIndex = 0; next.focus(); }
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }

  // One stop for Tab: left and right change the width, up and down go to another column.
  function dress(head, number) {
    const handle = document.createElement("span");
    handle.className = "col-handle";
    handle.tabIndex = number ? -1 : 0;
    handle.setAttribute("role", "separator");
    handle.setAttribute("aria-orientation", "vertical");
    handle.setAttribute("aria-label", "列宽");
    handle.setAttribute("aria-valuemin", String(LEAST));
    handle.setAttribute("aria-valuemax", String(MOST));
    handle.setAttribute("aria-valuenow", String(Math.round(head.getBoundingClientRect().width)));
    handle.title = "拖动或按左右键改列宽，上下键换列，双击恢复";
    handle.addEventListener("pointerdown", function (event) { pull(head, handle, event); });
    handle.addEventListener("keydown", function (event) { byKey(head, handle, event); });
    handle.addEventListener("dblclick", function () { keep(head, 0); window.setTimeout(function () { window.location.reload(); }, 150); });
    head.append(handle);
  }

  if (table && device()) {
    const own = JSON.parse(table.dataset.widths)[device()] || {};
    const named = heads().filter(function (head) { return head.dataset.column; });
    if (named.some(function (head) { return own[head.dataset.column]; })) freeze(own);
    named.forEach(dress);
  }

  // -- the chooser -----------------------------------------------------------------------------
  const chooser = document.getElementById("columns");
  if (!chooser) return;

  const box = document.querySelector("input[data-filter]");
  box.addEventListener("input", function () {
    Array.from(chooser.children).forEach(function (item) { item.hidden = !item.dataset.words.includes(box.value.trim()); });
  });
  // Enter in this box looks for a column; it does not save.
  box.addEventListener("keydown", function (event) { if (event.key === "Enter") event.preventDefault(); });

  const said = document.querySelector("[data-said]");

  function tidy(moved) {
    const all = Array.from(chooser.children);
    all.forEach(function (item, number) {
      item.classList.toggle("is-moved", item === moved);
      item.querySelector("button[name=up]").disabled = number === 0;
      item.querySelector("button[name=down]").disabled = number === all.length - 1;
    });
    said.textContent = moved.dataset.words + "排到第 " + (all.indexOf(moved) + 1) + " 列，保存后生效";
  }

  // With a script a step needs no new page, and the hand stays on the button.
  chooser.addEventListener("click", function (event) {
    const button = event.target.closest("button[name=up], button[name=down]");
    if (!button) return;
    event.preventDefault();
    const item = button.closest("li");
    if (button.name === "up") item.previousElementSibling.before(item); else item.nextElementSibling.after(item);
    tidy(item);
    (button.disabled ? item.querySelector("button:not([disabled])") : button).focus();
  });

  function under(y, moved) {
    return Array.from(chooser.children).find(function (item) {
      const frame = item.getBoundingClientRect();
      return item !== moved && !item.hidden && y >= frame.top && y <= frame.bottom;
    });
  }

  function drag(item, event) {
    function move(next) {
      const other = under(next.clientY, item);
      if (!other) return;
      const frame = other.getBoundingClientRect();
      if (next.clientY < frame.top + frame.height / 2) other.before(item); else other.after(item);
    }
    function end() {
      document.removeEventListener("pointermove", move);
      tidy(item);
    }
    event.preventDefault();
    item.classList.add("is-moved");
    // Not captured by the handle: a node that changes its place loses the pointer.
    document.addEventListener("pointermove", move);
    document.addEventListener("pointerup", end, { once: true });
  }

  Array.from(chooser.children).forEach(function (item) {
    const handle = item.querySelector(".chooser-handle");
    handle.addEventListener("pointerdown", function (event) { drag(item, event); });
  });
})();
