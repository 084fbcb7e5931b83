"""What two teachers and a head sent from their phones: a visit with photos, two versions of one
field, and one for a child who is in another class by now."""

import hashlib
import io
from datetime import datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

from django.utils import timezone
from PIL import Image, ImageDraw

from accounts.models import User
from accounts.scope import scope_for
from casework.models import DropoutCase
from casework.services import phone, photos
from casework.services.deciding import Sender, Sent
from casework.states import DROPOUT_STATES
from core import tenancy

_WRITTEN = {
    "visit_kind": "care",
    "outcome": "talked",
    "people_met": "祖母、学生本人",
    "study": "数学落下较多，语文能跟上",
    "health": "身体好，话不多",
    "lighting": "有书桌，晚上光线不足",
    "goods": "书包、台灯各一",
    "findings": "父母在外务工，孩子由祖母照看，愿意再谈。",
    "advice": "每周补课一次，村委会协助联系父母。",
}


class _Phone:
    def __init__(self, username: str, *, county: str, rng: Random, now: datetime) -> None:
        self.user = User.objects.get(username=username)
        scope = scope_for(self.user, on=timezone.localdate(now), county=county)
        self._rng, self._now, self._seq = rng, now, 0
        self._sender = Sender(scope, self.user, self.key(), now, timedelta(0))

    def key(self) -> UUID:
        return UUID(int=self._rng.getrandbits(128), version=4)

    def send(self, kind: str, visit: UUID, **fields: Any) -> None:
        self._seq += 1
        shape: dict[str, Any] = {
            "base": None,
            "student": None,
            "case": None,
            "photos": [],
            **fields,
        }
        claimed = self._now - timedelta(hours=3)
        op: dict[str, Any] = {"op": self.key(), "kind": kind, "visit": visit, "seq": self._seq}
        phone.receive(Sent(**op, claimed_at=claimed, **shape), sender=self._sender)

    def show(self, visit: UUID, *, tint: tuple[int, int, int]) -> None:
        octets = _drawing(tint)
        digest = hashlib.sha256(octets).hexdigest()
        key, county = self.key(), self._sender.scope.county
        about: dict[str, Any] = {"county": county, "photo": key, "person": self.user}
        photos.begin(**about, visit=visit, size=len(octets), sha256=digest)
        photos.append(**about, offset=0, piece=octets, now=self._now)


def tell_phones(*, county: str, rng: Random, now: datetime) -> None:
    with tenancy.inside(county):
        teacher = _Phone("teacher", county=county, rng=rng, now=now)
        head = _Phone("head", county=county, rng=rng, now=now)
        other = _Phone("teacher2", county=county, rng=rng, now=now)
        case = _case_of(teacher)
        if case is None:
            return
        visit = _visit(teacher, case, now=now)
        for tint in ((120, 150, 110), (150, 130, 100)):
            teacher.show(visit, tint=tint)
        head.send("edit", visit, base=1, content={"study": "数学、英语都落下"})
        teacher.send("edit", visit, base=1, content={"study": "数学落下一个月", "goods": "书包"})
        _visit(other, case, now=now)


def _case_of(sender: _Phone) -> DropoutCase | None:
    grant = sender.user.grants.get()
    own = DropoutCase.objects.filter(student__class_group=grant.class_group_id)
    return own.filter(state__in=DROPOUT_STATES).order_by("pk").first()


def _visit(sender: _Phone, case: DropoutCase, *, now: datetime) -> UUID:
    visit = sender.key()
    yesterday = timezone.localdate(now) - timedelta(days=1)
    content = {**_WRITTEN, "visited_on": yesterday.isoformat(), "visitors": sender.user.full_name}
    sender.send("visit", visit, student=case.student_id, case=case.pk, content=content)
    return visit


def _drawing(tint: tuple[int, int, int]) -> bytes:
    """A house under the sky: no photo of a real one."""
    image = Image.new("RGB", (800, 600), (205, 222, 235))
    pen = ImageDraw.Draw(image)
    pen.rectangle((0, 420, 800, 600), fill=tint)
    pen.polygon([(180, 260), (400, 120), (620, 260)], fill=(140, 70, 55))
    pen.rectangle((220, 260, 580, 460), fill=(232, 222, 205))
    pen.rectangle((370, 340, 430, 460), fill=(110, 80, 60))
    pen.rectangle((260, 300, 330, 360), fill=(170, 200, 220))
    pen.rectangle((470, 300, 540, 360), fill=(170, 200, 220))
    target = io.BytesIO()
    image.save(target, "JPEG", quality=85)
    return target.getvalue()
