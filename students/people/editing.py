"""Correcting a child's record by hand: two people at once lose nothing of each other."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core import signing
from django.db import transaction
from django.db.models import Q

from accounts.models import User
from core import audit, names
from core.access import Permission, Scope
from core.models import AuditEntry
from students.models import Student, StudentIdentifier
from students.people import facts
from students.people.facts import EDITABLE, Paper

EDIT = Permission.STUDENT_EDIT
_SALT = "students.people.seen"
_NAMES = ("full_name", "former_name")
# What a roster and other doors call the same facts in the trail.
_ALSO = {"full_name": "name", "ethnicity_code": "ethnicity"}


@dataclass(frozen=True, slots=True)
class Clash:
    """One fact that somebody else changed to something else while the page was open."""

    name: str
    seen: Any
    theirs: Any
    mine: Any
    by: str
    at: datetime | None


class ChangedMeanwhile(Exception):
    """Nothing was written; each clash is for the person to decide."""

    def __init__(self, clashes: list[Clash]) -> None:
        self.clashes = clashes
        super().__init__(", ".join(clash.name for clash in clashes))


class PageTooOld(Exception):
    """What the page says it showed is not what we gave it."""


def shown(student: Student) -> str:
    """What the form showed, to come back with it: so each fact is compared by itself."""
    said = {name: facts.plain(getattr(student, name)) for name in EDITABLE}
    return signing.dumps({"student": student.pk} | said, salt=_SALT)


def _seen(token: str, *, student: Student) -> dict[str, Any]:
    try:
        said: dict[str, Any] = signing.loads(token, salt=_SALT)
    except signing.BadSignature:
        raise PageTooOld from None
    if said.pop("student") != student.pk:
        raise PageTooOld
    return said


@transaction.atomic
def edit_student(
    *,
    scope: Scope,
    actor: User,
    student_id: int,
    seen: str,
    said: dict[str, Any],
    now: datetime,
) -> Student:
    """Writes what this person changed and leaves what others changed meanwhile.

    Errors: Student.DoesNotExist out of scope, PageTooOld, ChangedMeanwhile, facts.Refused.
    """
    # of=self: the scope may join tables whose rows are everyone's.
    rows = Student.objects.within(scope, EDIT).select_for_update(of=("self",))
    student = rows.get(pk=student_id)
    then = _seen(seen, student=student)
    said = said | {name: names.normalise(said[name]) for name in _NAMES}
    mine = {n: value for n, value in said.items() if facts.plain(value) != then[n]}
    _refuse_clashes(student, then, mine)
    changed = {n: value for n, value in mine.items() if value != getattr(student, n)}
    if changed:
        _write(student, changed, actor=actor, now=now)
    return student


def _refuse_clashes(student: Student, then: dict[str, Any], mine: dict[str, Any]) -> None:
    found = []
    for name, value in mine.items():
        current = getattr(student, name)
        if current != value and facts.plain(current) != then[name]:
            entry = _last_change(student, name)
            by, at = (entry.actor_name, entry.at) if entry else ("", None)
            found.append(Clash(name, then[name], facts.plain(current), facts.plain(value), by, at))
    if found:
        raise ChangedMeanwhile(found)


def _last_change(student: Student, name: str) -> AuditEntry | None:
    about = AuditEntry.objects.filter(county=student.county).about(
        Student._meta.label_lower, student.pk
    )
    told = about.filter(Q(after__has_key=name) | Q(after__has_key=_ALSO.get(name, name)))
    return told.order_by("-pk").first()


def _write(student: Student, changed: dict[str, Any], *, actor: User, now: datetime) -> None:
    before = {name: facts.plain(getattr(student, name)) for name in changed}
    columns = changed | _derived(student, changed)
    for name, value in columns.items():
        setattr(student, name, value)
    if {"birth_date", "sex"} & changed.keys():
        _refuse_contradiction(student)
    student.updated_at = now
    student.save(update_fields=[*columns, "updated_at"])
    audit.record(
        county=student.county,
        actor=actor,
        action="student.edit",
        target=student,
        before=before,
        after={name: facts.plain(value) for name, value in changed.items()},
    )


def _derived(student: Student, changed: dict[str, Any]) -> dict[str, Any]:
    more: dict[str, Any] = {}
    if "full_name" in changed:
        more |= facts.name_columns(changed["full_name"])
    hukou = changed.get("hukou_division", "")
    # Without a school the township of the hukou answers for the child.
    if student.school_id is None and len(hukou) >= 9 and hukou.startswith(student.county):
        more["township"] = hukou[:9]
    return more


def _refuse_contradiction(student: Student) -> None:
    kind = StudentIdentifier.Kind.ID_NUMBER
    current = student.identifiers.filter(kind=kind, valid_to=None).first()
    number = current.reveal() if current else ""
    paper = Paper(facts.ID_CARD, number)
    # A passport's number, or a wrong one that came with a roster, says nothing of day and sex.
    if student.id_type in ("", facts.ID_CARD) and not facts.fault_words(paper):
        facts.refuse_contradiction(paper, birth_date=student.birth_date, sex=student.sex)
