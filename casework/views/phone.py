"""The doors a phone talks to: JSON in, JSON out, no HTML whatever happens."""

import hmac
import json
import logging
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import OperationalError, transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.middleware.csrf import get_token
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import mark_safe

from casework import phone_files, phone_list
from casework.models import PhoneOp, VisitPhoto
from casework.services import phone, photos
from casework.services.deciding import Sender, Sent
from core import backups, crypto
from core.access import Permission
from core.web import Open, Requires

VERSION = 1  # of this interface; a phone with an older one goes on, and offers to renew itself
MOST_OPS = 200
_FIRST_YEAR, _LAST_YEAR = 1900, 2200  # a clock that says another says nothing
log = logging.getLogger(__name__)


class Unreadable(Exception):
    """The request itself is not what a phone sends; the text says which part."""


class JsonDoor(Requires):
    """Answers who may not enter in JSON: a phone in the field cannot follow a page."""

    permission = Permission.VISIT_LOG

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not self.request.user.is_authenticated:
            return answer({"reason": "sign-in", "words": _SIGN_IN}, status=401)
        if not self.request.scope.can(self.permission):
            return answer({"reason": "permission", "words": _NO_PERMISSION}, status=403)
        try:
            return super().dispatch(request, *args, **kwargs)
        except Unreadable as fault:
            return answer({"reason": "unreadable", "words": str(fault)}, status=400)
        except VisitPhoto.DoesNotExist:
            words = "系统中没有这张照片的上传记录，请重新上传。"
            return answer({"reason": "unknown", "words": words}, status=404)


_SIGN_IN = "登录已过期。家访可以继续写，已写的保存在手机上，重新登录后自动送出。"
_NO_PERMISSION = (
    "您现在没有登记家访的权限。手机上的家访仍保存着：权限恢复后自动送出，也可以导出后交给接手的人。"
)


def answer(told: dict[str, Any], *, status: int = 200) -> JsonResponse:
    response = JsonResponse(told, status=status, json_dumps_params={"ensure_ascii": False})
    response["Cache-Control"] = "no-store"
    return response


def _told(request: HttpRequest) -> dict[str, Any]:
    try:
        body = json.loads(request.body)
    except ValueError:
        raise Unreadable("送来的内容不是 JSON。") from None
    if not isinstance(body, dict):
        raise Unreadable("送来的内容不是一个对象。")
    return body


def _uuid(value: Any, name: str) -> UUID:
    try:
        return UUID(str(value))
    except ValueError:
        raise Unreadable(f"{name} 不是编号。") from None


def _whole(value: Any, name: str, *, most: int = 2**62) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most:
        raise Unreadable(f"{name} 不是整数。")
    return value


def _maybe_whole(value: Any, name: str, *, most: int = 2**62) -> int | None:
    return None if value is None else _whole(value, name, most=most)


def _instant(value: Any) -> datetime | None:
    """A claim of a phone: what cannot be read is no claim."""
    try:
        read = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    if not _FIRST_YEAR <= read.year <= _LAST_YEAR:
        return None
    return read if read.tzinfo else timezone.make_aware(read)


def _times(until: datetime | None) -> dict[str, Any]:
    return {
        "server_now": timezone.localtime().isoformat(),
        "durable_until": timezone.localtime(until).isoformat() if until else None,
    }


class PhoneMe(JsonDoor):
    def get(self, request: HttpRequest) -> HttpResponse:
        user = self.request.user
        key = hmac.digest(crypto.blind_index(f"phone-{user.pk}"), b"person", "sha256")
        return answer(
            {
                "person": key.hex()[:32],
                "name": user.full_name,
                "csrf": get_token(request),
                "version": VERSION,
                "lineage": crypto.blind_index(backups.lineage()).hex(),
                **_times(backups.durable_until()),
            }
        )


class PhoneTake(JsonDoor):
    def get(self, request: HttpRequest) -> HttpResponse:
        taken = phone_list.take(
            scope=self.request.scope, person=self.request.user, today=timezone.localdate()
        )
        return answer({"taken_at": timezone.localtime().isoformat(), **taken})


class PhoneOps(JsonDoor):
    def post(self, request: HttpRequest) -> HttpResponse:
        body = _told(request)
        sent_at, now = _instant(body.get("sent_at")), timezone.now()
        sender = Sender(
            self.request.scope,
            self.request.user,
            _uuid(body.get("phone"), "phone"),
            now,
            now - sent_at if sent_at else None,
        )
        sent = body.get("ops")
        if not isinstance(sent, list) or len(sent) > MOST_OPS:
            raise Unreadable(f"ops 应为不超过 {MOST_OPS} 项的列表。")
        ops = [read_op(each) for each in sent]
        answers = [_take_in(op, sender=sender, alone=len(ops) == 1) for op in ops]
        told = {"answers": [each for each in answers if each]}
        return answer({**told, **_times(backups.durable_until_lately())})


def _take_in(op: Sent, *, sender: Sender, alone: bool) -> dict[str, Any] | None:
    """One operation that breaks the server must not hold up those behind it: no answer, it stays
    on the phone and comes again."""
    if alone:
        return _answer_of(op, *phone.receive(op, sender=sender))
    try:
        with transaction.atomic():
            return _answer_of(op, *phone.receive(op, sender=sender))
    except OperationalError:
        raise  # the database is gone for all of them
    except Exception:
        log.exception("an operation of a phone broke down")
        return None


def _answer_of(op: Sent, row: PhoneOp, is_replay: bool) -> dict[str, Any]:
    return {
        "op": str(op.op),
        "verdict": row.verdict,
        "status": row.status,
        "version": row.version,
        "words": row.words,
        "replayed": is_replay,
        **({"fields": row.fields} if row.fields else {}),
    }


def read_op(told: Any) -> Sent:
    """Errors: Unreadable for what no phone of ours ever sends."""
    if not isinstance(told, dict) or told.get("kind") not in PhoneOp.Kind.values:
        raise Unreadable("ops 中有一项不是家访、修改或删除照片。")
    content = told.get("content") or {}
    if not isinstance(content, dict):
        raise Unreadable("content 应为一个对象。")
    return Sent(
        op=_uuid(told.get("op"), "op"),
        kind=str(told["kind"]),
        visit=_uuid(told.get("visit"), "visit"),
        seq=_whole(told.get("seq", 0), "seq"),
        base=_maybe_whole(told.get("base"), "base", most=2**31 - 1),
        claimed_at=_instant(told.get("claimed_at")),
        student=_maybe_whole(told.get("student"), "student"),
        case=_maybe_whole(told.get("case"), "case"),
        content={str(name): _scalar(value) for name, value in content.items()},
        photos=_read_photos(told.get("photos") or []),
    )


def _scalar(value: Any) -> str | None:
    """Text the database can hold: a script may cut a character in two."""
    if value is None:
        return None
    return str(value)[:4000].replace("\x00", "").encode(errors="replace").decode()


def _read_photos(told: Any) -> list[dict[str, Any]]:
    if not isinstance(told, list) or len(told) > photos.MOST:
        raise Unreadable(f"photos 应为不超过 {photos.MOST} 项的列表。")
    return [_read_photo(each) for each in told]


def _read_photo(told: Any) -> dict[str, Any]:
    if not isinstance(told, dict):
        raise Unreadable("photos 中有一项不是照片。")
    return {
        "photo": str(_uuid(told.get("photo"), "photo")),
        "size": _whole(told.get("size", 0), "size", most=2**31 - 1),
        "sha256": str(told.get("sha256") or "")[:64].lower(),
    }


class PhonePhotos(JsonDoor):
    def post(self, request: HttpRequest) -> HttpResponse:
        told = _told(request)
        photo = _read_photo(told)
        try:
            row = photos.begin(
                county=self.request.scope.county,
                photo=UUID(photo["photo"]),
                visit=_uuid(told.get("visit"), "visit"),
                person=self.request.user,
                size=photo["size"],
                sha256=photo["sha256"],
            )
        except photos.PhotoRefused as refusal:
            return answer({"reason": "refused", "words": str(refusal)}, status=422)
        is_refused = row.state == VisitPhoto.State.REFUSED
        return answer(_photo(row), status=422 if is_refused else 200)


class PhonePhoto(JsonDoor):
    def get(self, request: HttpRequest, upload_id: UUID) -> HttpResponse:
        asked = {"county": self.request.scope.county, "photo": upload_id, "person": request.user}
        return answer(_photo(photos.own(**asked)))

    def patch(self, request: HttpRequest, upload_id: UUID) -> HttpResponse:
        asked = {"county": self.request.scope.county, "photo": upload_id, "person": request.user}
        photos.own(**asked)
        offset, piece = self._piece(request)
        try:
            row = photos.append(**asked, offset=offset, piece=piece, now=timezone.now())
        except photos.WrongOffset as refusal:
            return answer({"offset": refusal.offset, "words": str(refusal)}, status=409)
        return answer(_photo(row), status=422 if row.words else 200)

    def _piece(self, request: HttpRequest) -> tuple[int, bytes]:
        offset = request.headers.get("Upload-Offset", "")
        if not offset.isdecimal() or len(offset) > 12:
            raise Unreadable("缺少 Upload-Offset。")
        if int(request.headers.get("Content-Length") or 0) > photos.PIECE:
            raise Unreadable(f"每次最多上传 {photos.PIECE} 字节。")
        return int(offset), request.body


def _photo(row: VisitPhoto) -> dict[str, Any]:
    told = {"photo": str(row.photo), "offset": row.received, "state": row.state}
    return {**told, "words": row.words} if row.words else told


class PhoneShell(Requires):
    """The page itself: the same for everybody, so that a phone may keep it."""

    permission = Permission.VISIT_LOG

    def get(self, request: HttpRequest) -> HttpResponse:
        return _fresh(HttpResponse(phone_files.shell()))


class PhoneWorker(Open):
    def get(self, request: HttpRequest) -> HttpResponse:
        files = phone_files.phone_files()
        told = {
            "version": files.version,
            "shell": reverse("casework:phone"),
            "files": mark_safe(json.dumps(files.addresses)),
        }
        text = render_to_string("casework/phone_worker.js", told)
        return _fresh(HttpResponse(text, content_type="text/javascript; charset=utf-8"))


# Drawn by script/icons.py; a phone cuts the maskable one to the shape of its other icons.
_ICONS = (
    ("icon-192", 192, "any"),
    ("icon-512", 512, "any"),
    ("icon-maskable-512", 512, "maskable"),
)


class PhoneManifest(Open):
    """So that the page can be put on the phone's desk."""

    def get(self, request: HttpRequest) -> HttpResponse:
        page = reverse("casework:phone")
        told = {
            "name": "家访 · 一个都不能少",
            "short_name": "家访",
            "lang": "zh-Hans",
            "id": page,
            "start_url": page,
            "scope": page,
            "display": "standalone",
            "background_color": "#f2f4f7",
            "theme_color": "#163f74",
            "icons": [
                {
                    "src": static(f"img/{name}.png"),
                    "sizes": f"{size}x{size}",
                    "type": "image/png",
                    "purpose": purpose,
                }
                for name, size, purpose in _ICONS
            ],
        }
        text = json.dumps(told, ensure_ascii=False)
        return _fresh(HttpResponse(text, content_type="application/manifest+json; charset=utf-8"))


def _fresh(response: HttpResponse) -> HttpResponse:
    """Kept by whoever wants, asked after each time."""
    response["Cache-Control"] = "no-cache"
    return response
