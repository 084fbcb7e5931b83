// What a person does on this page, each deed one function.
(function (phone) {
  "use strict";

  const app = phone.app;

  async function begin(item) {
    try {
      await app.store.put("item", item);
    } catch (failure) {
      if (!(failure instanceof phone.store.Full)) { throw failure; }
      app.warn("手机存储空间已满，不能开始新的家访。请清理手机空间，或先联网把待上传的记录传完。");
      return;
    }
    await app.reload();
    app.say("");
    app.go("visit/" + item.id + "/0");
  }

  // What the row was told; "" when it could not be kept, which the draft has said.
  async function enqueue(draft) {
    const item = draft.item, changed = phone.draft.changes(item);
    if (!(await draft.save())) { return ""; }
    try {
      if (item.gone.length) { await phone.outbox.takePhotosBack(app.store, item); }
      await (changed ? phone.outbox.finish(app.store, item) : app.store.remove(item.id));
    } catch (failure) {
      if (!(failure instanceof phone.store.Full)) { throw failure; }
      draft.told.full();
      return "";
    }
    if (!changed && !item.gone.length) { return "没有改动，不用上传。"; }
    return "家访已存入待上传，" + (navigator.onLine ? "正在上传。" : "联网后自动上传。");
  }

  async function finished(words) {
    await phone.writing.leave();
    app.go("");
    app.say(words);
    app.sender.send();
  }

  phone.deeds = {
    startVisit: async function (child) {
      const content = { visited_on: phone.clock.today(), visitors: app.facts.name || "" };
      if ((child.kinds || []).length === 1) { content.visit_kind = child.kinds[0][0]; }
      await begin(phone.draft.fresh(child, content));
    },

    startEdit: async function (child, visit) {
      const names = Object.keys(phone.fields.FIELDS);
      const content = Object.fromEntries(names.map(function (name) { return [name, visit[name] || ""]; }));
      const kept = app.items.filter(function (item) { return item.visit === visit.visit && item.kind !== "delete_photo"; });
      const photos = kept.flatMap(function (item) { return item.photos; }).filter(function (photo) { return photo.state === "done"; });
      await begin(phone.draft.fresh(child, content, { ...visit, photos: photos }));
    },

    finish: async function () {
      const draft = app.draft;
      if (!draft || app.finishing) { return; } // the second of two taps
      app.finishing = true;
      try {
        const words = await enqueue(draft);
        if (words) { await finished(words); }
      } finally {
        app.finishing = false;
      }
    },

    takeBack: async function (item) {
      const draft = await phone.outbox.withdraw(app.store, item.id);
      await app.reload();
      if (draft) { app.go("visit/" + draft.id + "/0"); } else { app.say("这一条已经开始上传，送达后可以再修改。"); }
    },

    mend: async function (item) {
      const faults = item.answer.fields || {};
      const made = await phone.outbox.mend(app.store, { ...item, faults: faults, refused: item.answer.words });
      const first = Math.max(0, phone.fields.stepOf(Object.keys(faults)[0]));
      await app.reload();
      app.go("visit/" + made.id + "/" + first);
    },

    seen: async function (item) {
      await phone.outbox.seen(app.store, item.id);
      await app.refresh();
    },

    forget: async function (item) {
      await phone.outbox.forget(app.store, item);
      await app.refresh();
    },

    forgetDamaged: async function (id) {
      await app.store.remove(id);
      await app.refresh();
    },

    retry: function () {
      app.say(navigator.onLine ? "正在重试上传" : "没有网络，联网后自动上传");
      app.sender.sendNow();
    },

    offerAgain: async function () {
      await app.sender.note({ offered_at: null });
      app.say(navigator.onLine ? "正在与服务器核对" : "没有网络，联网后自动核对");
      app.sender.sendNow();
    },

    fetchTake: async function () {
      if (app.fetching) { return; }
      app.fetching = true;
      phone.page.showNews();
      try {
        app.take = await phone.take.fetchNew(app.store);
        app.say("名单已更新，" + app.take.children.length + " 人");
      } catch (failure) {
        if (!(failure instanceof phone.store.Full)) { app.sender.stopped(failure); } else { app.warn("手机存储空间不足，新名单没有存下，仍用原来的名单。"); }
      } finally {
        app.fetching = false;
        phone.bar.draw();
        phone.page.showNews();
      }
    },

    // The page that comes next tells the server, at once or when there is network again.
    signOut: function () {
      phone.session.leave();
      location.replace(location.pathname);
    },
  };
})(self.phone = self.phone || {});
