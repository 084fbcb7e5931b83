// The list taken along: the children to be visited, without any number, and the choices of the form.
(function (phone) {
  "use strict";

  const LIMITS = { photos: 9, photo_bytes: 400 * 1024, photo_edge: 1600 };
  const NOTHING = { id: "take", taken_at: null, children: [], choices: {}, limits: LIMITS };

  async function kept(store) {
    const all = await store.all("take");
    return all.whole[0] || NOTHING;
  }

  async function fetchNew(store) {
    const answer = await phone.server.take();
    return store.put("take", { ...answer, id: "take", limits: { ...LIMITS, ...answer.limits } });
  }

  function age(take) {
    if (!take.taken_at) { return "还没有带走名单，请在有网络时打开一次"; }
    const days = phone.clock.daysSince(take.taken_at);
    const since = days > 0 ? "，已有 " + days + " 天" : "";
    return "名单取于 " + phone.clock.words(take.taken_at) + since;
  }

  phone.take = {
    kept: kept,
    fetchNew: fetchNew,
    age: age,
    child: function (take, student) {
      return take.children.find(function (one) { return String(one.student) === String(student); });
    },
  };
})(self.phone = self.phone || {});
