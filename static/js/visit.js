// The visit page on a phone. Without this script the page works as well: the server has filled the
// key of the visit, and every field stands open.
(function () {
  "use strict";

  // A key made here is new for every page shown, even one that came out of a proxy's cache.
  // A form that came back keeps its key: the visit may have been saved before the answer was lost.
  function nameVisit(form) {
    if ("fresh" in form.dataset && window.crypto && crypto.randomUUID) {
      form.elements.client_uuid.value = crypto.randomUUID();
    }
  }

  function showWhatFits(form) {
    const outcome = form.elements.outcome.value;
    form.querySelectorAll("[data-when-outcome]").forEach(function (part) {
      const fits = part.dataset.whenOutcome === outcome;
      const filled = Array.from(part.querySelectorAll("input[name]")).some(function (input) { return input.value; });
      part.hidden = !fits && !filled;
    });
  }

  document.querySelectorAll("form[data-visit]").forEach(function (form) {
    nameVisit(form);
    showWhatFits(form);
    form.addEventListener("change", function () { showWhatFits(form); });
  });
})();
