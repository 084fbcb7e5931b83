// What the page knows just now, and where it stands.
(function (phone) {
  "use strict";

  const app = {
    store: null, sender: null, draft: null, child: null,
    take: { taken_at: null, children: [], choices: {}, limits: {} }, items: [], damaged: [], facts: {},
    search: "", warned: "", persisted: false, room: 0, tight: false, finishing: false, fetching: false, newer: false, checked: false,
    route: "list",
    fits: function () {}, // set by the step on show: marks what is missing in it

    // A child's or a visit's own identifier stands in the address, never a name.
    go: function (address) {
      if (location.hash.slice(1) === address) { phone.page.show(); } else { location.hash = address; }
    },

    goStep: function (number) {
      const last = phone.fields.STEPS.length - 1;
      app.draft.item.step = Math.min(number, last);
      app.draft.save();
      app.say("");
      app.go("visit/" + app.draft.item.id + "/" + (number > last ? "check" : number));
    },

    stateOf: function (item) {
      return item.state === "waiting" && app.sender.flying.has(item.id) ? "sending" : item.state;
    },

    say: function (words) { document.getElementById("said").textContent = words; },

    warn: function (words) {
      app.warned = words;
      phone.bar.drawStrip();
    },

    reload: async function () {
      const read = await phone.outbox.all(app.store);
      app.items = read.items;
      app.damaged = read.damaged;
      app.facts = (await app.store.get("facts").catch(function () { return null; })) || {};
      app.take = await phone.take.kept(app.store);
      app.room = await phone.photos.room();
      phone.bar.draw();
    },

    // News comes faster than it is drawn: what came meanwhile is drawn once, at the end.
    refresh: async function () {
      app.stale = true;
      if (app.drawing) { return; }
      app.drawing = true;
      while (app.stale) {
        app.stale = false;
        await app.reload();
        phone.page.showNews();
      }
      app.drawing = false;
    },
  };

  phone.app = app;
})(self.phone = self.phone || {});
