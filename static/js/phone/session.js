// Whose phone this is just now. The server names each person by an opaque key; the newest sign-in
// in this browser is known by its CSRF cookie, which changes with every sign-in and only then.
(function (phone) {
  "use strict";

  const PERSON = "phone.person", MARK = "phone.mark", LEFT = "phone.left", PROFILE = "phone.id";

  function mark() {
    const found = /(?:^|;\s*)csrftoken=([^;]+)/.exec(document.cookie);
    return found ? found[1] : "";
  }

  phone.session = {
    // "" as long as somebody signed in whom the server has not yet named to us.
    person: function () {
      return localStorage.getItem(MARK) === mark() ? localStorage.getItem(PERSON) || "" : "";
    },
    learn: function (person) {
      localStorage.setItem(PERSON, person);
      localStorage.setItem(MARK, mark());
      localStorage.removeItem(LEFT);
    },
    // Whoever signs out hands the phone over: it shows nothing until somebody has signed in.
    leave: function () {
      localStorage.removeItem(PERSON);
      localStorage.setItem(LEFT, mark());
    },
    // Signed out while there was no network: the server has yet to hear of it.
    hasLeft: function () { return localStorage.getItem(LEFT) === mark(); },
    // One number for this browser profile; it says nothing about who uses it.
    profile: function () {
      if (!localStorage.getItem(PROFILE)) { localStorage.setItem(PROFILE, crypto.randomUUID()); }
      return localStorage.getItem(PROFILE);
    },
  };

  document.addEventListener("submit", function (event) {
    if ("signOut" in event.target.dataset) { phone.session.leave(); }
  });
})(self.phone = self.phone || {});
