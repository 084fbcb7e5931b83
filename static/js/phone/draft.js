// One visit being written. Kept within half a second of the last key; one window writes it.
(function (phone) {
  "use strict";

  const PAUSE = 400, FULL_PAUSE = 3000; // room may come any moment: the person is clearing the phone

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
      there: (edit && edit.photos) || [], // photos of this visit the server has already
      gone: [], // those of them that are to be deleted there
      state: "draft",
      step: 0,
      saved_at: phone.clock.nowIso(),
    };
  }

  // The sending that takes photos back from the server, beside the edit that ordered it.
  function deletion(item) {
    const { content, was, step, there, gone, ...about } = item;
    const photos = gone.map(function (photo) { return { ...photo, state: "done", words: "" }; });
    return { ...about, id: crypto.randomUUID(), kind: "delete_photo", base: null, was: null, content: { visited_on: content.visited_on }, photos: photos, state: "draft" };
  }

  function changes(item) {
    const names = Object.keys(item.content);
    return !item.was || names.some(function (name) { return (item.was[name] || "") !== item.content[name]; }) || item.photos.length > 0;
  }

  // After a refusal: the server keeps its answer to the old sending, so this is a new one.
  function again(item) {
    const { answer, taken, tried, op, seq, ...kept } = item;
    return { ...kept, id: crypto.randomUUID(), state: "draft", step: 0 };
  }

  class Draft {
    constructor(store, item, told) {
      this.store = store;
      this.item = { there: [], gone: [], ...item }; // an earlier page wrote drafts without these
      this.told = told; // saved(at), full(), gone()
      this.timer = null;
      this.turn = Promise.resolve();
    }

    set(name, value) {
      this.item.content[name] = value;
      this.later();
    }

    later(pause = PAUSE) {
      if (!this.timer) { this.timer = setTimeout(this.save.bind(this), pause); }
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
        this.later(FULL_PAUSE);
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

  phone.draft = { fresh: fresh, again: again, deletion: deletion, changes: changes, Draft: Draft };
})(self.phone = self.phone || {});
