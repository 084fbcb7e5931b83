// The page itself: from its address to what is shown, and from its start to somebody's list.
(function (phone) {
  "use strict";

  const { make, link } = phone.dom;
  const app = phone.app;
  const STALE_LIST = 10 * 60 * 1000;
  const ASK_AGAIN = 5000;
  const LIVE = ["list", "child", "queue"]; // drawn anew when something arrives
  const $ = function (id) { return document.getElementById(id); };
  let shownAt = null;

  async function viewOf([route, id, part]) {
    app.route = route || "list";
    if (route === "queue") { return phone.views.queue(app); }
    if (route === "child") { return phone.views.child(app, id); }
    if (route === "visit") { return phone.writing.view(id, part); }
    app.route = "list";
    return phone.views.list(app);
  }

  async function show() {
    const address = location.hash.slice(1), parts = address.split("/");
    if (app.draft && !(parts[0] === "visit" && parts[1] === app.draft.item.id)) { await phone.writing.leave(); }
    const view = await viewOf(parts);
    const moved = shownAt !== address;
    shownAt = address;
    draw(view);
    if (moved) { arrive(); }
  }

  function draw(view) {
    document.title = view.title + " - 家访";
    $("title").textContent = view.title;
    $("back").hidden = view.back === undefined;
    $("back").href = "#" + (view.back || "");
    $("main").replaceChildren(...view.main.flat(2).filter(Boolean));
    $("acts").replaceChildren(...view.acts.filter(Boolean));
    if (view.after) { view.after(); }
  }

  // As a new page would: from the top, and read out from its heading.
  function arrive() {
    window.scrollTo(0, 0);
    ($("step") || $("title")).focus();
  }

  function showNews() {
    if (LIVE.includes(app.route) && app.store) { show(); }
  }

  async function open(person) {
    try {
      app.store = await phone.store.open(person, { onNewer: letGo, onTight: tight });
    } catch (failure) {
      draw(told("本机存储打不开", "浏览器没有让本页使用存储空间。请关闭无痕模式、清理手机空间后重新打开；也可以在个案页面里登记家访。", cases()));
      return;
    }
    const windows = new BroadcastChannel("phone-" + person); // of the same person on this phone
    windows.onmessage = app.refresh;
    const changed = function () {
      windows.postMessage("");
      app.refresh();
    };
    app.sender = new phone.Sender(app.store, { changed: changed, arrived: phone.deeds.fetchTake, other: other, heard: heard });
    await app.reload();
    phone.clock.remember(app.facts.ahead);
    phone.bar.draw();
    addEventListener("hashchange", show);
    await show();
    document.body.dataset.ready = "";
    await phone.outbox.sweep(app.store);
    await phone.ballast.lay().catch(tight);
    await app.sender.send();
    if (!app.sender.trouble && !app.fetching && isStale()) { await phone.deeds.fetchTake(); }
  }

  function isStale() {
    return !app.take.taken_at || Math.abs(phone.clock.now() - Date.parse(app.take.taken_at)) > STALE_LIST;
  }

  function tight() {
    app.tight = true;
    phone.bar.drawStrip();
  }

  // A newer page changes the layout of what is kept: all typed is kept, so start anew with it.
  async function letGo() {
    if (app.draft) { await app.draft.save(); }
    app.store.close();
    location.reload();
  }

  async function heard(me) {
    await phone.session.learn(me.person);
    phone.bar.drawStrip();
  }

  // Somebody else has signed in: what is shown goes away, what is kept stays with its owner.
  async function other(me) {
    await phone.session.learn(me.person);
    location.replace(location.pathname);
  }

  // Nobody known here, or a new sign-in not yet named: nothing of anybody is shown.
  async function ask() {
    try {
      const me = await phone.server.me();
      if (phone.session.hasLeft()) {
        await phone.server.signOut(document.body.dataset.signOut);
        throw new phone.server.SignInNeeded();
      }
      await phone.session.learn(me.person);
      await open(me.person);
    } catch (failure) {
      draw(stranger(failure));
      if (failure instanceof phone.server.Unreachable) { setTimeout(ask, ASK_AGAIN); }
    }
  }

  function stranger(failure) {
    if (failure instanceof phone.server.SignInNeeded) {
      return told("请登录", "登录后显示您的待访名单和待上传记录。", link("去登录", phone.bar.signInAddress(), { class: "phone-button phone-primary" }));
    }
    if (failure instanceof phone.server.NotAllowed) {
      return told("不能登记家访", "您的岗位没有登记家访的权限。需要登记的，请联系县教育局系统管理员。");
    }
    if (failure instanceof phone.server.Unreachable) {
      return told("正在核对身份", "还不知道是谁在用这部手机，要联网核对一次。联网后自动继续。");
    }
    throw failure;
  }

  function told(title, words, act) {
    return { title: title, main: [make("p", { class: "phone-empty" }, words)], acts: [act] };
  }

  function cases() {
    return link("打开个案", document.body.dataset.cases, { class: "phone-button phone-primary" });
  }

  function lacks() {
    const needed = [window.indexedDB, window.crypto && crypto.subtle, navigator.locks, navigator.serviceWorker, window.createImageBitmap];
    return !needed.every(Boolean);
  }

  function watchNetwork() {
    ["online", "offline"].forEach(function (name) {
      addEventListener(name, function () {
        phone.bar.drawStrip();
        showNews();
        if (navigator.onLine && app.sender) { app.sender.sendNow(); }
      });
    });
    document.addEventListener("visibilitychange", function () {
      if (document.hidden && app.draft) { app.draft.save(); }
      if (!document.hidden && app.sender) { app.sender.send(); }
    });
  }

  // A worker that takes over from an older one brings a newer page with it.
  async function install() {
    let hadOne = Boolean(navigator.serviceWorker.controller);
    navigator.serviceWorker.addEventListener("controllerchange", function () {
      app.newer = hadOne;
      hadOne = true;
      phone.bar.drawStrip();
    });
    await navigator.serviceWorker.register("worker.js", { scope: "./" }).catch(function () {}); // signed out, or no network: the next visit registers
    app.persisted = Boolean(navigator.storage.persist) && (await navigator.storage.persist());
    phone.page.showNews();
  }

  async function start() {
    if (lacks()) {
      draw(told("不能离线使用", "这个浏览器或网址不支持离线家访。请用手机自带浏览器打开以 https 开头的网址；也可以在个案页面里登记家访。",
        cases()));
      return;
    }
    watchNetwork();
    install();
    const person = await phone.session.person().catch(function () { return ""; });
    await (person ? open(person) : ask());
  }

  phone.page = { show: show, showNews: showNews };
  start();
})(self.phone = self.phone || {});
