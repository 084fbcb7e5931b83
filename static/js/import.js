// The preview of a roster: cells corrected in place, and the rows renewed when they were judged
// again. Without it every row opens on a page of its own.
(function () {
  "use strict";
  const POLL = 600;
  const RETRY = 3000;
  let editor = null;  // { cell, input, note, choice, seen, was, saving }
  let polling = false;

  function preview() { return document.getElementById("preview"); }
  function secret() { return document.querySelector("input[name=csrfmiddlewaretoken]").value; }
  function all(selector) { return Array.from(document.querySelectorAll(selector)); }
  function keyOf(cell) { return cell.parentElement.dataset.row + "/" + cell.dataset.column; }
  function cellOf(key) { return all("td[data-column]").find(function (cell) { return keyOf(cell) === key; }); }

  function notice(text) {
    const line = document.createElement("div");
    line.className = "notice notice-warning";
    line.textContent = text;
    document.getElementById("notices").replaceChildren(line);
  }

  // -- moving -------------------------------------------------------------------------------
  function dress() {
    all("table[data-cells][data-open]").forEach(function (table) {
      table.setAttribute("role", "grid");
      table.querySelectorAll("td[data-column]").forEach(function (cell) {
        cell.tabIndex = cell.classList.contains("is-wrong") ? 0 : -1;
      });
    });
  }

  function goTo(cell, block) {
    if (!cell) return;
    cell.focus({ preventScroll: true });
    cell.scrollIntoView({ block: block || "nearest", inline: "nearest" });
  }

  function wrongBeside(cell, step) {
    const wrong = all("td.is-wrong[data-column]");
    const here = wrong.indexOf(cell);
    if (here >= 0) return wrong[here + step];
    const behind = function (other) { return cell.compareDocumentPosition(other) & Node.DOCUMENT_POSITION_FOLLOWING; };
    const later = wrong.findIndex(behind);
    return step > 0 ? wrong[later] : wrong[later < 0 ? wrong.length - 1 : later - 1];
  }

  function beside(cell, key) {
    const across = { ArrowLeft: "previousElementSibling", ArrowRight: "nextElementSibling" }[key];
    if (across) {
      const next = cell[across];
      return next && next.dataset.column ? next : null;
    }
    const rows = all("tr[data-row]");
    const row = rows[rows.indexOf(cell.parentElement) + (key === "ArrowDown" ? 1 : -1)];
    return row && row.querySelector('td[data-column="' + cell.dataset.column + '"]');
  }

  // -- the editor ---------------------------------------------------------------------------
  function textOf(cell) { return "masked" in cell.dataset ? "" : cell.querySelector(".cell-text").textContent; }

  function open(cell, text, seen) {
    if (editor) leave();
    const box = document.createElement("div");
    const input = document.createElement("input");
    const note = document.createElement("span");
    box.className = "cell-editor";
    input.className = "form-control";
    input.maxLength = 200;
    input.autocomplete = "off";
    input.setAttribute("aria-label", headOf(cell) + "，第 " + cell.parentElement.dataset.row.split("-")[1] + " 行");
    if ("masked" in cell.dataset) input.placeholder = cell.querySelector(".cell-text").textContent;
    const list = { school: "school-names", sex: "sexes" }[cell.dataset.field];
    if (list) input.setAttribute("list", list);
    note.className = "cell-note";
    note.setAttribute("role", "alert");
    box.append(input, note);
    cell.querySelector(".cell-text").hidden = true;
    cell.prepend(box);
    editor = { cell: cell, box: box, input: input, note: note, seen: seen || cell.dataset.seen, was: textOf(cell), saving: false };
    input.value = text === undefined ? editor.was : text;
    input.focus();
    if (text === undefined) input.select();
  }

  function headOf(cell) { return cell.closest("table").tHead.rows[0].cells[cell.cellIndex].textContent; }

  function leave() {
    const cell = editor.cell;
    const box = editor.box;
    editor = null;
    box.remove();
    cell.querySelector(".cell-text").hidden = false;
    return cell;
  }

  function keep(cell, shown, seen) {
    cell.querySelector(".cell-text").textContent = shown;
    cell.dataset.seen = seen;
    cell.querySelectorAll(".cell-note, .state").forEach(function (old) { old.remove(); });
    cell.classList.add("is-waiting");
    const state = document.createElement("span");
    state.className = "state state-busy";
    state.textContent = "待核对";
    cell.append(" ", state);
  }

  // Resolves to whether the cell is done with; what was typed stays in the box if it is not.
  async function save() {
    const now = editor;
    if (now.saving) return false;
    if (now.input.value === now.was) { leave(); return true; }
    now.saving = now.input.readOnly = true;
    let answer = null;
    let told = {};
    try {
      answer = await send(now);
      told = await answer.json();
    } catch (lost) {
      told = { message: "未保存：连不上服务器。内容还在，正在自动重试。" };
      window.setTimeout(function () { if (editor === now) save(); }, RETRY);
    }
    now.saving = now.input.readOnly = false;
    if (editor !== now) return true;
    if (!answer || !answer.ok) return refuse(now, answer, told);
    const cell = leave();
    if (told.seen) { keep(cell, told.shown, told.seen); poll(); }
    return true;
  }

  function send(now) {
    const column = now.cell.dataset.column;
    const body = new URLSearchParams();
    body.set("c" + column, now.input.value);
    body.set("seen" + column, now.seen);
    if ("masked" in now.cell.dataset) body.set("masked" + column, "1");
    const headers = { "Accept": "application/json", "X-CSRFToken": secret() };
    return fetch(now.cell.parentElement.dataset.address, { method: "POST", headers: headers, body: body });
  }

  function refuse(now, answer, told) {
    now.note.textContent = told.message || "没有保存，请刷新本页后再改。";
    now.input.setAttribute("aria-invalid", "true");
    if (now.choice) now.choice.remove();
    now.choice = null;
    if (answer && answer.status === 409) choose(now, told);
    now.input.focus();
    return false;
  }

  // Two people, one cell: what each of them wants, and a button for each.
  function choose(now, told) {
    const choice = document.createElement("span");
    choice.className = "cell-choice";
    choice.append(
      button("用我填的“" + now.input.value + "”", function () { now.seen = told.seen; save(); }),
      button("保留“" + (told.shown || "空") + "”", function () { keep(leave(), told.shown, told.seen); poll(); })
    );
    now.box.append(choice);
    now.choice = choice;
  }

  function button(words, deed) {
    const made = document.createElement("button");
    made.type = "button";
    made.className = "btn btn-sm";
    made.textContent = words;
    made.addEventListener("click", deed);
    return made;
  }

  // -- judged again ---------------------------------------------------------------------------
  function strip() {
    let found = document.querySelector(".recheck .card-body");
    if (!found) {
      const card = document.createElement("div");
      found = document.createElement("div");
      card.className = "card recheck";
      found.className = "card-body";
      card.append(found);
      preview().before(card);
    }
    return found;
  }

  async function poll() {
    if (polling) return;
    polling = true;
    while (polling) {
      await new Promise(function (done) { window.setTimeout(done, POLL); });
      try { polling = !(await isOver()); } catch (lost) { /* the next one may come through */ }
    }
    try { await renew(); } catch (lost) { notice("已重新核对，但没有取到结果。请刷新本页。"); }
  }

  async function isOver() {
    const answer = await fetch(preview().dataset.address, { headers: { "HX-Request": "true" } });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const progress = page.getElementById("progress");
    if (progress && progress.children.length) strip().replaceChildren(progress);
    return answer.headers.has("HX-Refresh");
  }

  async function renew() {
    const answer = await fetch(window.location.href);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.getElementById("preview");
    if (!answer.ok || !fresh) { window.location.reload(); return; }
    const kept = remembered();
    if (editor) editor = null;
    preview().replaceWith(fresh);
    document.querySelector(".page-head").replaceWith(page.querySelector(".page-head"));
    all(".recheck").forEach(function (card) { card.remove(); });
    dress();
    recall(kept);
  }

  // What a person has under his hands must outlive the renewal.
  function remembered() {
    const here = document.activeElement.closest ? document.activeElement.closest("td[data-column]") : null;
    const boxes = all(".same input[name=text]").filter(function (box) { return box.value; });
    return {
      focus: here && !editor ? keyOf(here) : "",
      open: editor && { key: keyOf(editor.cell), text: editor.input.value, seen: editor.seen },
      boxes: boxes.map(function (box) { return [box.form.elements.value.value, box.value]; }),
    };
  }

  function recall(kept) {
    all(".same input[name=text]").forEach(function (box) {
      const own = kept.boxes.find(function (pair) { return pair[0] === box.form.elements.value.value; });
      if (own) box.value = own[1];
    });
    if (kept.open) {
      const cell = cellOf(kept.open.key);
      if (cell) open(cell, kept.open.text, kept.open.seen);
      else if (kept.open.text) notice("您正在改的那一行已经通过核对，不在退回行里了。您填的“" + kept.open.text + "”没有保存。");
    } else if (kept.focus) {
      goTo(cellOf(kept.focus) || document.querySelector("td.is-wrong[data-column]"));
    }
  }

  // -- keys and clicks ------------------------------------------------------------------------
  function editable(target) {
    const cell = target.closest("table[data-open] td[data-column]");
    return cell && !target.closest("a, button, input") ? cell : null;
  }

  async function onEditorKey(event) {
    if (event.isComposing || event.keyCode === 229) return;
    const step = { Enter: 1, Tab: event.shiftKey ? -1 : 1 }[event.key];
    if (event.key === "Escape") {
      event.preventDefault();
      goTo(leave());
    } else if (step && event.target === editor.input) {
      event.preventDefault();
      const cell = editor.cell;
      const next = wrongBeside(cell, step);
      if (await save()) goTo(next || cell);
    }
  }

  function onCellKey(event, cell) {
    const plain = !event.ctrlKey && !event.metaKey && !event.altKey;
    if (event.key === "Enter" || event.key === "F2") {
      event.preventDefault();
      open(cell);
    } else if (event.key.startsWith("Arrow") && plain) {
      event.preventDefault();
      goTo(beside(cell, event.key));
    } else if (plain && event.key !== " " && (event.key.length === 1 || event.keyCode === 229)) {
      open(cell, "");  // the key itself, or what an input method makes of it, lands in the box
    }
  }

  document.addEventListener("keydown", function (event) {
    if (editor && editor.box.contains(event.target)) { onEditorKey(event); return; }
    const cell = editable(event.target);
    if (cell && !event.isComposing) onCellKey(event, cell);
  });
  document.addEventListener("click", function (event) {
    const cell = editable(event.target);
    if (cell && !(editor && editor.cell === cell)) open(cell);
  });
  document.addEventListener("paste", function (event) {
    const cell = editable(event.target);
    if (!cell) return;
    event.preventDefault();
    open(cell, event.clipboardData.getData("text/plain").split(/[\t\r\n]/)[0]);
  });
  // Another cell, another part of the page: what was typed is saved, not lost.
  document.addEventListener("focusout", function (event) {
    const now = editor;
    if (!now || event.target !== now.input || now.box.contains(event.relatedTarget)) return;
    if (!document.hasFocus() || now.choice) return;
    save();
  });
  window.addEventListener("beforeunload", function (event) {
    if (editor && editor.input.value !== editor.was) event.preventDefault();
  });

  if (preview()) {
    dress();
    if (window.location.hash === "#first") goTo(document.querySelector("td.is-wrong[data-column]"), "center");
    if (document.querySelector("[data-recheck]")) poll();
  }
})();
