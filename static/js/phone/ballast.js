// A megabyte set aside for words: given back when they find the phone full. The browser's own
// figure of free space does not help; newer ones always tell the same, whatever the phone has.
(function (phone) {
  "use strict";

  const NAME = "room-for-words", PLACE = "/cases/phone/room";
  const SIZE = 1024 * 1024;

  phone.ballast = {
    lay: async function () {
      const cache = await caches.open(NAME);
      if (!(await cache.match(PLACE))) { await cache.put(PLACE, new Response(new Uint8Array(SIZE))); }
    },
    // True when there was something to give back.
    release: async function () { return (await caches.open(NAME)).delete(PLACE); },
  };
})(self.phone = self.phone || {});
