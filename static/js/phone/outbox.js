// What waits to be sent and what was sent. An item leaves the phone only when a backup of the
// server covers it, or thirty days after it arrived.
(function (phone) {
  "use strict";

  const STATES = { draft: "草稿", waiting: "待上传", sending: "上传中", delivered: "已送达", attention: "需处理" };
  // What the server holds for a person to decide on has arrived, but its writer must hear of it.
  const AFTER = { accepted: "delivered", merged: "delivered", waiting: "delivered", conflict: "attention", quarantined: "attention", refused: "attention" };
  const KEPT_DAYS = 30;
  const LATENCY = 5 * 60 * 1000; // the instant we note must never lie before the server's own

  function owed(item) {
    return item.photos.filter(function (photo) { return photo.state === "waiting"; });
  }

  // Text not yet there, or photos behind a text that is there.
  function pending(item) {
    if (item.state === "draft") { return false; }
    return !item.taken ? item.state === "waiting" : owed(item).length > 0;
  }

  function inOrder(items) {
    return items.sort(function (a, b) { return (a.seq || Infinity) - (b.seq || Infinity) || (a.saved_at < b.saved_at ? 1 : -1); });
  }

  async function all(store) {
    const read = await store.all("item");
    return { items: inOrder(read.whole), damaged: read.damaged };
  }

  async function nextNumber(store) {
    const facts = await store.update("facts", "facts", function (kept) {
      return { ...(kept || { id: "facts" }), seq: ((kept && kept.seq) || 0) + 1 };
    });
    return facts.seq;
  }

  // A draft goes into the row once, however often the button is tapped or in how many windows.
  async function finish(store, item) {
    const seq = await nextNumber(store);
    const claimed = phone.clock.claimed();
    return store.update("item", item.id, function (stands) {
      if (!stands || stands.state !== "draft") { return null; }
      return { ...item, state: "waiting", seq: seq, claimed_at: claimed, finished_at: phone.clock.nowIso() };
    });
  }

  // Back to a draft: only what no sending has ever carried can be taken back without a trace.
  function withdraw(store, id) {
    return store.update("item", id, function (item) {
      return item.state === "waiting" && !item.tried ? { ...item, state: "draft", step: 0 } : null;
    });
  }

  async function mend(store, item) {
    const made = phone.draft.again(item);
    await store.put("item", made);
    await store.remove(item.id);
    return made;
  }

  // The server keeps it and somebody there decides; its writer has read so.
  function seen(store, id) {
    return store.update("item", id, function (item) {
      return { ...item, state: "delivered", delivered_at: item.delivered_at || phone.clock.nowIso() };
    });
  }

  async function forget(store, item) {
    await store.removePhotos(item.photos.map(function (photo) { return photo.photo; }));
    await store.remove(item.id);
  }

  // Photos taken back leave no copy here either, whatever becomes of the sending.
  async function takePhotosBack(store, item) {
    const gone = new Set(item.gone.map(function (photo) { return photo.photo; }));
    const made = phone.draft.deletion(item);
    await store.put("item", made);
    await finish(store, made);
    for (const kept of (await all(store)).items.filter(function (one) { return one.visit === item.visit && one.kind !== "delete_photo"; })) {
      await store.update("item", kept.id, function (stands) {
        return { ...stands, photos: stands.photos.filter(function (photo) { return !gone.has(photo.photo); }) };
      });
    }
    await store.removePhotos([...gone]);
  }

  // Of an edit only what was changed is sent; the server merges it with what others changed.
  function contentOf(item) {
    if (item.kind === "delete_photo") { return {}; }
    if (!item.was) { return item.content; }
    const changed = Object.entries(item.content).filter(function (entry) { return (item.was[entry[0]] || "") !== entry[1]; });
    return Object.fromEntries(changed);
  }

  // Word for word the same at every sending: the server tells a repeat from another content.
  function operation(item) {
    return item.op || {
      op: item.id, kind: item.kind, visit: item.visit, seq: item.seq, base: item.base,
      claimed_at: item.claimed_at, student: item.student, case: item.case, content: contentOf(item),
      photos: item.photos.map(function (photo) { return { photo: photo.photo, size: photo.size, sha256: photo.sha256 }; }),
    };
  }

  function answered(item, answer, serverNow) {
    if (answer.status >= 500) { return { ...item, answer: answer }; } // the server's own trouble: sent again later
    const state = AFTER[answer.verdict] || "attention";
    const taken = answer.verdict !== "refused";
    const version = answer.version || item.version;
    return settled({ ...item, answer: answer, taken: taken, version: version, state: state, taken_at: serverNow });
  }

  // Delivered is said when text and photos are there; a photo refused wants its writer.
  function settled(item) {
    if (!item.taken || item.state === "attention") { return item; }
    if (item.photos.some(function (photo) { return photo.state === "refused"; })) { return { ...item, state: "attention" }; }
    if (owed(item).length) { return { ...item, state: "waiting" }; }
    const arrived = new Date(Date.parse(phone.clock.nowIso()) + LATENCY).toISOString();
    return { ...item, state: "delivered", delivered_at: item.delivered_at || arrived };
  }

  function photoIs(store, id, photoId, change) {
    return store.update("item", id, function (item) {
      const photos = item.photos.map(function (photo) { return photo.photo === photoId ? { ...photo, ...change } : photo; });
      return settled({ ...item, photos: photos });
    });
  }

  // Only after the server has told the time: the phone's own clock never throws anything away.
  async function prune(store, me) {
    for (const item of (await all(store)).items) {
      if (item.state !== "delivered" || pending(item)) { continue; }
      const arrived = Date.parse(item.delivered_at);
      const covered = me.durable_until && arrived <= Date.parse(me.durable_until);
      const old = Date.parse(me.server_now) - arrived > KEPT_DAYS * 86400000;
      if (covered || old) { await forget(store, item); }
    }
  }

  // Photos no visit speaks of: their visit was deleted while the phone was cut off.
  async function sweep(store) {
    const read = await all(store);
    if (read.damaged.length) { return; }
    const known = new Set(read.items.flatMap(function (item) { return item.photos.map(function (photo) { return photo.photo; }); }));
    await store.removePhotos((await store.photoIds()).filter(function (id) { return !known.has(id); }));
  }

  function counts(items) {
    const due = items.filter(pending);
    const photos = due.flatMap(function (item) { return item.photos; });
    const sent = photos.filter(function (photo) { return photo.state === "done"; });
    const attention = items.filter(function (item) { return item.state === "attention"; });
    return { waiting: due.length, photos: photos.length, sent: sent.length, attention: attention.length };
  }

  phone.outbox = {
    STATES: STATES, all: all, finish: finish, takePhotosBack: takePhotosBack, withdraw: withdraw, mend: mend, seen: seen, forget: forget,
    operation: operation, answered: answered, photoIs: photoIs, pending: pending, owed: owed,
    prune: prune, sweep: sweep, counts: counts,
  };
})(self.phone = self.phone || {});
