// The frame of every page. Nothing here is needed to read or to save.
(function () {
  "use strict";
  const root = document.documentElement;

  function dressSwitch(button) {
    const dark = root.dataset.bsTheme === "dark";
    button.setAttribute("aria-pressed", String(dark));
    button.textContent = dark ? "浅色" : "深色";
  }

  function switchTheme(button) {
    root.dataset.bsTheme = root.dataset.bsTheme === "dark" ? "light" : "dark";
    try { localStorage.setItem("theme", root.dataset.bsTheme); } catch (blocked) { /* this page only */ }
    dressSwitch(button);
  }

  function toggleMenu(button) {
    const open = root.classList.toggle("menu-open");
    button.setAttribute("aria-expanded", String(open));
  }

  function notice(text) {
    const line = document.createElement("div");
    line.className = "notice notice-error";
    line.textContent = text;
    document.getElementById("notices").replaceChildren(line);
    line.scrollIntoView({ block: "nearest" });
  }

  // The browser's own file button speaks the browser's language.
  function dressFile(input) {
    const pick = document.createElement("div");
    const button = document.createElement("label");
    const name = document.createElement("span");
    pick.className = "file-pick";
    button.className = "btn";
    button.htmlFor = input.id;
    button.textContent = "选择文件";
    name.dataset.fileName = "";
    pick.append(button, name);
    input.after(pick);
    nameFiles(input);
  }

  function nameFiles(input) {
    const names = Array.from(input.files, function (file) { return file.name; });
    input.nextElementSibling.querySelector("[data-file-name]").textContent = names.join("、") || "还没有选择";
  }

  // An undo stands for ten seconds; who reaches it by keyboard or pointer has all the time there is.
  function lastAWhile(toast) {
    let left = 10000;
    let since = Date.now();
    let timer = window.setTimeout(goes, left);
    function goes() { toast.remove(); }
    function hold() {
      if (!timer) return;
      window.clearTimeout(timer);
      timer = 0;
      left = Math.max(0, left - (Date.now() - since));
    }
    function goOn() {
      if (timer || toast.contains(document.activeElement) || toast.matches(":hover")) return;
      since = Date.now();
      timer = window.setTimeout(goes, left);
    }
    toast.addEventListener("focusin", hold);
    toast.addEventListener("mouseenter", hold);
    toast.addEventListener("focusout", function () { window.setTimeout(goOn, 0); });
    toast.addEventListener("mouseleave", goOn);
    // Put in again, it is read out: what stood in a page from the start is not.
    const place = toast.parentElement;
    toast.remove();
    window.setTimeout(function () { place.append(toast); }, 100);
  }

  function ready() {
    document.querySelectorAll("[data-toast]").forEach(lastAWhile);
    document.querySelectorAll("input[type=file]").forEach(dressFile);
    document.querySelectorAll("[data-theme-switch]").forEach(dressSwitch);
    const summary = document.querySelector("[data-take-focus]");
    if (summary) summary.focus();
  }

  document.addEventListener("click", function (event) {
    const theme = event.target.closest("[data-theme-switch]");
    const menu = event.target.closest("[data-menu]");
    const printing = event.target.closest("[data-print]");
    if (theme) switchTheme(theme);
    if (menu) toggleMenu(menu);
    if (printing) window.print();
    document.querySelectorAll("details[data-close-outside][open]").forEach(function (panel) {
      if (!panel.contains(event.target)) panel.open = false;
    });
  });

  document.addEventListener("keydown", function (event) {
    if (event.key !== "Escape") return;
    document.querySelectorAll("details[data-close-outside][open]").forEach(function (panel) {
      panel.open = false;
      panel.querySelector("summary").focus();
    });
  });

  // A second click sends nothing; the server keeps the same promise by keys.
  document.addEventListener("submit", function (event) {
    const form = event.target;
    if (form.method !== "post" || form.hasAttribute("hx-post")) return;
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "1";
  });
  window.addEventListener("pageshow", function () {
    document.querySelectorAll("form[data-sent]").forEach(function (form) { delete form.dataset.sent; });
  });

  document.addEventListener("change", function (event) {
    if (event.target.matches("input[type=file]")) nameFiles(event.target);
  });

  document.addEventListener("htmx:responseError", function (event) {
    const words = { 403: "您的岗位没有这项权限，或页面已过期，请刷新本页。", 404: "该记录已不在您的负责范围内，请刷新本页。",
      503: "系统正在恢复，请等半分钟再试；已提交成功的内容不会丢失。" };
    notice(words[event.detail.xhr.status] || "这一步没有完成，未写入任何内容，请稍后再试。");
  });
  document.addEventListener("htmx:sendError", function () {
    notice("网络连接不上，这一步没有送出。请检查网络后再试。");
  });

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", ready);
  else ready();
})();
