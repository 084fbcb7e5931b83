// On office pages: after a sign-in the phone page learns at once whose it is, so that it opens for
// the right person although the next hours are without network.
(function (phone) {
  "use strict";

  async function learn() {
    if (phone.session.hasLeft() || await phone.session.person()) { return; }
    const answer = await fetch("/cases/phone/me/", { cache: "no-store", redirect: "manual" });
    if (answer.ok) { await phone.session.learn((await answer.json()).person); }
  }

  if (window.indexedDB) { learn().catch(function () {}); } // the phone page asks again
})(self.phone = self.phone || {});
