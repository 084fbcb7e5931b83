// Which draft is open in this window, and what its keeping says.
(function (phone) {
  "use strict";

  const { make, primary } = phone.dom;
  const app = phone.app;

  function apart(title, words) {
    return { title: title, back: "", main: [make("p", { class: "phone-empty" }, words)], acts: [primary("回到名单", function () { app.go(""); })] };
  }

  const FULL = "手机存储空间已满，刚才写的还没有存下，请不要关闭本页。请清理手机空间，腾出后会自动重存；也可以先抄在纸上。";

  function saved(at) {
    if (app.warned === FULL) { app.warn(""); }
    const note = document.getElementById("saved");
    if (note) { note.textContent = "本机保存于 " + phone.clock.words(at); }
  }

  function full() {
    app.warn(FULL);
  }

  function gone() {
    app.warn("这份家访已在另一个窗口里完成，此处的改动没有保存。");
  }

  // Opens the draft for writing here; answers a view that says why when it cannot.
  async function hold(id) {
    if (app.draft && app.draft.item.id === id) { return null; }
    const item = await app.store.get(id).catch(function () { return null; });
    if (!item || item.state !== "draft") { return apart("这份家访已经写完", "它在待上传记录里，或已送达。"); }
    const draft = new phone.draft.Draft(app.store, item, { saved: saved, full: full, gone: gone });
    if (!(await draft.hold())) { return apart("另一个窗口正在填写", "同一份家访只能在一个窗口里填写，请回到那个窗口。"); }
    app.draft = draft;
    app.child = phone.take.child(app.take, item.student) || null;
    app.checked = false;
    return null;
  }

  async function leave() {
    const draft = app.draft;
    app.draft = null;
    await draft.leave();
    phone.album.forgetPictures();
    await app.reload();
  }

  async function view(id, part) {
    const refusal = await hold(id);
    if (refusal) { return refusal; }
    if (part === "check") { return phone.views.check(app); }
    const number = Number(part);
    return phone.views.step(app, phone.fields.STEPS[number] ? number : 0);
  }

  phone.writing = { view: view, leave: leave };
})(self.phone = self.phone || {});
