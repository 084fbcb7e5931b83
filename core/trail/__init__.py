"""The audit trail in words: what was done, to what, and what changed, as far as the reader may see.

An audit administrator holds no case data (三员分立): of a child's or a case's entry such a reader
learns which items changed, not what they said.
"""

import re
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.urls import reverse

from core import codes, idnumber
from core.access import Scope
from core.models import AuditEntry
from core.trail.words import ACTIONS, CODES, FIELDS, GROUPS, LEDGERS, SUBJECTS, Subject

LONGEST = 120
HIDDEN = "内容只有业务岗位可看"
# Telephone and identity numbers; division and school codes are shorter than the one, and village
# codes begin with no 1.
_NUMBER = re.compile(r"(?<![\d*])(?:[GJL]?\d{17}[\dXx]|\d{15}|1[3-9]\d{9})(?![\d*])")


@dataclass(frozen=True, slots=True)
class Change:
    label: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Line:
    entry: AuditEntry
    action: str
    subject: str
    href: str
    changes: list[Change]
    hidden: str
    purpose: str


def line(entry: AuditEntry, scope: Scope) -> Line:
    subject = SUBJECTS.get(entry.target_type, Subject("记录"))
    number = f" {entry.target_id}" if entry.target_id is not None else ""
    changes = _changes(entry)
    hidden = ""
    if subject.contents and not scope.whole_county(subject.contents):
        labels = "、".join(change.label for change in changes)
        hidden = f"{labels}：{HIDDEN}" if labels else ""
        changes = []
    return Line(
        entry,
        _deed(entry.action),
        subject.words + number,
        _href(entry, subject, scope),
        changes,
        hidden,
        masked(entry.purpose),
    )


def masked(text: str) -> str:
    return _NUMBER.sub(lambda found: idnumber.mask(found.group()), text)


def _deed(action: str) -> str:
    start = action.partition(".")[0]
    group = next((words for words, starts in GROUPS.values() if start in starts), "其他")
    return ACTIONS.get(action, f"{group}：其他事项")


def _field(name: str) -> str:
    return FIELDS.get(name, "其他项目")


def _href(entry: AuditEntry, subject: Subject, scope: Scope) -> str:
    permission = subject.page_permission
    if permission is None or entry.target_id is None or not scope.whole_county(permission):
        return ""
    return reverse(subject.page, args=[entry.target_id])


def _changes(entry: AuditEntry) -> list[Change]:
    names = list(dict.fromkeys([*entry.before, *entry.after]))
    return [
        Change(
            _field(name),
            _said(entry, name, entry.before.get(name)) if name in entry.before else "",
            _said(entry, name, entry.after.get(name)),
        )
        for name in names
    ]


def _said(entry: AuditEntry, name: str, value: Any) -> str:
    if value in (None, "", [], {}):
        return "空"
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, list):
        text = "、".join(_said(entry, name, one) for one in value)
    elif isinstance(value, dict):
        text = "，".join(f"{_field(k)} {_said(entry, k, v)}" for k, v in value.items())
    else:
        text = masked(_label(entry, name, str(value)))
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def _label(entry: AuditEntry, name: str, value: str) -> str:
    """A code in the words of its field's own choices, wherever the entry's model has them."""
    if name == "unit" and value == entry.county:
        return "全县"
    if name in CODES:
        return _code_name(CODES[name], value)
    if entry.action.startswith("ledger.") and name == "kind":
        return LEDGERS.get(value, value)
    for model in (entry.target_type, "accounts.grant"):
        try:
            field = apps.get_model(model)._meta.get_field(name)
        except (LookupError, FieldDoesNotExist):
            continue
        words = dict(getattr(field, "flatchoices", ()))
        if value in words:
            return str(words[value])
    return value


def _code_name(kind: str, value: str) -> str:
    try:
        return codes.name(kind, value)
    except codes.UnknownCode:
        return value
