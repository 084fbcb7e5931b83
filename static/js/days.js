// A calendar beside every box for a day: the browser's own, optional; the box takes typing as before.
(function () {
  "use strict";

  function dress(box) {
    const frame = document.createElement("div");
    const picker = document.createElement("input");
    const button = document.createElement("button");
    frame.className = "day";
    box.before(frame);
    picker.type = "date";
    picker.className = "day-picker";
    picker.tabIndex = -1;
    picker.setAttribute("aria-hidden", "true");
    picker.min = box.dataset.min || "";
    picker.max = box.dataset.max || "";
    button.type = "button";
    button.className = "btn";
    button.textContent = "日历";
    button.setAttribute("aria-label", "用日历选择" + labelOf(box));
    frame.append(box, picker, button);
    button.addEventListener("click", function () {
      if (/^\d{4}-\d{2}-\d{2}$/.test(box.value)) picker.value = box.value;
      if (picker.showPicker) picker.showPicker();
      else picker.focus();
    });
    picker.addEventListener("change", function () {
      box.value = picker.value;
      box.dispatchEvent(new Event("input", { bubbles: true }));
      box.focus();
    });
  }

  function labelOf(box) {
    const label = document.querySelector('label[for="' + box.id + '"]');
    return label ? label.firstChild.textContent.trim() : "日期";
  }

  document.querySelectorAll("input[data-day]").forEach(dress);
})();
