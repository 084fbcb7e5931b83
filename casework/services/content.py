"""What a person writes in a visit: read from JSON, told in JSON, compared by hash."""

import hashlib
import json
from collections.abc import Callable
from datetime import date
from typing import Any

from casework.models import HomeVisit
from casework.states import TransitionRefused, VisitKind, VisitOutcome

Content = dict[str, Any]
Refusals = dict[str, str]

DAYS = ("visited_on", "promised_on", "next_visit_on")
TEXTS = (
    *("visitors", "people_met", "study", "health", "lighting", "goods"),
    *("findings", "advice"),
)
FIELDS = ("visited_on", "kind", "outcome", *TEXTS, "promised_on", "next_visit_on")
REQUIRED = ("visited_on", "kind", "outcome", "visitors")
# Came after the first visits: blank they leave a visit's hash as it was.
_LATER = ("study", "health", "lighting", "goods")
_OUTSIDE = {"kind": "visit_kind"}  # `kind` is the operation's where phones speak
LABELS = {
    name: str(getattr(HomeVisit._meta.get_field(name), "verbose_name", name)) for name in FIELDS
}
LENGTHS = {name: int(getattr(HomeVisit._meta.get_field(name), "max_length", 0)) for name in TEXTS}


class WrongDays(TransitionRefused):
    """Days that contradict each other: the writer mends them; `field` is the phone's name."""

    def __init__(self, field: str, words: str) -> None:
        self.field = field
        super().__init__(words)


def read(raw: dict[str, Any], *, is_whole: bool) -> tuple[Content, Refusals]:
    """Fields by their own names, and what is wrong with which, by the names of the phone.

    An edit holds only what changed; a whole visit has every field and the required ones filled.
    """
    content: Content = {}
    wrong: Refusals = {}
    for name in FIELDS:
        given = outside_name(name)
        if given not in raw and not is_whole:
            continue
        try:
            content[name] = _READERS[name](name, raw.get(given))
        except ValueError as refusal:
            wrong[given] = str(refusal)
    return content, wrong


def plain(content: Content) -> dict[str, Any]:
    """As it is kept in JSON: days in ISO form, codes as text."""
    return {name: _plain(value) for name, value in content.items()}


def outside(content: Content) -> dict[str, Any]:
    """`plain` under the names that phones use."""
    return {outside_name(name): value for name, value in plain(content).items()}


def outside_name(name: str) -> str:
    return _OUTSIDE.get(name, name)


def words(name: str, value: Any) -> str:
    """As people read it."""
    if value and name in _CHOICES:
        return str(_CHOICES[name](value).label)
    return str(_plain(value))


def whole(written: Content) -> Content:
    """Every field, blank where nothing was written."""
    blank = dict.fromkeys(TEXTS, "") | dict.fromkeys(DAYS)
    return {name: {**blank, **written}[name] for name in FIELDS}


def of(visit: HomeVisit) -> Content:
    return {name: getattr(visit, name) for name in FIELDS}


def digest(case_id: int | None, content: Content) -> bytes:
    told = {name: value for name, value in content.items() if value or name not in _LATER}
    text = json.dumps({"case": case_id, **told}, default=str, sort_keys=True)
    return hashlib.sha256(text.encode()).digest()


def refuse_wrong_days(content: Content) -> None:
    """Errors: WrongDays. Whether the day has come yet is asked apart."""
    visited_on = content["visited_on"]
    for name in ("promised_on", "next_visit_on"):
        if content[name] is not None and content[name] < visited_on:
            raise WrongDays(
                name,
                f"{LABELS[name]}不能早于家访日期（{visited_on:%Y-%m-%d}），请核对后修改其中一处。",
            )


def _plain(value: Any) -> str:
    return value.isoformat() if isinstance(value, date) else str(value or "")


def _day(name: str, value: Any) -> date | None:
    if value in (None, ""):
        if name in REQUIRED:
            raise ValueError(f"请填写{LABELS[name]}。")
        return None
    try:
        return date.fromisoformat(str(value)[:10])
    except ValueError:
        raise ValueError(f"{LABELS[name]}不是日期，请按 2026-11-20 的样子填写。") from None


def _code(choices: type[VisitKind] | type[VisitOutcome]) -> Callable[[str, Any], str]:
    def read_code(name: str, value: Any) -> str:
        if value not in choices.values:
            raise ValueError(f"请从列表中选择{LABELS[name]}。")
        return str(value)

    return read_code


def _text(name: str, value: Any) -> str:
    text = str(value or "").replace("\x00", "").strip()
    if not text and name in REQUIRED:
        raise ValueError(f"请填写{LABELS[name]}。")
    if len(text) > LENGTHS[name]:
        raise ValueError(f"{LABELS[name]}最多 {LENGTHS[name]} 字，现有 {len(text)} 字，请删减。")
    return text


_CHOICES: dict[str, type[VisitKind] | type[VisitOutcome]] = {
    "kind": VisitKind,
    "outcome": VisitOutcome,
}
_READERS: dict[str, Callable[[str, Any], Any]] = {
    **dict.fromkeys(DAYS, _day),
    **dict.fromkeys(TEXTS, _text),
    **{name: _code(choices) for name, choices in _CHOICES.items()},
}
