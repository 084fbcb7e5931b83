// The badge that says what waits, and the strip that says what stands in the way.
(function (phone) {
  "use strict";

  const { make, button, link } = phone.dom;
  const app = phone.app;
  const LITTLE_ROOM = 20 * 1024 * 1024;

  function signInAddress() {
    return document.body.dataset.signIn + "?next=" + encodeURIComponent(location.pathname);
  }

  function badgeWords() {
    const count = phone.outbox.counts(app.items), wrong = count.attention + app.damaged.length;
    return [
      count.waiting ? "待上传 " + count.waiting : "",
      count.photos ? "照片 " + count.sent + "/" + count.photos : "",
      wrong ? "需处理 " + wrong : "",
    ].filter(Boolean).join(" · ");
  }

  function drawBadge() {
    const badge = document.getElementById("badge"), words = badgeWords();
    if (navigator.setAppBadge) { navigator.setAppBadge(phone.outbox.counts(app.items).waiting).catch(function () {}); } // on the installed icon
    document.getElementById("badge-words").textContent = words || "已全部上传";
    badge.classList.toggle("phone-badge-busy", Boolean(words));
  }

  // One line on why nothing moves; signing in is the only one that asks for a tap.
  function obstacle() {
    if (!navigator.onLine) { return ["warning", "没有网络。可以照常填写，联网后自动上传。"]; }
    if (!app.sender || !app.sender.trouble) { return null; }
    if (app.sender.trouble === "sign-in") { return ["warning", "登录已过期。可以照常填写，登录后自动上传。", link("去登录", signInAddress())]; }
    if (app.sender.trouble === "not-allowed") { return ["warning", "您的账号现在不能登记家访，请联系学校。记录仍在本机，可以导出。"]; }
    if (app.sender.trouble === "full") { return ["error", "手机存储空间已满，清理后自动再传。"]; }
    return ["warning", "网络不通，稍后自动再试。可以照常填写。"];
  }

  function strips() {
    const clock = phone.clock.warning();
    return [
      obstacle(),
      clock ? ["warning", clock] : null,
      app.store && (app.tight || app.room < LITTLE_ROOM) ? ["error", "手机存储空间快满了，文字还能存，照片可能存不下。请清理手机空间或尽快上传。"] : null,
      app.warned ? ["error", app.warned, button("知道了", function () { app.warn(""); })] : null,
      app.newer ? ["info", "本页有新版本，待上传的记录不受影响。", button("更新", function () { location.reload(); })] : null,
    ].filter(Boolean);
  }

  // Said once and not at every drawing, or a screen reader would never be silent.
  function drawStrip() {
    const strip = document.getElementById("strip"), now = strips();
    const told = now.map(function (one) { return one[1]; }).join("\n");
    if (strip.dataset.told === told) { return; }
    strip.dataset.told = told;
    strip.replaceChildren(...now.map(function ([tone, words, act]) {
      return make("div", { class: "notice notice-" + tone }, make("span", {}, words), act);
    }));
  }

  function draw() {
    drawBadge();
    drawStrip();
  }

  phone.bar = { draw: draw, drawStrip: drawStrip, signInAddress: signInAddress };
})(self.phone = self.phone || {});
