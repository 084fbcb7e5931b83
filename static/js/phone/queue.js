// What waits, why, and what to do about it.
(function (phone) {
  "use strict";

  const { make, button, primary, stateMark } = phone.dom;
  const GROUPS = [["attention", "需处理"], ["waiting", "待上传"], ["draft", "草稿"], ["delivered", "已送达"]];

  const KINDS = { visit: "", edit: "，修改", delete_photo: "，删除照片" };

  // Why nothing moves, in plain words; "" when it does.
  function obstacle(app) {
    if (!navigator.onLine) { return "没有网络，联网后自动上传"; }
    const pause = Math.max(1, Math.ceil((app.sender.retryAt - Date.now()) / 1000));
    return {
      "sign-in": "登录已过期，登录后自动上传",
      "not-allowed": "您的账号现在不能登记家访，请联系学校；记录仍在本机，可以导出",
      full: "手机存储空间已满，清理后自动再传",
      unreachable: "网络不通，" + (pause > 90 ? "约 " + Math.ceil(pause / 60) + " 分钟" : pause + " 秒") + "后自动再试",
    }[app.sender.trouble] || "";
  }

  function reason(app, item) {
    const state = app.stateOf(item), words = (item.answer && item.answer.words) || "";
    if (state === "draft") { return "没写完，本机保存于 " + phone.clock.words(item.saved_at); }
    if (state === "delivered") { return [words, "送达于 " + phone.clock.words(item.taken_at)].filter(Boolean).join(""); }
    const refused = item.photos.filter(function (photo) { return photo.state === "refused"; });
    if (state === "attention") { return words || refused.map(function (photo) { return photo.words; }).join(" "); }
    const text = item.taken ? "文字已送达，照片还没传完" : "";
    return [text, obstacle(app) || (state === "sending" ? "正在上传" : "等待上传")].filter(Boolean).join("；");
  }

  function photoLine(item) {
    if (!item.photos.length || item.kind === "delete_photo") { return null; }
    const done = item.photos.filter(function (photo) { return photo.state === "done"; }).length;
    const half = item.photos.find(function (photo) { return photo.state === "waiting" && photo.sent; });
    return make("span", { class: "phone-soft" }, "照片 " + done + "/" + item.photos.length + (half ? "（下一张已传 " + Math.floor(half.sent * 100 / half.size) + "%）" : ""));
  }

  function entry(app, item) {
    const about = item.child.name + "，" + (item.content.visited_on || "未填日期") + KINDS[item.kind];
    return make("li", { class: "phone-card" },
      make("div", { class: "phone-child-head" }, make("b", {}, about), stateMark(app.stateOf(item))),
      make("p", { class: item.state === "attention" ? "phone-late" : "phone-soft" }, reason(app, item)),
      photoLine(item),
      make("div", { class: "phone-quick" }, actsOf(app, item, about)));
  }

  function actsOf(app, item, about) {
    const act = function (words, does) { return button(words, does, { "aria-label": words + "：" + about }); };
    const acts = [];
    if (item.state === "draft") { acts.push(act("继续", function () { app.go("visit/" + item.id + "/" + item.step); }), act("丢弃", function () { discard(app, item); })); }
    if (item.state === "waiting" && !item.tried && item.kind !== "delete_photo") { acts.push(act("撤回修改", function () { phone.deeds.takeBack(item); })); }
    if (item.state === "attention" && !item.taken) { acts.push(act("修改后重送", function () { phone.deeds.mend(item); }), act("丢弃", function () { discard(app, item); })); }
    if (item.state === "attention" && item.taken) { acts.push(act("知道了", function () { phone.deeds.seen(item); })); }
    if (item.state !== "delivered") { acts.push(act("导出", function () { exportItems(app, [item]); })); }
    return acts;
  }

  function discard(app, item) {
    if (window.confirm("丢弃后，这份没有上传的家访和照片将从本机删除，不能找回。确定丢弃吗？")) { phone.deeds.forget(item); }
  }

  function damagedEntry(app, record) {
    return make("li", { class: "phone-card" },
      make("div", { class: "phone-child-head" }, make("b", {}, "一条读不出来的记录"), stateMark("attention")),
      make("p", { class: "phone-late" }, "这条记录在本机存储中已损坏，其他记录不受影响。请凭纸质记录重新填写。"),
      button("移除", function () { phone.deeds.forgetDamaged(record.id); }));
  }

  function group(app, [state, words]) {
    const items = app.items.filter(function (item) { return item.state === state; });
    const broken = state === "attention" ? app.damaged : [];
    if (!items.length && !broken.length) { return null; }
    return make("section", { "aria-label": words }, make("h2", {}, words + " " + (items.length + broken.length)),
      state === "delivered" ? make("p", { class: "phone-soft" }, "服务器备份后，本机的副本自动清除，最多留 30 天。") : null,
      make("ul", { class: "phone-list" }, broken.map(damagedEntry.bind(null, app)), items.map(entry.bind(null, app))));
  }

  function keptSafe(app) {
    return app.persisted ? "浏览器已同意长期保存。" : "浏览器未同意长期保存，请把本页添加到桌面，并尽早上传。";
  }

  function queueView(app) {
    const emptied = app.facts.emptied_at ? phone.clock.words(app.facts.emptied_at) : "还没有过";
    const some = app.items.length + app.damaged.length;
    return {
      title: "待上传记录",
      back: "",
      main: [
        make("p", { class: "phone-soft" }, "上次全部上传：" + emptied + "。" + keptSafe(app)),
        some ? GROUPS.map(group.bind(null, app)) : make("p", { class: "phone-empty" }, "本机没有家访记录。"),
        make("div", { class: "phone-quick" }, button("核对已送达的记录", phone.deeds.offerAgain), button("退出登录", phone.deeds.signOut)),
      ],
      acts: [button("全部导出", function () { exportItems(app, app.items.filter(function (item) { return item.state !== "delivered"; })); }), primary("重试上传", phone.deeds.retry)],
    };
  }

  function asText(app, item) {
    const child = phone.take.child(app.take, item.student);
    const lines = Object.entries(phone.fields.FIELDS).filter(function (entry) { return item.content[entry[0]]; })
      .map(function ([name, field]) { return field.label + "：" + phone.fields.wordsFor(name, item.content[name], child, app.take); });
    const photos = item.photos.length ? ["照片：" + item.photos.length + " 张，另存为图片"] : [];
    return ["学生：" + item.child.name, "学校：" + (item.child.school || ""), "状态：" + phone.outbox.STATES[app.stateOf(item)], ...lines, ...photos, "编号：" + item.visit].join("\r\n");
  }

  // For another way to the office when this one stays shut: text to read, photos to show.
  async function exportItems(app, items) {
    if (!items.length) { app.say("没有需要导出的记录。"); return; }
    const day = phone.clock.today();
    const text = "家访记录（" + day + " 导出，内容未加密，办完请删除）\r\n\r\n" + items.map(asText.bind(null, app)).join("\r\n\r\n");
    phone.dom.save("家访记录-" + day + ".txt", new Blob(["\ufeff" + text], { type: "text/plain" }));
    for (const [number, photo] of items.flatMap(function (item) { return item.photos; }).entries()) {
      const bytes = await app.store.photo(photo.photo);
      phone.dom.save("家访照片-" + day + "-" + (number + 1) + ".jpg", new Blob([bytes], { type: "image/jpeg" }));
    }
    app.say("已导出 " + items.length + " 份。导出的文件没有加密，请妥善保管。");
  }

  phone.views = { ...phone.views, queue: queueView };
})(self.phone = self.phone || {});
