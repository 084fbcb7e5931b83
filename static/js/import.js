// The preview of a roster: cells written in place, sent one act after another, taken back, and the
// rows renewed when they were judged again. Without it every row opens on a page of its own.
(function () {
  "use strict";
  const POLL = 600;
  const RETRY = 3000;
  const grid = window.grid;
  const boxes = new Map();  // by the key of the cell: what is written and not kept
  const sent = [];  // acts on their way, each a list of edits
  const done = [];
  const undone = [];
  let line = Promise.resolve();
  let strokes = 0;
  let polling = false;
  let moving = false;

  function preview() { return document.getElementById("preview"); }
  function secret() { return document.querySelector("input[name=csrfmiddlewaretoken]").value; }

  function say(text) {
    const notice = document.createElement("div");
    notice.className = "notice notice-warning";
    notice.textContent = text;
    document.getElementById("notices").replaceChildren(notice);
  }

  // -- a box in a cell ------------------------------------------------------------------------
  function shownIn(cell) { return cell.querySelector(".cell-text"); }

  function make(cell, seen) {
    const box = { key: grid.keyOf(cell), element: document.createElement("div"), input: document.createElement("input"), note: document.createElement("span") };
    box.was = "masked" in cell.dataset ? "" : shownIn(cell).textContent;
    box.seen = seen || cell.dataset.seen;
    box.element.className = "cell-editor";
    box.input.className = "form-control";
    box.input.maxLength = 200;
    box.input.autocomplete = "off";
    box.input.setAttribute("aria-label", grid.headOf(cell) + "，第 " + cell.parentElement.dataset.row.split("-")[1] + " 行");
    if ("masked" in cell.dataset) box.input.placeholder = shownIn(cell).textContent;
    const list = { school: "school-names", sex: "sexes" }[cell.dataset.field];
    if (list) box.input.setAttribute("list", list);
    box.note.className = "cell-note";
    box.element.append(box.input, box.note);
    box.input.value = box.was;
    put(box, cell);
    boxes.set(box.key, box);
    return box;
  }

  function put(box, cell) {
    shownIn(cell).hidden = true;
    cell.prepend(box.element);
  }

  // `quick`: a letter opened it, and an arrow ends it, as in Excel; after F2 an arrow moves within.
  function open(cell, text, quick) {
    const box = boxes.get(grid.keyOf(cell)) || make(cell);
    box.quick = Boolean(quick) && !box.input.hasAttribute("list");
    if (text !== undefined) box.input.value = text;
    box.input.focus();
    box.input.setSelectionRange(box.input.value.length, box.input.value.length);
  }

  function shut(box) {
    const cell = grid.cellOf(box.key);
    boxes.delete(box.key);
    box.element.remove();
    if (cell) shownIn(cell).hidden = false;
    return cell;
  }

  function commit(box) {
    const text = box.input.value;
    const cell = shut(box);
    if (cell && text !== box.was) write([{ cell: cell, text: text, seen: box.seen }]);
    return cell;
  }

  function state(cell, words) {
    cell.querySelectorAll(".state, .cell-lost").forEach(function (old) { old.remove(); });
    cell.classList.toggle("is-waiting", Boolean(words));
    if (!words) return;
    const made = document.createElement("span");
    made.className = "state state-busy";
    made.textContent = words;
    cell.append(" ", made);
  }

  // -- acts -----------------------------------------------------------------------------------
  // The cells show at once what was written; the server is asked in the order of the acts.
  function write(edits) {
    if (!edits.length) return;
    const act = edits.map(function (edit) {
      const box = boxes.get(grid.keyOf(edit.cell));
      if (box) shut(box);
      return { key: grid.keyOf(edit.cell), text: edit.text, seen: edit.seen || (box || edit.cell.dataset).seen, stood: shownIn(edit.cell).textContent };
    });
    act.forEach(show);
    sent.push(act);
    const at = strokes;
    follow(async function () {
      const answer = await tell(act);
      sent.splice(sent.indexOf(act), 1);
      settle(act, answer, at);
    });
  }

  function follow(deed) { line = line.then(deed).catch(function () { say("页面出了差错，请刷新本页，看看哪些改动已经保存。"); }); }

  function show(edit) {
    const cell = grid.cellOf(edit.key);
    if (!cell) return;
    shownIn(cell).textContent = edit.text;
    state(cell, "保存中");
  }

  async function post(address, body) {
    const headers = { "Accept": "application/json", "Content-Type": "application/json", "X-CSRFToken": secret() };
    const answer = await fetch(address, { method: "POST", headers: headers, body: body });
    try { return await answer.json(); } catch (other) { return {}; }
  }

  async function tell(act) {
    for (;;) {
      const cells = act.map(function (edit) {
        const place = edit.key.split("/");
        return { row: place[0], column: Number(place[1]), text: edit.text, seen: edit.seen };
      });
      try { return await post(preview().dataset.cells, JSON.stringify(cells)); } catch (lost) { act.forEach(tellLost); }
      await new Promise(function (again) { window.setTimeout(again, RETRY); });
    }
  }

  function tellLost(edit, number) {
    const cell = grid.cellOf(edit.key);
    if (!cell) return;
    state(cell, "未保存");
    if (number) return;
    const note = document.createElement("span");
    note.className = "cell-note cell-lost";
    note.setAttribute("role", "alert");
    note.textContent = "未保存：连不上服务器。内容还在，正在自动重试。";
    cell.append(note);
  }

  function keyed(told) { return new Map((told.cells || []).map(function (cell) { return [cell.row + "/" + cell.column, cell]; })); }

  function settle(act, told, at) {
    const found = keyed(told);
    const refused = act.filter(function (edit) {
      const now = found.get(edit.key) || { message: told.message || "没有保存，请刷新本页后再改。" };
      if (now.status === 200) keep(edit.key, now, edit.seen, Boolean(told.undo));
      else refuse(edit, now, act.length === 1 && at === strokes);
      return now.status !== 200;
    });
    if (told.undo || refused.length) done.push({ undo: told.undo, redo: told.redo, boxes: refused.map(function (edit) { return edit.key; }) });
    if (told.undo) undone.length = 0;
    if (refused.length && act.length > 1) say("改了 " + act.length + " 格：保存 " + (act.length - refused.length) + " 格，" + refused.length + " 格没有保存，原因写在格子里。");
    if (told.undo) poll();
  }

  function keep(key, now, before, isNew) {
    const cell = grid.cellOf(key);
    const own = function (other) { if (other.key === key && other.seen === before) other.seen = now.seen; };
    sent.flat().forEach(own);
    boxes.forEach(own);
    if (!cell) return;
    cell.dataset.seen = now.seen;
    cell.toggleAttribute("data-masked", Boolean(now.masked));
    if (sent.flat().some(function (edit) { return edit.key === key; })) return;
    shownIn(cell).textContent = now.shown;
    state(cell, isNew ? "待核对" : "");
    if (isNew) cell.querySelectorAll(":scope > .cell-note").forEach(function (old) { old.remove(); });
  }

  // What cannot stand stays in a box in its cell, with the reason beside it.
  function refuse(edit, now, holds) {
    const cell = grid.cellOf(edit.key);
    if (!cell) { if (edit.text) say("第 " + edit.key.split(/[-/]/)[1] + " 行您填的“" + edit.text + "”没有保存：" + now.message); return; }
    state(cell, "");
    shownIn(cell).textContent = edit.stood;
    const box = boxes.get(edit.key) || make(cell, edit.seen);
    if (box.input !== document.activeElement) box.input.value = edit.text;
    box.refused = edit.text;
    box.note.setAttribute("role", "alert");
    box.note.textContent = now.message;
    box.input.setAttribute("aria-invalid", "true");
    if (now.status === 409) choose(box, edit, now);
    if (holds) box.input.focus();
  }

  // Two people, one cell: what stood there, what each of them wants, and a button for each.
  function choose(box, edit, now) {
    const mine = box.input.value;
    const choice = document.createElement("span");
    choice.className = "cell-choice";
    [["原来", edit.stood], ["对方改为", now.shown], ["您改为", mine]].forEach(function (column) {
      const part = document.createElement("span");
      const head = document.createElement("b");
      head.textContent = column[0];
      part.append(head, column[1] || "空");
      choice.append(part);
    });
    choice.append(
      button("用我填的“" + mine + "”", function () { box.seen = now.seen; grid.goTo(commit(box)); }),
      button("保留“" + (now.shown || "空") + "”", function () { grid.goTo(shut(box)); keep(box.key, now, edit.seen, true); poll(); })
    );
    if (box.choice) box.choice.remove();
    box.element.append(choice);
    box.choice = choice;
  }

  function button(words, deed) {
    const made = document.createElement("button");
    made.type = "button";
    made.className = "btn btn-sm";
    made.textContent = words;
    made.addEventListener("click", deed);
    return made;
  }

  // -- taken back and done once more ----------------------------------------------------------
  function undo() {
    follow(async function () {
      const act = done.pop();
      if (!act) { say("没有可以撤销的改动。更早的改正可以在“已改正”里撤销。"); return; }
      act.boxes.forEach(function (key) { if (boxes.has(key)) shut(boxes.get(key)); });
      if (act.undo) await turn(act.undo, act, done, function () { undone.push(act); }, "已撤销");
    });
  }

  function redo() {
    follow(async function () {
      const act = undone.pop();
      if (!act) { say("没有可以重做的改动。"); return; }
      await turn(act.redo, act, undone, function (told) { done.push({ undo: told.undo, redo: told.redo, boxes: [] }); }, "已重做");
    });
  }

  async function turn(address, act, back, forth, words) {
    let told;
    try { told = await post(address, ""); } catch (lost) { told = { message: "连不上服务器，没有改动。请稍后再按一次。" }; }
    const kept = (told.cells || []).filter(function (cell) { return cell.status === 200; });
    if (!told.cells) { back.push(act); say(told.message || "没有改动，请刷新本页后再试。"); return; }
    kept.forEach(function (cell) { const key = cell.row + "/" + cell.column; keep(key, cell, (grid.cellOf(key) || { dataset: {} }).dataset.seen, true); });
    const others = told.cells.length - kept.length;
    say(words + "。" + (others ? "有 " + others + " 格别人已经改过，或者不再退回，没有动。" : ""));
    forth(told);
    poll();
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
      await new Promise(function (over) { window.setTimeout(over, POLL); });
      try { polling = !(await isOver()); } catch (lost) { /* the next one may come through */ }
    }
    follow(async function () {
      try { await renew(); } catch (lost) { say("已重新核对，但没有取到结果。请刷新本页。"); }
    });
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
    moving = true;
    try { swap(page, fresh); } finally { moving = false; }
  }

  function swap(page, fresh) {
    const kept = remembered();
    preview().replaceWith(fresh);
    document.querySelector(".page-head").replaceWith(page.querySelector(".page-head"));
    grid.all(".recheck").forEach(function (card) { card.remove(); });
    grid.dress();
    sent.flat().forEach(show);
    recall(kept);
  }

  // What a person has under his hands must outlive the renewal.
  function remembered() {
    const here = document.activeElement;
    const forms = grid.all(".same input[name=text]").filter(function (box) { return box.value; });
    return {
      here: here.matches("td[data-column]") ? grid.keyOf(here) : "",
      input: here.matches(".cell-editor input") ? here : null,
      forms: forms.map(function (box) { return [box.form.elements.value.value, box.value]; }),
    };
  }

  function recall(kept) {
    grid.all(".same input[name=text]").forEach(function (box) {
      const own = kept.forms.find(function (pair) { return pair[0] === box.form.elements.value.value; });
      if (own) box.value = own[1];
    });
    Array.from(boxes.values()).forEach(function (box) {
      const cell = grid.cellOf(box.key);
      if (cell) { put(box, cell); return; }
      boxes.delete(box.key);
      if (box.input.value) say("您正在改的那一行已经通过核对，不在退回行里了。您填的“" + box.input.value + "”没有保存。");
    });
    if (kept.input && kept.input.isConnected) kept.input.focus();
    else if (kept.here && grid.cellOf(kept.here)) grid.stand(grid.cellOf(kept.here));
    else if (kept.here || kept.input) grid.goTo(document.querySelector("td.is-wrong[data-column]"));
  }

  // -- keys in a box --------------------------------------------------------------------------
  function boxOf(target) { return Array.from(boxes.values()).find(function (box) { return box.input === target; }); }

  function onKey(event, box) {
    const arrow = box.quick && event.key.startsWith("Arrow");
    if (event.key === "F2") {
      box.quick = false;
    } else if (event.key === "Escape") {
      grid.goTo(shut(box));
    } else if (event.key === "Enter" || event.key === "Tab" || arrow) {
      const cell = commit(box);
      if (cell) { if (arrow) grid.step(cell, event.key); else grid.after(cell, event); }
    } else {
      return;
    }
    event.preventDefault();
  }

  document.addEventListener("keydown", function (event) {
    strokes += 1;
    const box = boxOf(event.target);
    if (box && !event.isComposing && event.keyCode !== 229 && !event.ctrlKey && !event.metaKey) onKey(event, box);
  }, true);
  // Another cell, another part of the page: what was typed is saved, not lost.
  document.addEventListener("focusout", function (event) {
    const box = moving ? null : boxOf(event.target);
    if (!box || box.element.contains(event.relatedTarget) || !document.hasFocus() || box.choice) return;
    if (box.input.value !== box.refused) commit(box);
  });
  window.addEventListener("beforeunload", function (event) {
    const open = Array.from(boxes.values()).some(function (box) { return box.input.value !== box.was; });
    if (open || sent.length) event.preventDefault();
  });

  if (preview()) {
    grid.hands = { open: open, write: write, undo: undo, redo: redo, say: say };
    grid.dress();
    if (window.location.hash === "#first") grid.goTo(document.querySelector("td.is-wrong[data-column]"), "center");
    if (document.querySelector("[data-recheck]")) poll();
  }
})();
