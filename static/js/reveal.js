// A shown number covers itself again after its seconds, also when the page is left and come back to.
(function () {
  "use strict";

  function cover(shown) {
    const note = shown.parentElement.querySelector("[data-hide-note]");
    const again = shown.parentElement.querySelector(".reveal");
    shown.textContent = shown.dataset.mask;
    shown.removeAttribute("data-hide-after");
    if (note) note.remove();
    if (again) again.hidden = false;
  }

  function arm(root) {
    root.querySelectorAll("[data-hide-after]").forEach(function (shown) {
      window.setTimeout(cover, Number(shown.dataset.hideAfter) * 1000, shown);
    });
  }

  document.addEventListener("htmx:load", function (event) { arm(event.detail.elt.parentElement || document); });
  window.addEventListener("pagehide", function () { document.querySelectorAll("[data-hide-after]").forEach(cover); });
})();
