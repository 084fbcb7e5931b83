// One visit being written. Kept within half a second of the last key; one window writes it.
(function (phone) {
  "use strict";

  const PAUSE = 400;

  function fresh(child, content, edit) {
    return {
      id: crypto.randomUUID(),
      kind: edit ? "edit" : "visit",
      visit: edit ? edit.visit : crypto.randomUUID(),
      base: edit ? edit.version : null,
      was: edit ? content : null,
      student: child.student,
      case: child.case,
      child: { name: child.name, school: child.school, class_name: child.class_name },
      content: { ...content },
      photos: [],
      state: "draft",
      step: 0,
      saved_at: phone.clock.nowIso(),
    };
  }

  // After a refusal: the server keeps its answer to the old sending, so this is a new one.
  function again(item) {
    const { answer, taken, tried, op, seq, ...kept } = item;
    return { ...kept, id: crypto.randomUUID(), state: "draft", step: 0 };
  }

  class Draft {
    constructor(store, item, told) {
      this.store = store;
      this.item = item;
      this.told = told; // saved(at), full(), gone()
      this.timer = null;
      this.turn = Promise.resolve();
    }

    set(name, value) {
      this.item.content[name] = value;
      this.later();
    }

    later() {
      if (!this.timer) { this.timer = setTimeout(this.save.bind(this), PAUSE); }
    }

    // Savings follow each other; the last one holds everything.
    save() {
      clearTimeout(this.timer);
      this.timer = null;
      this.turn = this.turn.then(this.write.bind(this));
      return this.turn;
    }

    async write() {
      const item = this.item;
      item.saved_at = phone.clock.nowIso();
      try {
        const kept = await this.store.update("item", item.id, function (stands) {
          return stands && stands.state !== "draft" ? null : item;
        });
        if (kept) { this.told.saved(item.saved_at); } else { this.told.gone(); }
        return Boolean(kept);
      } catch (failure) {
        if (!(failure instanceof phone.store.Full)) { throw failure; }
        this.told.full();
        return false;
      }
    }

    // False when another window is writing this same visit.
    hold() {
      const draft = this;
      return new Promise(function (answer) {
        navigator.locks.request("draft-" + draft.item.id, { ifAvailable: true }, function (lock) {
          answer(Boolean(lock));
          return lock && new Promise(function (release) { draft.release = release; });
        });
      });
    }

    async leave() {
      if (this.timer) { await this.save(); }
      await this.turn;
      if (this.release) { this.release(); }
    }
  }

  phone.draft = { fresh: fresh, again: again, Draft: Draft };
})(self.phone = self.phone || {});
