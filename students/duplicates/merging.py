"""Two records of one child become one, and, if it was a mistake, two again."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from accounts.models import User
from core import audit, idnumber
from core.access import Permission, Scope
from students.duplicates import images, rules
from students.duplicates.images import Images, Key
from students.models import DuplicatePair, Enrolment, Student, StudentIdentifier, StudentMerge

EDIT = Permission.STUDENT_EDIT
State = DuplicatePair.State
Kind = StudentIdentifier.Kind

PLAIN_FIELDS = (
    "full_name",
    "former_name",
    "sex",
    "birth_date",
    "ethnicity_code",
    "hukou_division",
    "hukou_address",
    "residence_address",
)
# Beside them: which number is today's, and at which school the child is.
FIELDS = (*PLAIN_FIELDS, *Kind.values, "place")
KEPT, ABSORBED = "kept", "absorbed"

_NO_ROSTER_NOW = "SELECT pg_try_advisory_xact_lock(hashtext('students.rosters'), %s)"


class MergeRefused(Exception):
    """The records cannot be joined or parted as asked; the text says what to do first."""


class TouchedSince(MergeRefused):
    """Somebody worked on the child after the merge; `rows` lists what was written."""

    def __init__(self, rows: list[str]) -> None:
        self.rows = rows
        super().__init__(
            "合并以后这名学生的记录又有变动，系统不能判断这些变动该归哪一份，不能撤销。"
            "请核对下列内容；确需分开的，先改回或移走这些内容，再来撤销。"
        )


@transaction.atomic
def merge(
    *,
    scope: Scope,
    actor: User,
    pair_id: int,
    kept_id: int,
    chosen: dict[str, str],
    now: datetime,
    note: str = "",
) -> StudentMerge:
    """`chosen` names for a field whose value holds, KEPT or ABSORBED; what is not named is the
    kept record's, or the other's where the kept one is blank. Sent twice it is one merge.

    Errors: DuplicatePair.DoesNotExist, MergeRefused.
    """
    pair = _held(scope, pair_id)
    if pair.state == State.MERGED:
        return pair.merges.get(undone_at=None)
    if kept_id not in (pair.first_id, pair.second_id):
        raise MergeRefused("请选定两份记录中保留哪一份。")
    kept, absorbed = _both(pair, kept_id)
    if kept.merged_into_id or absorbed.merged_into_id:
        raise MergeRefused("其中一份记录已并入别的记录。请回到列表，从新的一对开始核对。")
    before = images.take(kept=kept.pk, absorbed=absorbed.pk)
    was = {name: getattr(kept, name) for name in PLAIN_FIELDS}
    _join(kept, absorbed, chosen=_complete(kept, absorbed, chosen), now=now)
    done = StudentMerge.objects.create(
        county=pair.county,
        pair=pair,
        kept=kept,
        absorbed=absorbed,
        chosen=chosen,
        merged_at=now,
        merged_by=actor.pk,
        merged_by_name=actor.full_name,
    )
    images.keep(done, before=before, after=images.take(kept=kept.pk, absorbed=absorbed.pk))
    decide(pair, actor=actor, state=State.MERGED, now=now, note=note)
    changed = {name: value for name, value in was.items() if getattr(kept, name) != value}
    audit.record(
        county=pair.county,
        actor=actor,
        action="student.merge",
        target=kept,
        before={name: _plain(value) for name, value in changed.items()},
        after={name: _plain(getattr(kept, name)) for name in changed},
    )
    audit.record(county=pair.county, actor=actor, action="student.absorbed", target=absorbed)
    return done


@transaction.atomic
def undo(*, scope: Scope, actor: User, pair_id: int, now: datetime) -> StudentMerge:
    """Both records as they were, to the letter.

    Errors: DuplicatePair.DoesNotExist, MergeRefused, TouchedSince.
    """
    pair = _held(scope, pair_id)
    done = pair.merges.filter(undone_at=None).first()
    if done is None:
        raise MergeRefused("这一对记录没有合并过，或者已经撤销。")
    kept, absorbed = _both(pair, done.kept_id)
    touched = _touched(images.kept_after(done), images.take(kept=kept.pk, absorbed=absorbed.pk))
    if touched:
        raise TouchedSince(touched)
    with _conflicts_in_words():
        images.put_back(done)
    done.undone_at, done.undone_by, done.undone_by_name = now, actor.pk, actor.full_name
    done.save(update_fields=["undone_at", "undone_by", "undone_by_name"])
    reopen(pair)
    for student in (kept, absorbed):
        audit.record(county=pair.county, actor=actor, action="student.unmerge", target=student)
    return done


def decide(
    pair: DuplicatePair, *, actor: User, state: "DuplicatePair.State", now: datetime, note: str
) -> None:
    pair.state, pair.decided_at, pair.note = state, now, note
    pair.decided_by, pair.decided_by_name = actor.pk, actor.full_name
    pair.save(update_fields=["state", "decided_at", "note", "decided_by", "decided_by_name"])


def reopen(pair: DuplicatePair) -> None:
    pair.state, pair.decided_at, pair.note = State.OPEN, None, ""
    pair.decided_by, pair.decided_by_name = None, ""
    pair.save(update_fields=["state", "decided_at", "note", "decided_by", "decided_by_name"])


# -- joining -----------------------------------------------------------------------------------


def _held(scope: Scope, pair_id: int) -> DuplicatePair:
    pair = DuplicatePair.objects.within(scope, EDIT).select_for_update(of=("self",)).get(pk=pair_id)
    with connection.cursor() as cursor:
        cursor.execute(_NO_ROSTER_NOW, [int(pair.county)])
        if not cursor.fetchone()[0]:
            raise MergeRefused("正在写入名册，其中可能有这名学生。请等名册写完（约几分钟）再试。")
    return pair


def _both(pair: DuplicatePair, kept_id: int) -> tuple[Student, Student]:
    """Locked in one order, whoever stays."""
    pks = [pair.first_id, pair.second_id]
    rows = Student.objects.filter(pk__in=pks).select_for_update(of=("self",)).order_by("pk")
    by_key = {student.pk: student for student in rows}
    return by_key.pop(kept_id), by_key.popitem()[1]


def _complete(kept: Student, absorbed: Student, chosen: dict[str, str]) -> dict[str, str]:
    """A choice for every field: what the kept record leaves blank, the other may say."""
    whole = {name: side for name, side in chosen.items() if name in FIELDS}
    for name in PLAIN_FIELDS:
        blank = getattr(kept, name) in (None, "") and getattr(absorbed, name) not in (None, "")
        whole.setdefault(name, ABSORBED if blank else KEPT)
    for kind in Kind.values:
        if kept.pk not in _holders(kind, kept, absorbed):
            whole[kind] = ABSORBED
    return whole


def _holders(kind: str, *students: Student) -> set[int]:
    current = StudentIdentifier.objects.filter(kind=kind, valid_to=None, student__in=students)
    return set(current.values_list("student_id", flat=True))


def _join(kept: Student, absorbed: Student, *, chosen: dict[str, str], now: datetime) -> None:
    numbered = _holders(Kind.ID_NUMBER, kept, absorbed)
    folding = rules.Folding(kept.pk, absorbed.pk, timezone.localdate(now), chosen)
    with _conflicts_in_words():
        rules.fold(folding)
        images.move(kept=kept.pk, absorbed=absorbed.pk)
    for name in PLAIN_FIELDS:
        if chosen[name] == ABSORBED:
            setattr(kept, name, getattr(absorbed, name))
    if chosen["full_name"] == ABSORBED:
        kept.name_key, kept.name_tokens = absorbed.name_key, absorbed.name_tokens
    if numbered and chosen.get(Kind.ID_NUMBER) == ABSORBED:
        kept.id_type = absorbed.id_type
    kept.has_no_number = kept.has_no_number and not numbered
    kept.extra = absorbed.extra | kept.extra
    kept.updated_at = now
    _refuse_contradiction(kept)
    _stand_where_enrolled(kept, township=kept.township or absorbed.township)
    kept.save()
    _leave(absorbed, into=kept)


def _stand_where_enrolled(student: Student, *, township: str) -> None:
    """The columns that repeat the enrolment of today (students.consistency)."""
    stay = Enrolment.objects.filter(student=student, valid_to=None).select_related("school").first()
    school = stay.school if stay else None
    student.school = school
    student.class_group_id = stay.class_group_id if stay else None
    student.grade = stay.grade if stay else None
    student.township = (school.township_id or "") if school else township


def _leave(student: Student, *, into: Student) -> None:
    student.merged_into = into
    student.school = student.class_group = student.grade = None
    student.township = ""
    student.save(update_fields=["merged_into", "school", "class_group", "grade", "township"])


def _refuse_contradiction(student: Student) -> None:
    current = student.identifiers.filter(kind=Kind.ID_NUMBER, valid_to=None).first()
    number = current.reveal() if current else ""
    if not idnumber.is_valid(number):
        return
    born = idnumber.birth_date(number)
    if student.birth_date not in (None, born):
        raise MergeRefused(
            f"选定的证件号显示出生日期为 {born:%Y-%m-%d}，与选定的出生日期不同。"
            "请对照户口簿，把两项选为同一份记录的。"
        )
    if student.sex not in ("", idnumber.sex(number)):
        raise MergeRefused(
            f"选定的证件号显示性别为{idnumber.sex(number)}，与选定的性别不同。"
            "请对照户口簿，把两项选为同一份记录的。"
        )


@contextmanager
def _conflicts_in_words() -> Iterator[None]:
    """A constraint that both records together would break, as a refusal."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as fault:
        raise MergeRefused(_words(fault)) from fault


def _words(fault: IntegrityError) -> str:
    told = getattr(fault.__cause__, "diag", None)
    words = rules.REFUSALS.get(getattr(told, "constraint_name", None) or "")
    table = getattr(told, "table_name", None) or ""
    labels = {ref.table: rules.NAMES.get(ref.label, ref.label) for ref in images.references()}
    return words or rules.OTHER_REFUSAL.format(what=labels.get(table, table))


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


# -- parting -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Seen:
    key: Key
    image: dict[str, Any]
    what: str

    def __str__(self) -> str:
        label, _ = self.key
        days = (self.image.get(name) for name in ("visited_on", "opened_on", "valid_from"))
        day = next((day for day in days if day), "")
        return f"{rules.NAMES.get(label, label)}{f'（{day}）' if day else ''}：{self.what}"


def _touched(left: Images, now: Images) -> list[str]:
    """What differs from what the merge left, in words."""
    then = {key: json.loads(image) for key, image in left.items()}
    today = {key: json.loads(image) for key, image in now.items()}
    seen = [_Seen(key, today[key], "合并后新增") for key in today.keys() - then.keys()]
    seen += [_Seen(key, then[key], "合并后已删除或移走") for key in then.keys() - today.keys()]
    seen += [
        _Seen(key, today[key], "合并后有修改")
        for key in then.keys() & today.keys()
        # Columns that a later release added say nothing about a touch.
        if any(today[key].get(name) != value for name, value in then[key].items())
    ]
    return sorted(map(str, seen))
