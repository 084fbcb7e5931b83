// Before the first paint: the colours this person chose, else those of the system.
(function () {
  "use strict";
  var chosen = null;
  try { chosen = localStorage.getItem("theme"); } catch (blocked) { chosen = null; }
  var dark = window.matchMedia("(prefers-color-scheme: dark)").matches;
  var root = document.documentElement;
  root.dataset.bsTheme = chosen || (dark ? "dark" : "light");
  root.classList.add("has-js");
})();
