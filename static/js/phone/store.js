// What the phone keeps, one database to a person. Every value is sealed by AES-GCM with a key that
// no script can read out; only identifiers and kinds stand in the clear.
(function (phone) {
  "use strict";

  // One step to each former layout, taken in turn: a queue written by any of them opens here.
  const LAYOUTS = [
    function (db) {
      db.createObjectStore("keys");
      db.createObjectStore("records", { keyPath: "id" }).createIndex("kind", "kind");
    },
    function (db) {
      db.createObjectStore("photos", { keyPath: "id" });
    },
  ];
  const STRICT = { durability: "strict" }; // written to the disk before we say "saved"

  class Damaged extends Error {}
  class Full extends Error {}

  async function open(person, options) {
    const db = await idb.openDB("phone-" + person, LAYOUTS.length, {
      upgrade: function (db, from) { LAYOUTS.slice(from).forEach(function (step) { step(db); }); },
      blocking: options.onNewer, // a newer page wants to change the layout: let go
      terminated: options.onNewer,
    });
    return new Store(db, await keyOf(db), person, options.onTight);
  }

  async function keyOf(db) {
    const kept = await db.get("keys", "person");
    if (kept) { return kept; }
    const made = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
    try {
      await db.add("keys", made, "person");
      return made;
    } catch (taken) {
      return db.get("keys", "person"); // another tab was first
    }
  }

  class Store {
    constructor(db, key, person, tight) {
      this.db = db;
      this.key = key;
      this.person = person;
      this.tight = tight; // told when words had to use the room set aside for them
    }

    async get(id) {
      const row = await this.db.get("records", id);
      return row ? JSON.parse(decoder.decode(await this.unseal("records", row))) : null;
    }

    // All of one kind. A record nobody can read is told by its id and stops none of the others.
    async all(kind) {
      const rows = await this.db.getAllFromIndex("records", "kind", kind);
      const read = await Promise.all(rows.map(this.read, this));
      return { whole: read.filter(function (one) { return !one.damaged; }),
        damaged: read.filter(function (one) { return one.damaged; }) };
    }

    async read(row) {
      try {
        return JSON.parse(decoder.decode(await this.unseal("records", row)));
      } catch (failure) {
        return { id: row.id, damaged: true };
      }
    }

    async put(kind, value) {
      const sealed = await this.seal("records", value.id, encoder.encode(JSON.stringify(value)));
      await this.writeWords({ id: value.id, kind: kind, ...sealed });
      return value;
    }

    async writeWords(row) {
      try {
        await write(this.db, "records", row);
      } catch (failure) {
        if (!(failure instanceof Full) || !(await phone.ballast.release())) { throw failure; }
        this.tight();
        await write(this.db, "records", row);
      }
    }

    // Reads, changes and writes as one, whichever tab asks. `change` answers null to leave it.
    update(kind, id, change) {
      const store = this;
      return navigator.locks.request("record-" + this.person + "-" + id, async function () {
        const changed = change(await store.get(id).catch(absentIfDamaged));
        return changed ? store.put(kind, changed) : null;
      });
    }

    async remove(id) {
      await this.db.delete("records", id);
    }

    async putPhoto(id, bytes) {
      await write(this.db, "photos", { id: id, ...(await this.seal("photos", id, bytes)) });
    }

    async photo(id) {
      const row = await this.db.get("photos", id);
      return row ? this.unseal("photos", row) : null;
    }

    async removePhotos(ids) {
      const turn = this.db.transaction("photos", "readwrite", STRICT);
      ids.forEach(function (id) { turn.store.delete(id); });
      await turn.done;
    }

    photoIds() {
      return this.db.getAllKeys("photos");
    }

    async seal(place, id, bytes) {
      const iv = crypto.getRandomValues(new Uint8Array(12));
      return { iv: iv, sealed: await crypto.subtle.encrypt(algorithm(iv, place, id), this.key, bytes) };
    }

    async unseal(place, row) {
      try {
        return new Uint8Array(await crypto.subtle.decrypt(algorithm(row.iv, place, row.id), this.key, row.sealed));
      } catch (failure) {
        throw new Damaged(row.id);
      }
    }

    close() {
      this.db.close();
    }
  }

  const encoder = new TextEncoder();
  const decoder = new TextDecoder();

  function absentIfDamaged(failure) {
    if (failure instanceof Damaged) { return null; }
    throw failure;
  }

  // The place is sealed with the value, so that no record can be put in another's stead.
  function algorithm(iv, place, id) {
    return { name: "AES-GCM", iv: iv, additionalData: encoder.encode(place + "/" + id) };
  }

  async function write(db, place, row) {
    try {
      const turn = db.transaction(place, "readwrite", STRICT);
      turn.store.put(row).catch(function () {}); // its failure is the turn's
      await turn.done;
    } catch (failure) {
      if (failure && failure.name === "QuotaExceededError") { throw new Full(); }
      throw failure;
    }
  }

  phone.store = { open: open, Damaged: Damaged, Full: Full, version: LAYOUTS.length };
})(self.phone = self.phone || {});
