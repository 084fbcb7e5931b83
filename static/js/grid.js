// A table worked like a sheet of Excel: one cell is active, Shift or the mouse take a block with
// it, and the usual keys move, copy, paste, fill and clear. What is written goes to grid.hands.
(function () {
  "use strict";
  const CELL = "table[data-open] td[data-column]";
  const QUOTED = /"((?:[^"]|"")*)"(?=[\t\n]|$)/y;
  const grid = window.grid = { hands: null, all: all, keyOf: keyOf, cellOf: cellOf, headOf: headOf, dress: dress, goTo: goTo, stand: stand, step: step, after: after };
  let pivot = "";  // where the block begins
  let extent = "";  // the corner opposite
  let began = null;  // the column a run of Tab began in: Enter goes back to it
  let leaving = false;  // Esc was pressed: the next Tab is the browser's
  let pulling = false;
  let again = false;

  function all(selector) { return Array.from(document.querySelectorAll(selector)); }
  function keyOf(cell) { return cell.parentElement.dataset.row + "/" + cell.dataset.column; }
  function cellOf(key) {
    const place = key.split("/");
    return document.querySelector('table[data-open] tr[data-row="' + place[0] + '"] > td[data-column="' + place[1] + '"]');
  }
  function headOf(cell) { return cell.closest("table").tHead.rows[0].cells[cell.cellIndex].textContent; }
  function textOf(cell) { return (cell.querySelector(".cell-text") || cell).textContent; }
  function active() { return document.activeElement.matches(CELL) ? document.activeElement : null; }

  function rowsOf(table) {
    return Array.from(table.tBodies[0].rows).filter(function (row) { return row.querySelector("td[data-column]"); });
  }

  function dress() {
    all("table[data-cells][data-open]").forEach(function (table) {
      table.setAttribute("role", "grid");
      table.setAttribute("aria-multiselectable", "true");
      table.querySelectorAll("td[data-column]").forEach(function (cell) { cell.tabIndex = -1; });
      table.querySelectorAll("td:not([data-column])").forEach(function (cell) { cell.classList.add("is-locked"); });
    });
    const first = cellOf(pivot) || document.querySelector("td.is-wrong[data-column]") || document.querySelector(CELL);
    if (first) first.tabIndex = 0;
    paint();
  }

  // -- the block ------------------------------------------------------------------------------
  // Rows and columns as they stand in the table; null where no cell is active.
  function block() {
    const here = active();
    const from = cellOf(pivot) || here;
    if (!from) return null;
    const table = from.closest("table");
    const to = cellOf(extent);
    const ends = [from, to && to.closest("table") === table ? to : from];
    const rows = rowsOf(table);
    const lines = ends.map(function (cell) { return rows.indexOf(cell.parentElement); });
    const columns = ends.map(function (cell) { return cell.cellIndex; });
    return { rows: rows, top: Math.min(...lines), bottom: Math.max(...lines), left: Math.min(...columns), right: Math.max(...columns) };
  }

  // The cells of a block line by line, locked ones too.
  function linesOf(found) {
    return found.rows.slice(found.top, found.bottom + 1).map(function (row) { return Array.from(row.cells).slice(found.left, found.right + 1); });
  }

  function isOpen(cell) { return Boolean(cell.dataset.column); }

  function picked() { const found = block(); return found ? linesOf(found).flat().filter(isOpen) : []; }

  function paint() {
    all(".is-picked").forEach(function (cell) { cell.classList.remove("is-picked"); cell.removeAttribute("aria-selected"); });
    const cells = pivot === extent ? [] : picked();
    cells.forEach(function (cell) { cell.classList.add("is-picked"); cell.setAttribute("aria-selected", "true"); });
  }

  function pick(from, to) {
    pivot = keyOf(from);
    extent = keyOf(to);
    paint();
  }

  // -- moving ---------------------------------------------------------------------------------
  function goTo(cell, place) {
    if (!cell) return;
    pick(cell, cell);
    stand(cell, place);
  }

  function stand(cell, place) {
    cell.focus({ preventScroll: true });
    cell.scrollIntoView({ block: place || "nearest", inline: "nearest" });
  }

  function extend(cell) {
    const from = cellOf(pivot);
    if (!cell || !from || cell.closest("table") !== from.closest("table")) return;
    extent = keyOf(cell);
    cell.scrollIntoView({ block: "nearest", inline: "nearest" });
    paint();
  }

  function beside(cell, key) {
    const side = { ArrowLeft: "previousElementSibling", ArrowRight: "nextElementSibling" }[key];
    if (side) {
      let next = cell[side];
      while (next && !isOpen(next)) next = next[side];
      return next;
    }
    const rows = all("table[data-open]").flatMap(rowsOf);
    const row = rows[rows.indexOf(cell.parentElement) + (key === "ArrowDown" ? 1 : -1)];
    return row && row.querySelector('td[data-column="' + cell.dataset.column + '"]');
  }

  function step(cell, key) { goTo(beside(cell, key) || cell); }

  // As Ctrl and an arrow go to the edge of the data, here to the next cell that wants a look.
  function wrongBeside(cell, step) {
    const wrong = all("td.is-wrong[data-column]");
    const here = wrong.indexOf(cell);
    if (here >= 0) return wrong[here + step];
    const later = wrong.findIndex(function (other) { return cell.compareDocumentPosition(other) & Node.DOCUMENT_POSITION_FOLLOWING; });
    return step > 0 ? wrong[later] : wrong[later < 0 ? wrong.length - 1 : later - 1];
  }

  function edge(cell, key, whole) {
    const rows = rowsOf(cell.closest("table"));
    const row = !whole ? cell.parentElement : key === "Home" ? rows[0] : rows[rows.length - 1];
    const cells = Array.from(row.cells).filter(isOpen);
    return key === "Home" ? cells[0] : cells[cells.length - 1];
  }

  function aim(cell, event) {
    const key = event.key;
    const ctrl = event.ctrlKey || event.metaKey;
    if (key === "Home" || key === "End") return edge(cell, key, ctrl);
    if (!ctrl) return beside(cell, key);
    if (key === "ArrowLeft" || key === "ArrowRight") return edge(cell, key === "ArrowLeft" ? "Home" : "End", false);
    return wrongBeside(cell, key === "ArrowDown" ? 1 : -1);
  }

  // Tab and Enter: through the block if there is one, else to the next cell and the one below.
  function next(cell, event) {
    const step = event.shiftKey ? -1 : 1;
    const within = pivot === extent ? [] : picked();
    if (within.includes(cell)) {
      if (event.key === "Enter") within.sort(function (one, other) { return one.cellIndex - other.cellIndex || one.parentElement.rowIndex - other.parentElement.rowIndex; });
      return within[(within.indexOf(cell) + step + within.length) % within.length];
    }
    if (event.key === "Tab") {
      const cells = all(CELL);
      return cells[cells.indexOf(cell) + step];
    }
    const below = beside(cell, step > 0 ? "ArrowDown" : "ArrowUp");
    return below && began && step > 0 ? below.parentElement.querySelector('td[data-column="' + began + '"]') || below : below;
  }

  // False at the end of the table, where Tab leaves it.
  function after(cell, event) {
    const found = next(cell, event);
    began = event.key === "Tab" ? began || cell.dataset.column : null;
    if (found && pivot !== extent && picked().includes(found)) stand(found);
    else goTo(found || cell);
    return Boolean(found);
  }

  // -- the clipboard --------------------------------------------------------------------------
  function copy(event) {
    const found = active() && block();
    if (!found) return false;
    const lines = linesOf(found).map(function (cells) { return cells.map(textOf); });
    const table = document.createElement("table");
    lines.forEach(function (texts) {
      const row = table.insertRow();
      texts.forEach(function (text) { row.insertCell().textContent = text; });
    });
    event.clipboardData.setData("text/plain", lines.map(function (texts) { return texts.map(quoted).join("\t"); }).join("\r\n"));
    event.clipboardData.setData("text/html", table.outerHTML);
    event.preventDefault();
    return true;
  }

  function quoted(text) { return /["\t\n]/.test(text) ? '"' + text.replaceAll('"', '""') + '"' : text; }

  // Excel and WPS put a text with a tab, a line break or a quotation mark into quotation marks.
  function parse(text) {
    const lines = [[]];
    let from = 0;
    while (from <= text.length) {
      QUOTED.lastIndex = from;
      const found = QUOTED.exec(text);
      const end = found ? QUOTED.lastIndex : from + text.slice(from).search(/[\t\n]|$/);
      lines[lines.length - 1].push(found ? found[1].replaceAll('""', '"') : text.slice(from, end));
      if (text[end] === "\n") lines.push([]);
      from = end + 1;
    }
    return lines;
  }

  function read(data) {
    const text = data.getData("text/plain").replace(/\r\n?/g, "\n").replace(/\n$/, "");
    if (text) return parse(text);
    const table = new DOMParser().parseFromString(data.getData("text/html"), "text/html").querySelector("table");
    return table && Array.from(table.rows).map(function (row) { return Array.from(row.cells).map(function (cell) { return cell.textContent; }); });
  }

  // A block repeats where the chosen cells are a multiple of it; else it spreads from their corner.
  function paste(lines) {
    const found = block();
    const wide = Math.max(...lines.map(function (texts) { return texts.length; }));
    const high = found.bottom - found.top + 1;
    const broad = found.right - found.left + 1;
    if (high % lines.length || broad % wide) {
      found.bottom = found.top + lines.length - 1;
      found.right = found.left + wide - 1;
    }
    const edits = [];
    let lost = (found.bottom - found.rows.length + 1 > 0 ? found.bottom - found.rows.length + 1 : 0) * wide;
    linesOf(found).forEach(function (cells, down) {
      for (let along = 0; along <= found.right - found.left; along += 1) {
        const text = lines[down % lines.length][along % wide];
        const cell = cells[along];
        if (text !== undefined && cell && isOpen(cell)) edits.push({ cell: cell, text: text });
        else if (text) lost += 1;
      }
    });
    if (edits.length) pick(edits[0].cell, edits[edits.length - 1].cell);
    if (lost) grid.hands.say("有 " + lost + " 格超出了表格，或者落在不参加核对的列，没有粘贴。");
    grid.hands.write(edits);
  }

  // -- filling and clearing -------------------------------------------------------------------
  function fillDown() {
    const found = block();
    if (found.top === found.bottom) found.top -= 1;
    if (found.top < 0) return;
    const lines = linesOf(found);
    const edits = lines.slice(1).flatMap(function (cells) {
      return cells.map(function (cell, along) { return { cell: cell, from: lines[0][along] }; }).filter(function (pair) { return isOpen(pair.cell); });
    });
    const open = edits.filter(function (pair) { return !("masked" in pair.from.dataset); });
    if (open.length < edits.length) grid.hands.say("遮盖的号码不能向下填充，请逐格填写。");
    grid.hands.write(open.map(function (pair) { return { cell: pair.cell, text: textOf(pair.from) }; }));
  }

  function clear() {
    const full = picked().filter(function (cell) { return textOf(cell) || cell.querySelector(".cell-editor"); });
    grid.hands.write(full.map(function (cell) { return { cell: cell, text: "" }; }));
  }

  function pickAll(cell) {
    pick(edge(cell, "Home", true), edge(cell, "End", true));
  }

  // -- keys -----------------------------------------------------------------------------------
  const WITH_CTRL = {
    a: pickAll,
    d: fillDown,
    y: function () { grid.hands.redo(); },
    z: function (cell, event) { if (event.shiftKey) grid.hands.redo(); else grid.hands.undo(); },
  };
  const ALONE = {
    F2: function (cell) { grid.hands.open(cell); },
    Delete: clear,
    Backspace: function (cell) { grid.hands.open(cell, ""); },
    Escape: function (cell) { leaving = pivot === extent; pick(cell, cell); },
  };

  function deedOf(event) {
    const ctrl = event.ctrlKey || event.metaKey;
    if (event.altKey) return null;
    if (/^(Arrow|Home$|End$)/.test(event.key)) return move;
    return ctrl ? WITH_CTRL[event.key.toLowerCase()] : ALONE[event.key];
  }

  function move(cell, event) {
    if (event.shiftKey) extend(aim(cellOf(extent) || cell, event));
    else goTo(aim(cell, event));
  }

  function types(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return false;
    return event.key.length === 1 || event.keyCode === 229;
  }

  function onKey(event, cell) {
    if (event.key === "Tab" || event.key === "Enter") {
      if (event.ctrlKey || event.metaKey || event.altKey || leaving && event.key === "Tab") return;
      if (after(cell, event) || event.key === "Enter") event.preventDefault();
      event.stopPropagation();
      return;
    }
    if (event.key !== "Shift") began = null;
    leaving = false;
    const deed = deedOf(event);
    if (deed) {
      event.preventDefault();
      event.stopPropagation();
      deed(cell, event);
    } else if (types(event)) {
      event.stopPropagation();
      grid.hands.open(cell, "", true);  // the key itself, or what an input method makes of it, lands in the box
    }
  }

  // Before the single keys of the page: in a cell every letter is written.
  document.addEventListener("keydown", function (event) {
    const cell = active();
    if (cell && event.target === cell && !event.isComposing) onKey(event, cell);
  }, true);
  document.addEventListener("copy", copy);
  document.addEventListener("cut", function (event) { if (copy(event)) clear(); });
  document.addEventListener("paste", function (event) {
    if (!active()) return;
    event.preventDefault();
    const lines = read(event.clipboardData);
    if (lines) paste(lines);
  });

  // -- the mouse ------------------------------------------------------------------------------
  function under(event) {
    const cell = event.target.closest && event.target.closest(CELL);
    return cell && !event.target.closest("a, button, input, .cell-editor") ? cell : null;
  }

  document.addEventListener("mousedown", function (event) {
    const cell = under(event);
    if (!cell || event.button !== 0) return;
    if (cell !== document.activeElement && cell.contains(document.activeElement)) { event.preventDefault(); return; }
    again = active() === cell;
    pulling = !event.shiftKey;
    began = null;
    if (event.shiftKey && cellOf(pivot)) { event.preventDefault(); extend(cell); } else pick(cell, cell);
  });
  document.addEventListener("mouseover", function (event) {
    const cell = pulling && event.buttons === 1 && under(event);
    if (cell) extend(cell);
  });
  document.addEventListener("mouseup", function () { pulling = false; });
  // A second click opens the cell; a finger has no keys and opens it at once.
  document.addEventListener("click", function (event) {
    const cell = under(event);
    if (cell && !event.shiftKey && pivot === extent && (again || event.pointerType === "touch")) grid.hands.open(cell);
  });
  document.addEventListener("focusin", function (event) {
    if (!event.target.matches(CELL)) return;
    leaving = false;
    all(CELL + '[tabindex="0"]').forEach(function (cell) { cell.tabIndex = -1; });
    event.target.tabIndex = 0;
    if (!cellOf(pivot) || !picked().includes(event.target)) pick(event.target, event.target);
  });
})();
