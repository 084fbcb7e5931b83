// What a person does on this page, each deed one function.
(function (phone) {
  "use strict";

  const app = phone.app;

  async function begin(item) {
    await app.store.put("item", item);
    await app.reload();
    app.say("");
    app.go("visit/" + item.id + "/0");
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
      await begin(phone.draft.fresh(child, content, visit));
    },

    finish: async function () {
      const draft = app.draft;
      if (!draft) { return; } // the second of two taps
      app.draft = null;
      await draft.leave();
      await phone.outbox.finish(app.store, draft.item);
      phone.album.forgetPictures();
      app.say("家访已存入待上传，" + (navigator.onLine ? "正在上传。" : "联网后自动上传。"));
      await app.reload();
      app.go("");
      app.sender.send();
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
      app.say("正在重试上传");
      app.sender.send();
    },

    offerAgain: async function () {
      await app.sender.note({ offered_at: null });
      app.say("正在与服务器核对");
      app.sender.send();
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
