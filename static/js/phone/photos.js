// Photos: made small and bare before they are kept, and sent in pieces that survive a broken line.
(function (phone) {
  "use strict";

  const QUALITIES = [0.86, 0.78, 0.7, 0.6, 0.5, 0.4];
  const RESERVE = 3 * 1024 * 1024; // room that photos leave for the written words
  const LARGEST = 256 * 1024, FIRST = 32 * 1024, SMALLEST = 16 * 1024;
  const MOST_BEGINNINGS = 3; // what arrives spoilt is sent anew, but not for ever
  const GOOD_RUN = 12;
  let piece = FIRST, run = 0; // halves on a bad line, so that a cut costs little

  class Unreadable extends Error {}

  // A picture drawn anew carries no EXIF: neither place nor camera. `from-image` turns it upright.
  async function shrink(file, limits) {
    const image = await createImageBitmap(file, { imageOrientation: "from-image" }).catch(function () { throw new Unreadable(); });
    try {
      let edge = limits.photo_edge;
      for (;;) {
        const canvas = drawn(image, edge);
        for (const quality of QUALITIES) {
          const blob = await encoded(canvas, quality);
          if (blob.size <= limits.photo_bytes) { return new Uint8Array(await blob.arrayBuffer()); }
        }
        edge = Math.round(edge * 0.8);
      }
    } finally {
      image.close();
    }
  }

  function drawn(image, edge) {
    const scale = Math.min(1, edge / Math.max(image.width, image.height));
    const canvas = document.createElement("canvas");
    canvas.width = Math.max(1, Math.round(image.width * scale));
    canvas.height = Math.max(1, Math.round(image.height * scale));
    const pen = canvas.getContext("2d");
    pen.fillStyle = "#fff"; // what was transparent would turn black
    pen.fillRect(0, 0, canvas.width, canvas.height);
    pen.drawImage(image, 0, 0, canvas.width, canvas.height);
    return canvas;
  }

  function encoded(canvas, quality) {
    return new Promise(function (done) { canvas.toBlob(done, "image/jpeg", quality); });
  }

  async function digest(bytes) {
    const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
    return Array.from(hash, function (byte) { return byte.toString(16).padStart(2, "0"); }).join("");
  }

  // Keeps one photo and answers what the visit remembers of it.
  async function keep(store, file, limits) {
    const bytes = await shrink(file, limits);
    if ((await room()) < bytes.length + RESERVE) { throw Object.assign(new phone.store.Full(), { size: bytes.length }); }
    const id = crypto.randomUUID();
    try {
      await store.putPhoto(id, bytes);
    } catch (failure) {
      failure.size = bytes.length;
      throw failure;
    }
    return { photo: id, size: bytes.length, sha256: await digest(bytes), sent: 0, state: "waiting", words: "" };
  }

  async function room() {
    const told = await navigator.storage.estimate();
    return told.quota - told.usage;
  }

  // Goes on where the server stands, whatever this phone believes. `progress` is told each step.
  async function upload(store, visit, photo, progress) {
    const bytes = await store.photo(photo.photo);
    if (!bytes) { throw new phone.store.Damaged(photo.photo); }
    const about = { photo: photo.photo, visit: visit, size: photo.size, sha256: photo.sha256 };
    let stands = await phone.server.announce(about), beginnings = 0;
    while (stands.offset < photo.size) {
      if (stands.offset === 0 && ++beginnings > MOST_BEGINNINGS) { throw new phone.server.Refused(422, stands); }
      stands = await sendPiece(photo.photo, stands.offset, bytes);
      await progress(stands.offset);
    }
    if (stands.state === "refused") { throw new phone.server.Refused(422, stands); }
  }

  // Answers where the server stands after it, be it another place than we thought.
  async function sendPiece(id, offset, bytes) {
    try {
      const answer = await phone.server.piece(id, offset, bytes.slice(offset, offset + piece));
      run += 1;
      if (run % GOOD_RUN === 0) { piece = Math.min(LARGEST, piece * 2); }
      return answer;
    } catch (failure) {
      if (failure instanceof phone.server.Unreachable) { run = 0; piece = Math.max(SMALLEST, piece / 2); }
      const told = failure.body;
      const goesOn = told && (failure.status === 409 || told.state === "receiving") && told.offset !== offset;
      if (!goesOn) { throw failure; }
      return told;
    }
  }

  phone.photos = { keep: keep, upload: upload, room: room, Unreadable: Unreadable };
})(self.phone = self.phone || {});
