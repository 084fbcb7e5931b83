// The list taken along, and one child of it.
(function (phone) {
  "use strict";

  const { make, button, primary, stateMark, fact } = phone.dom;
  const MANY = 12; // from here on a list wants a search

  function itemsOf(app, student) {
    return app.items.filter(function (item) { return String(item.student) === String(student); });
  }

  function card(app, child) {
    const own = itemsOf(app, child.student).find(function (item) { return item.state !== "delivered"; });
    const due = child.due_on ? "应于 " + child.due_on + " 前走访" : "";
    const late = child.due_on && child.due_on < phone.clock.today();
    return make("li", {}, make("a", { class: "phone-child", href: "#child/" + child.student },
      make("span", { class: "phone-child-head" }, make("b", {}, child.name),
        child.state_label ? make("span", { class: "state" }, child.state_label) : null,
        own ? stateMark(own.state) : null),
      make("span", { class: "phone-soft" }, [child.class_name, child.village].filter(Boolean).join("，")),
      due || child.why ? make("span", { class: late ? "phone-late" : "phone-soft" }, [due + (late ? "（已过期）" : ""), child.why].filter(Boolean).join("；")) : null));
  }

  function drafts(app) {
    const open = app.items.filter(function (item) { return item.state === "draft"; });
    if (!open.length) { return null; }
    return make("section", { "aria-labelledby": "h-drafts" }, make("h2", { id: "h-drafts" }, "没写完的家访"),
      make("ul", { class: "phone-list" }, open.map(function (item) {
        return make("li", {}, make("a", { class: "phone-child", href: "#visit/" + item.id + "/" + item.step },
          make("span", { class: "phone-child-head" }, make("b", {}, item.child.name), stateMark("draft")),
          make("span", { class: "phone-soft" }, "本机保存于 " + phone.clock.words(item.saved_at) + "，点此继续")));
      })));
  }

  function searchBox(app, found) {
    return make("label", { class: "phone-field" }, make("span", { class: "phone-label" }, "按姓名或村查找"),
      make("input", { type: "search", value: app.search, autocomplete: "off", input: function (event) {
        app.search = event.target.value.trim();
        found.replaceChildren(...groups(app));
      } }));
  }

  // Those with a case first, as the server ordered them; then the others of the class.
  function groups(app) {
    const fits = app.take.children.filter(function (child) {
      return !app.search || [child.name, child.village, child.class_name].join(" ").includes(app.search);
    });
    if (!fits.length && app.search) { return [make("p", { class: "phone-empty" }, "名单里没有“" + app.search + "”，请换一个字查找。")]; }
    const due = fits.filter(function (child) { return child.case; }), others = fits.filter(function (child) { return !child.case; });
    return [
      make("h2", {}, "待访学生 " + due.length + " 人"),
      due.length ? make("ul", { class: "phone-list" }, due.map(card.bind(null, app))) : make("p", { class: "phone-empty" }, nobody(app)),
      others.length ? make("h2", {}, "本班其他学生 " + others.length + " 人") : "",
      others.length ? make("ul", { class: "phone-list" }, others.map(card.bind(null, app))) : "",
    ];
  }

  function nobody(app) {
    return app.take.taken_at ? "没有需要走访的个案。" : "有网络时点“更新名单”，名单会存到本机，之后没有网络也能用。";
  }

  function listView(app) {
    const found = make("div", {}, groups(app));
    return {
      title: "待访名单",
      main: [
        drafts(app),
        make("p", { class: "phone-soft" }, phone.take.age(app.take)),
        app.take.children.length > MANY ? searchBox(app, found) : null,
        found,
      ],
      acts: [button("待上传记录", function () { app.go("queue"); }), primary("更新名单", phone.deeds.fetchTake, { "aria-busy": app.fetching ? "true" : false })],
    };
  }

  function lastVisit(app, child) {
    if (!child.last) { return null; }
    const words = function (name) { return child.last[name] ? phone.fields.wordsFor(name, child.last[name], child, app.take) : ""; };
    return make("section", { class: "phone-card", "aria-labelledby": "h-last" }, make("h2", { id: "h-last" }, "上次走访"),
      make("dl", { class: "phone-facts" }, fact("日期", child.last.visited_on), fact("方式", words("visit_kind")), fact("走访人", child.last.visitors),
        fact("见到的人", child.last.people_met), fact("结果", words("outcome"))));
  }

  // What waits here stands before what the server has; there it may still be put right.
  function ownVisits(app, child) {
    const queued = itemsOf(app, child.student).filter(function (item) { return item.state !== "draft"; });
    const open = new Set(queued.filter(function (item) { return item.state !== "delivered"; }).map(function (item) { return item.visit; }));
    const rows = (child.visits || []).filter(function (visit) { return !open.has(visit.visit); });
    const told = new Set(rows.map(function (visit) { return visit.visit; }));
    const marked = queued.filter(function (item) { return !told.has(item.visit); });
    if (!rows.length && !marked.length) { return null; }
    return make("section", { class: "phone-card", "aria-labelledby": "h-own" }, make("h2", { id: "h-own" }, "我登记的家访"),
      make("ul", { class: "phone-rows" },
        marked.map(function (item) { return make("li", {}, make("span", {}, item.content.visited_on), stateMark(app.stateOf(item))); }),
        rows.map(function (visit) {
          return make("li", {}, make("span", {}, visit.visited_on),
            button("修改", function () { phone.deeds.startEdit(child, visit); }, { "aria-label": "修改 " + visit.visited_on + " 的家访" }));
        })));
  }

  function childView(app, student) {
    const child = phone.take.child(app.take, student);
    if (!child) { return missing(app); }
    const open = itemsOf(app, student).find(function (item) { return item.state === "draft"; });
    return {
      title: child.name,
      back: "",
      main: [
        make("section", { class: "phone-card" }, make("dl", { class: "phone-facts" }, fact("学校", child.school), fact("班级", child.class_name), fact("住址", child.village),
          fact("个案", child.state_label), fact("走访期限", child.due_on), fact("事由", child.why))),
        lastVisit(app, child),
        ownVisits(app, child),
      ],
      acts: [open ? primary("继续填写家访", function () { app.go("visit/" + open.id + "/" + open.step); }) : primary("开始家访", function () { phone.deeds.startVisit(child); })],
    };
  }

  function missing(app) {
    return {
      title: "不在名单中",
      back: "",
      main: [make("p", { class: "phone-empty" }, "这名学生已不在您的名单里，可能已转出或已办结。已写好的家访仍会上传。")],
      acts: [primary("回到名单", function () { app.go(""); })],
    };
  }

  phone.views = { ...phone.views, list: listView, child: childView };
})(self.phone = self.phone || {});
