// Whose phone this is just now. The server names each person by an opaque key; the newest sign-in
// in this browser is known by its CSRF cookie, which changes with every sign-in and only then.
// Kept in IndexedDB: what a browser puts into localStorage is gone when it is killed soon after.
(function (phone) {
  "use strict";

  const LEFT = "phone.left";
  const REMEMBERED = 5; // sign-ins of one person; a killed browser may come back with an older cookie
  let opened = null;

  function place() {
    opened = opened || idb.openDB("phone-session", 1, { upgrade: function (db) { db.createObjectStore("known"); } });
    return opened;
  }

  function mark() {
    const found = /(?:^|;\s*)csrftoken=([^;]+)/.exec(document.cookie);
    return found ? found[1] : "";
  }

  async function put(name, value) {
    const turn = (await place()).transaction("known", "readwrite", { durability: "strict" });
    turn.store.put(value, name);
    await turn.done;
  }

  phone.session = {
    // "" as long as somebody signed in whom the server has not yet named to us.
    person: async function () {
      const known = await (await place()).get("known", "person");
      const fits = known && (mark() === "" || known.marks.includes(mark()));
      return fits && !phone.session.hasLeft() ? known.person : "";
    },
    learn: async function (person) {
      const known = await (await place()).get("known", "person");
      const before = known && known.person === person ? known.marks : [];
      const marks = [mark(), ...before.filter(function (one) { return one !== mark(); })].slice(0, REMEMBERED);
      await put("person", { person: person, marks: marks });
      localStorage.removeItem(LEFT);
    },
    // Whoever signs out hands the phone over: it shows nothing until somebody has signed in.
    leave: function () { localStorage.setItem(LEFT, mark()); },
    hasLeft: function () { return localStorage.getItem(LEFT) === mark(); },
    // One number for this browser profile; it says nothing about who uses it.
    profile: async function () {
      const kept = await (await place()).get("known", "profile");
      if (kept) { return kept; }
      await put("profile", crypto.randomUUID());
      return phone.session.profile();
    },
  };

  document.addEventListener("submit", function (event) {
    if ("signOut" in event.target.dataset) { phone.session.leave(); }
  });
})(self.phone = self.phone || {});
