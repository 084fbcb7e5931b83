// Days and instants. The phone's clock may be wrong by years, so it is only ever claimed; the
// server's is used wherever we have heard it.
(function (phone) {
  "use strict";

  const NOTABLE = 10 * 60 * 1000;
  let ahead = 0; // milliseconds this phone is ahead of the server, as last heard

  // Beijing time, whatever zone the phone stands in: 2026-11-22T14:05:09+08:00
  function iso(instant) {
    return new Date(instant + 8 * 3600000).toISOString().slice(0, 19) + "+08:00";
  }

  function howFar(milliseconds) {
    const days = Math.round(Math.abs(milliseconds) / 86400000);
    if (days >= 365) { return "约 " + Math.round(days / 365) + " 年"; }
    if (days >= 1) { return "约 " + days + " 天"; }
    return "约 " + Math.max(1, Math.round(Math.abs(milliseconds) / 60000)) + " 分钟";
  }

  phone.clock = {
    heard: function (serverNow) { ahead = Date.now() - Date.parse(serverNow); },
    ahead: function () { return ahead; },
    remember: function (milliseconds) { ahead = milliseconds || 0; },
    claimed: function () { return iso(Date.now()); },
    now: function () { return Date.now() - ahead; },
    today: function () { return iso(Date.now() - ahead).slice(0, 10); },
    // "2026-11-22 14:05", of an instant as the server writes it.
    words: function (instant) { return iso(Date.parse(instant)).slice(0, 16).replace("T", " "); },
    daysSince: function (instant) { return Math.floor((Date.now() - ahead - Date.parse(instant)) / 86400000); },
    warning: function () {
      if (Math.abs(ahead) < NOTABLE) { return ""; }
      return "本机时间比服务器" + (ahead > 0 ? "快" : "慢") + howFar(ahead) + "。记录照常保存，先后以服务器时间为准；请核对家访日期，并在手机设置中校准时间。";
    },
    nowIso: function () { return iso(Date.now() - ahead); },
  };
})(self.phone = self.phone || {});
