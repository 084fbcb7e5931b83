// What a chosen code asks to be shown. Without this script the whole list can be opened.
(function () {
  "use strict";

  const list = document.querySelector("[data-evidence]");
  const chooser = document.querySelector("select[name=result], select[name=placement], select[name=lapse_reason]");
  if (!list || !chooser) { return; }
  chooser.closest(".field").append(list);

  function show() {
    const rows = Array.from(list.querySelectorAll("[data-code]"));
    const fitting = rows.filter(function (row) { return row.dataset.code === chooser.value; });
    rows.forEach(function (row) { row.hidden = fitting.length > 0 && !fitting.includes(row); });
    list.hidden = chooser.value !== "" && fitting.length === 0;
    list.open = fitting.length > 0;
  }

  chooser.addEventListener("change", show);
  show();
})();
