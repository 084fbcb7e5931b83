// The search box sends nothing while an input method composes, nor by the Enter that ends it.
(function () {
  "use strict";
  let composing = false;
  let endedAt = -Infinity;

  function isBusy(event) {
    // Some browsers end the composition before the Enter that ended it arrives.
    return composing || event.isComposing || event.keyCode === 229 || event.timeStamp - endedAt < 80;
  }

  document.querySelectorAll("form[data-search]").forEach(function (form) {
    const box = form.querySelector("input[type=search]");
    box.addEventListener("compositionstart", function () { composing = true; });
    box.addEventListener("compositionend", function (event) { composing = false; endedAt = event.timeStamp; });
    box.addEventListener("keydown", function (event) {
      if (!isBusy(event)) return;
      // Nor does Escape, which ends a composition, clear the box or close anything around it.
      if (event.key === "Enter" || event.key === "Escape") event.preventDefault();
      if (event.key === "Escape") event.stopPropagation();
    });
    form.addEventListener("submit", function (event) {
      if (!composing) return;
      event.preventDefault();
      event.stopPropagation();
    }, true);
  });
})();
