// The photo step: from the camera or the album, shown, and taken away again without a trace.
(function (phone) {
  "use strict";

  const { make, button } = phone.dom;
  const shown = new Map(); // photo -> address of its picture in memory

  function kilobytes(bytes) {
    return Math.max(1, Math.round(bytes / 1024)) + " KB";
  }

  async function picture(app, photo) {
    if (!shown.has(photo.photo)) {
      const bytes = await app.store.photo(photo.photo);
      shown.set(photo.photo, URL.createObjectURL(new Blob([bytes], { type: "image/jpeg" })));
    }
    return shown.get(photo.photo);
  }

  function forgetPictures() {
    shown.forEach(function (address) { URL.revokeObjectURL(address); });
    shown.clear();
  }

  function frame(app, photo, index) {
    const isThere = app.draft.item.there.includes(photo);
    const name = (isThere ? "已上传的照片 " : "照片 ") + (index + 1);
    const image = make("img", { alt: name, width: 96, height: 96 });
    picture(app, photo).then(function (address) { image.src = address; }, function () { image.alt = name + "在本机已损坏，请删除后重新拍照"; });
    return make("li", {}, image, make("span", { class: "phone-soft" }, name + "，" + kilobytes(photo.size)),
      photo.words ? make("span", { class: "phone-late" }, photo.words) : null,
      button("删除", function () { (isThere ? takeBack : remove)(app, photo); }, { "aria-label": "删除" + name }));
  }

  async function remove(app, photo) {
    const item = app.draft.item;
    item.photos = item.photos.filter(function (one) { return one.photo !== photo.photo; });
    if (!(await app.draft.save())) { return; }
    await app.store.removePhotos([photo.photo]);
    if (shown.has(photo.photo)) { URL.revokeObjectURL(shown.get(photo.photo)); }
    shown.delete(photo.photo);
    app.say("照片已删除，本机不留副本。");
    phone.page.show();
  }

  // Gone from the server once this edit is finished and has arrived.
  async function takeBack(app, photo) {
    const item = app.draft.item;
    item.there = item.there.filter(function (one) { return one !== photo; });
    item.gone.push(photo);
    await app.draft.save();
    app.say("完成修改后，这张已上传的照片将被删除。");
    phone.page.show();
  }

  async function add(app, files) {
    const item = app.draft.item, most = app.take.limits.photos - item.there.length;
    for (const [index, file] of files.entries()) {
      if (item.photos.length >= most) {
        app.warn("一次家访最多 " + most + " 张照片，其余 " + (files.length - index) + " 张没有放入。");
        break;
      }
      app.say("正在处理照片 " + (index + 1) + "/" + files.length);
      if (!(await addOne(app, file))) { break; }
    }
    phone.page.show();
  }

  async function addOne(app, file) {
    try {
      const photo = await phone.photos.keep(app.store, file, app.take.limits);
      app.draft.item.photos.push(photo);
      await app.draft.save();
      app.say("照片已存入本机，" + kilobytes(photo.size));
      return true;
    } catch (failure) {
      const words = refusal(app, failure, file);
      if (!words) { throw failure; }
      app.warn(words);
      return !(failure instanceof phone.store.Full);
    }
  }

  function refusal(app, failure, file) {
    if (failure instanceof phone.store.Full) {
      app.tight = true;
      return "手机存储空间不足，这张照片（" + kilobytes(failure.size) + "）没有存下，文字仍在。请清理手机空间，或先联网把待上传的记录传完。";
    }
    if (failure instanceof phone.photos.Unreadable) { return "“" + file.name + "”不是能打开的图片，请重新拍照或另选一张。"; }
    return "";
  }

  function picker(app, words, more) {
    const input = make("input", { type: "file", accept: "image/*", class: "phone-file", change: function (event) {
      const files = Array.from(event.target.files);
      event.target.value = ""; // the page keeps no hold on the original
      add(app, files);
    }, ...more });
    return make("label", { class: "phone-button" }, input, make("span", {}, words));
  }

  function photosView(app) {
    const { photos, there } = app.draft.item;
    return make("section", { class: "phone-field", "aria-label": "照片" },
      make("p", { class: "phone-soft" }, "照片在手机上缩小并去掉拍摄地点，最多 " + app.take.limits.photos + " 张，可以不拍。"),
      make("div", { class: "phone-quick" }, picker(app, "拍照", { capture: "environment" }), picker(app, "从相册选", { multiple: true })),
      make("ul", { class: "phone-photos" }, there.map(frame.bind(null, app)), photos.map(frame.bind(null, app))));
  }

  phone.views = { ...phone.views, photos: photosView };
  phone.album = { forgetPictures: forgetPictures, kilobytes: kilobytes };
})(self.phone = self.phone || {});
