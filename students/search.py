"""What was searched for, as a sealed token: a name or a number never stands in an address.

The token is bound to the person who searched; to anybody else it is noise.
"""

import base64
import binascii
import json
import re
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.db.models.expressions import RawSQL

from core import crypto, idnumber, names
from students.models import StudentIdentifier

_FIELD = "students.search"
_TAIL = re.compile(r"\d{3}[\dX]").fullmatch


@dataclass(frozen=True, slots=True)
class Search:
    """Words of a name or its pinyin, or the blind index of a number, or its last characters."""

    words: str = ""
    blind: str = ""
    tail: str = ""

    @property
    def kind_words(self) -> str:
        """How was searched, without what for."""
        if self.tail:
            return "按证件号后四位查找"
        return "按证件号查找" if self.blind else "按姓名查找"

    def q(self) -> Q:
        if self.tail:
            return Q(pk__in=RawSQL("SELECT students_numbered(%s)", [self.tail]))
        if self.blind:
            holders = StudentIdentifier.objects.filter(blind=bytes.fromhex(self.blind))
            return Q(pk__in=holders.values("student"))
        pieces = names.query_tokens(self.words)
        if not pieces:
            return Q(pk__in=())
        # The one door through the tenant wall that may use the index of name pieces.
        return Q(pk__in=RawSQL("SELECT students_named(%s)", [pieces]))


def search_for(typed: str) -> Search:
    """A text with a digit in it is a number: no name has one."""
    if any(sign.isdecimal() for sign in typed):
        number = idnumber.normal(typed)
        if _TAIL(number):
            return Search(tail=number)
        return Search(blind=crypto.blind_index(number).hex())
    return Search(words=names.normalise(typed))


def token_of(search: Search, *, user_id: int) -> str:
    said = {"w": search.words, "b": search.blind, "t": search.tail}
    text = json.dumps(said, ensure_ascii=False)
    sealed = crypto.seal(text, field=_FIELD, row=UUID(int=user_id))
    return base64.urlsafe_b64encode(sealed).rstrip(b"=").decode()


def opened(token: str, *, user_id: int) -> Search | None:
    """None for a token of another person, of another key, or no token at all."""
    try:
        sealed = base64.urlsafe_b64decode(token.encode("ascii") + b"=" * (-len(token) % 4))
        text = crypto.unseal(sealed, field=_FIELD, row=UUID(int=user_id))
    except (binascii.Error, UnicodeError, crypto.CannotOpen):
        return None
    said: dict[str, Any] = json.loads(text)
    return Search(said["w"], said["b"], said["t"])
