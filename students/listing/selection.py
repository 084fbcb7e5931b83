"""Which children a list shows: filters, search and order as one value that can be handed on.

Sealed it is a token of the person who asked: it can stand in a form or in a job, and to anybody
else it is noise. It names the conditions, not the rows.
"""

import base64
import binascii
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from django.db.models import QuerySet

from core import crypto
from core.access import Scope
from students.models import Student
from students.queries import children
from students.search import Search

_FIELD = "students.selection"
SORTS = {
    "": ("姓名拼音", ("name_key",)),
    "name_desc": ("姓名拼音倒序", ("-name_key",)),
    "town": ("乡镇、姓名", ("township", "name_key")),
}


@dataclass(frozen=True, slots=True)
class Selection:
    chosen: dict[str, str] = field(default_factory=dict)
    sort: str = ""
    search: Search | None = None

    @property
    def keys(self) -> tuple[str, ...]:
        return SORTS[self.sort if self.sort in SORTS else ""][1]

    def rows(self, scope: Scope, *, on: date) -> QuerySet[Student]:
        return children.students(scope, chosen=self.chosen, on=on, search=self.search)

    def in_order(self, scope: Scope, *, on: date) -> QuerySet[Student]:
        """As the pages of the list follow each other."""
        falling = "-" if self.keys[0].startswith("-") else ""
        return self.rows(scope, on=on).order_by(*self.keys, f"{falling}pk")

    def token(self, *, user_id: int) -> str:
        said = self.search
        parts = {
            "c": self.chosen,
            "s": self.sort,
            "f": [said.words, said.blind, said.tail] if said else None,
        }
        text = json.dumps(parts, ensure_ascii=False)
        sealed = crypto.seal(text, field=_FIELD, row=UUID(int=user_id))
        return base64.urlsafe_b64encode(sealed).decode()


def opened(token: str, *, user_id: int) -> Selection | None:
    """None for a token of another person, of another key, or no token at all."""
    try:
        sealed = base64.urlsafe_b64decode(token.encode("ascii"))
        parts = json.loads(crypto.unseal(sealed, field=_FIELD, row=UUID(int=user_id)))
    except (binascii.Error, UnicodeError, crypto.CannotOpen):
        return None
    found = parts["f"]
    return Selection(parts["c"], parts["s"], Search(*found) if found else None)


def words(conditions: Iterable[tuple[str, str]], *, search: Search | None = None) -> str:
    """年级：四年级；就读状态：在读. A search is named, not told: it may be a child's name."""
    said = [f"{label}：{value}" for label, value in conditions]
    if search:
        said.append(search.kind_words)
    return "；".join(said) or "全部学生"
