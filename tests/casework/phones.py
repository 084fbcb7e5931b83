"""A phone as the server sees it: operations in the shape they come in."""

import uuid
from datetime import timedelta

from django.test import Client
from django.utils import timezone

OPS, ME, TAKE = "/cases/phone/ops/", "/cases/phone/me/", "/cases/phone/take/"
PHOTOS = "/cases/phone/photos/"
CONTENT = {
    "visited_on": "2026-09-20",
    "visit_kind": "persuasion",
    "outcome": "talked",
    "visitors": "李老师",
    "people_met": "祖母",
    "findings": "孩子在家",
}


class Phone:
    """One browser profile, signed in as one person."""

    def __init__(self, user, *, profile=None):
        self.user, self.profile = user, profile or str(uuid.uuid4())
        self.client, self.seq = Client(), 0
        self.client.force_login(user)

    def visit(self, student, *, case=None, visit=None, photos=(), **content):
        return self.op(
            "visit",
            visit or str(uuid.uuid4()),
            student=student.pk,
            case=case.pk if case else None,
            content={**CONTENT, **content},
            photos=list(photos),
        )

    def edit(self, visit, *, base=None, student=None, **content):
        given = student.pk if student else None
        return self.op("edit", visit, base=base, student=given, content=content)

    def op(self, kind, visit, **fields):
        self.seq += 1
        return {
            "op": str(uuid.uuid4()),
            "kind": kind,
            "visit": str(visit),
            "seq": self.seq,
            "base": None,
            "claimed_at": timezone.localtime().isoformat(),
            **fields,
        }

    def post(self, *ops, behind=timedelta(0), **fields):
        """`behind`: how far this phone's clock is behind the server's."""
        sent_at = (timezone.localtime() - behind).isoformat()
        body = {"phone": self.profile, "sent_at": sent_at, "ops": list(ops), **fields}
        return self.client.post(OPS, body, content_type="application/json")

    def send(self, *ops, **fields):
        answers = self.post(*ops, **fields).json()["answers"]
        return answers[0] if len(ops) == 1 else answers
