// Sends the outbox: one sender at a time across all windows of this person, patient on bad lines.
(function (phone) {
  "use strict";

  const BATCH = 10;
  const FIRST_PAUSE = 1500, LONGEST_PAUSE = 300000;
  const OFFER_EACH = 24 * 3600000;

  class Sender {
    // told: changed(), arrived(), other(me), heard(me)
    constructor(store, told) {
      this.store = store;
      this.told = told;
      this.trouble = ""; // "", "unreachable", "full", "sign-in", "not-allowed"
      this.failures = 0;
      this.flying = new Set(); // items under way just now
      this.timer = null;
      this.retryAt = 0;
      this.running = null;
      this.again = false;
    }

    // The network is back, or somebody asks: what failed before no longer counts.
    sendNow() {
      this.failures = 0;
      return this.send();
    }

    // Asked while it runs, it runs once more afterwards.
    send() {
      clearTimeout(this.timer);
      if (!navigator.onLine) { return Promise.resolve(); }
      if (this.running) {
        this.again = true;
        return this.running;
      }
      this.running = this.alone().finally(() => {
        this.running = null;
        this.flying.clear();
        this.told.changed();
        if (this.again) {
          this.again = false;
          this.send();
        }
      });
      return this.running;
    }

    alone() {
      const sender = this;
      return navigator.locks.request("send-" + this.store.person, { ifAvailable: true }, function (lock) {
        return lock ? sender.round() : sender.later(FIRST_PAUSE);
      });
    }

    async round() {
      try {
        const me = await phone.server.me();
        this.failures = Math.min(this.failures, 2); // there is a line, if a bad one
        if (me.person !== this.store.person) { return this.told.other(me); }
        await this.told.heard(me);
        await this.remember(me);
        const texts = await this.sendTexts();
        await this.sendPhotos();
        await this.end(me);
        this.fine();
        if (texts) { this.told.arrived(); }
      } catch (failure) {
        this.stopped(failure);
      }
    }

    fine() {
      this.trouble = "";
      this.failures = 0;
      this.retryAt = 0;
    }

    stopped(failure) {
      if (failure instanceof phone.server.SignInNeeded) { this.trouble = "sign-in"; return; }
      if (failure instanceof phone.server.NotAllowed) { this.trouble = "not-allowed"; return; }
      const full = failure instanceof phone.store.Full; // what the server answered could not be noted
      if (!full && !(failure instanceof phone.server.Unreachable)) { throw failure; }
      this.trouble = full ? "full" : "unreachable";
      this.failures += 1;
      const most = Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (this.failures - 1));
      this.later(most * (0.5 + Math.random() / 2)); // many phones, one returning network
    }

    later(pause) {
      this.retryAt = Date.now() + pause;
      this.timer = setTimeout(this.send.bind(this), pause);
    }

    // Another lineage, or a backup that covers less than before: the server was restored from an
    // older backup and may lack what this phone has delivered since.
    async remember(me) {
      const before = (await this.store.get("facts")) || {};
      const other = Boolean(before.lineage) && before.lineage !== me.lineage;
      const older = other || Boolean(before.durable_until) && (!me.durable_until || Date.parse(me.durable_until) < Date.parse(before.durable_until));
      const due = !before.offered_at || Date.parse(me.server_now) - Date.parse(before.offered_at) > OFFER_EACH;
      if (older || due) { await this.offerAgain(older); }
      return this.note({ durable_until: me.durable_until, lineage: me.lineage, offered_at: older || due ? me.server_now : before.offered_at, name: me.name, ahead: phone.clock.ahead() });
    }

    note(facts) {
      return this.store.update("facts", "facts", function (kept) { return { ...(kept || { id: "facts" }), ...facts }; });
    }

    // What has arrived is offered once more: the server knows it, or takes it anew.
    async offerAgain(withPhotos) {
      const items = (await phone.outbox.all(this.store)).items.filter(function (item) { return item.state === "delivered"; });
      for (let start = 0; start < items.length; start += BATCH) {
        await this.offer(items.slice(start, start + BATCH), withPhotos);
      }
    }

    async offer(items, withPhotos) {
      const told = await phone.server.ops(await phone.session.profile(), items.map(phone.outbox.operation));
      for (const answer of told.answers) {
        if (answer.replayed && !withPhotos) { continue; }
        await this.store.update("item", answer.op, function (item) {
          if (!item) { return null; }
          const photos = item.photos.map(function (photo) { return { ...photo, state: "waiting", sent: 0 }; });
          return phone.outbox.answered({ ...item, photos: photos, delivered_at: null }, answer, told.server_now);
        });
      }
    }

    async sendTexts() {
      const items = (await phone.outbox.all(this.store)).items;
      const waiting = items.filter(function (item) { return item.state === "waiting" && !item.taken; });
      for (let start = 0; start < waiting.length; start += BATCH) {
        await this.sendBatch(waiting.slice(start, start + BATCH));
      }
      return waiting.length;
    }

    async sendBatch(items) {
      await this.setOut(items);
      try {
        const told = await phone.server.ops(await phone.session.profile(), items.map(phone.outbox.operation));
        for (const answer of told.answers) { await this.answered(answer, told.server_now); }
      } catch (failure) {
        if (!(failure instanceof phone.server.Refused)) { throw failure; }
        await this.refused(items, failure);
      } finally {
        this.flying.clear();
        this.told.changed();
      }
    }

    async setOut(items) {
      for (const item of items) {
        this.flying.add(item.id);
        await this.store.update("item", item.id, function (stands) { return { ...stands, tried: true, op: phone.outbox.operation(stands) }; });
      }
      this.told.changed();
    }

    // One the server cannot read at all must not stop the others.
    async refused(items, failure) {
      if (items.length > 1) {
        for (const item of items) { await this.sendBatch([item]); }
        return;
      }
      const words = failure.words || "服务器没有接受这一条（编号 " + failure.status + "），请核对后修改，或导出后联系县教育局。";
      await this.answered({ op: items[0].id, verdict: "refused", status: failure.status, words: words }, null);
    }

    answered(answer, serverNow) {
      return this.store.update("item", answer.op, function (item) {
        return item ? phone.outbox.answered(item, answer, serverNow) : null;
      });
    }

    async sendPhotos() {
      const items = (await phone.outbox.all(this.store)).items;
      for (const item of items.filter(function (one) { return one.taken && phone.outbox.pending(one); })) {
        this.flying.add(item.id);
        for (const photo of phone.outbox.owed(item)) { await this.sendPhoto(item, photo); }
        this.flying.delete(item.id);
        this.told.changed();
      }
    }

    async sendPhoto(item, photo) {
      const is = (change) => phone.outbox.photoIs(this.store, item.id, photo.photo, change);
      try {
        await phone.photos.upload(this.store, item.visit, photo, async (sent) => {
          this.failures = 0; // the line is bad, but it goes on
          await is({ sent: sent });
          this.told.changed();
        });
        await is({ sent: photo.size, state: "done" });
      } catch (failure) {
        const words = refusal(failure);
        if (!words) { throw failure; }
        await is({ state: "refused", words: words });
      }
      this.told.changed();
    }

    async end(me) {
      await phone.outbox.prune(this.store, me);
      const left = (await phone.outbox.all(this.store)).items.filter(phone.outbox.pending);
      if (!left.length) { await this.note({ emptied_at: me.server_now }); }
      // The server answered, but could not deal with one of them: later, like a bad line.
      if (left.some(function (item) { return item.tried && !item.taken; })) { throw new phone.server.Unreachable(); }
    }
  }

  function refusal(failure) {
    if (failure instanceof phone.store.Damaged) { return "照片在本机已损坏，读不出来。请删除后重新拍照。"; }
    if (failure instanceof phone.server.Refused) { return failure.words || "服务器没有接受这张照片，请删除后重新拍照。"; }
    return "";
  }

  phone.Sender = Sender;
})(self.phone = self.phone || {});
