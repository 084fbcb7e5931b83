// The doors of the server, and what each refusal means for somebody in the field.
(function (phone) {
  "use strict";

  const ROOT = "/cases/phone/";
  const SHORT = 30000, LONG = 120000; // a piece of a photo on 20 kbit/s takes its time

  class Unreachable extends Error {} // try again later, by itself
  class SignInNeeded extends Error {} // the sign-in has expired: writing goes on, sending waits
  class NotAllowed extends Error {} // signed in, but without the duty
  class Refused extends Error {
    constructor(status, body) {
      super("refused " + status);
      this.status = status;
      this.words = (body && body.words) || "";
      this.body = body;
    }
  }

  let csrf = "";

  async function ask(path, options, patience = LONG) {
    const stop = new AbortController();
    const timer = setTimeout(function () { stop.abort(); }, patience);
    const asked = { cache: "no-store", redirect: "manual", signal: stop.signal, ...options };
    try {
      const answer = await fetch(ROOT + path, asked);
      return judge(answer, await bodyOf(answer));
    } catch (failure) {
      throw isLine(failure) ? new Unreachable() : failure;
    } finally {
      clearTimeout(timer);
    }
  }

  // A cut connection is a TypeError, a cut body may be half a JSON, our patience an AbortError.
  function isLine(failure) {
    return failure instanceof TypeError || failure instanceof SyntaxError || failure.name === "AbortError";
  }

  async function bodyOf(answer) {
    const kind = answer.headers.get("Content-Type") || "";
    return kind.includes("json") ? answer.json() : null;
  }

  function judge(answer, body) {
    if (answer.type === "opaqueredirect" || answer.status === 401) { throw new SignInNeeded(); }
    if (answer.status >= 500 || answer.status === 429) { throw new Unreachable(); }
    if (answer.status === 403) { throw body && body.reason === "permission" ? new NotAllowed() : new Unreachable(); }
    if (!answer.ok) { throw new Refused(answer.status, body); }
    if (!body) { throw new Unreachable(); } // the page of some gateway, not of our server
    return body;
  }

  function send(path, method, body, headers) {
    return ask(path, { method: method, body: body, headers: { "X-CSRFToken": csrf, ...headers } });
  }

  function sendJson(path, value) {
    return send(path, "POST", JSON.stringify(value), { "Content-Type": "application/json" });
  }

  phone.server = {
    Unreachable: Unreachable,
    SignInNeeded: SignInNeeded,
    NotAllowed: NotAllowed,
    Refused: Refused,

    me: async function () {
      const answer = await ask("me/", {}, SHORT);
      csrf = answer.csrf;
      phone.clock.heard(answer.server_now);
      return answer;
    },
    signOut: function (address) {
      return fetch(address, { method: "POST", headers: { "X-CSRFToken": csrf }, redirect: "manual" });
    },
    take: function () { return ask("take/"); },
    ops: function (phoneId, ops) {
      return sendJson("ops/", { phone: phoneId, sent_at: phone.clock.claimed(), ops: ops });
    },
    announce: function (photo) { return sendJson("photos/", photo); },
    piece: function (photo, offset, bytes) {
      return send("photos/" + photo + "/", "PATCH", bytes, {
        "Content-Type": "application/offset+octet-stream",
        "Upload-Offset": String(offset),
      });
    },
  };
})(self.phone = self.phone || {});
