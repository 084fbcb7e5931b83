"""A decision taken back: the child as before, as long as nothing else has changed there since."""

from datetime import date
from typing import Any

from django.utils import timezone

from accounts.models import User
from core import audit, names
from students.comparison.taking import said_by
from students.models import Enrolment, MatchDifference, MatchRun, PersonCategory, Student

# What an outcome calls the child's own columns.
_COLUMNS = {
    "name": "full_name",
    "birth_date": "birth_date",
    "sex": "sex",
    "ethnicity_code": "ethnicity_code",
}
_SINCE = "{name}的资料在采用以后又有变动，不能撤销。请到学生页面核对，需要改的在那里改。"


class CannotTakeBack(Exception):
    """The text says why, and where to go instead."""


def take_back(run: MatchRun, row: MatchDifference, *, actor: User) -> None:
    """The caller holds the run and the county. Errors: CannotTakeBack."""
    outcome = row.outcome or {}
    if "student" in outcome:
        raise CannotTakeBack(
            "已按这条结果建立或关联学生记录，不能撤销。记录有误的，请在学生页面办理。"
        )
    if "case" in outcome:
        raise CannotTakeBack("已按这条结果建立个案，不能撤销。核查有误的，请在个案里办理。")
    is_accepted = row.decision == MatchDifference.Decision.ACCEPTED
    if row.found != MatchDifference.Found.DIFFERS or not is_accepted:
        return
    if row.outcome is None:
        raise CannotTakeBack("这条结果正在写入，请等任务完成后再撤销。")
    if outcome.get("took"):
        _restore(run, row, outcome, actor=actor)


def _restore(run: MatchRun, row: MatchDifference, outcome: dict[str, Any], *, actor: User) -> None:
    rows = Student.objects.select_for_update(of=("self",))
    student = rows.get(pk=row.student_id or 0)
    took = outcome["took"]
    if student.merged_into_id is not None:
        raise CannotTakeBack(_SINCE.format(name=student.full_name))
    _restore_columns(student, took)
    if outcome.get("move"):
        _restore_stay(student, outcome["move"])
    if "categories" in took:
        _withdraw_categories(run, student, took["categories"][1])
    student.updated_at = timezone.now()
    student.save()
    audit.record(
        county=run.county,
        actor=actor,
        action="student.take_back",
        target=student,
        before={_COLUMNS.get(name, name): after for name, (_, after) in took.items()},
        after={
            _COLUMNS.get(name, name): before
            for name, (before, _) in took.items()
            if name != "categories"
        },
        purpose=said_by(run),
    )


def _restore_columns(student: Student, took: dict[str, list[Any]]) -> None:
    for name, (before, after) in took.items():
        column = _COLUMNS.get(name)
        if column is None:
            continue
        if getattr(student, column) != _value(name, after):
            raise CannotTakeBack(_SINCE.format(name=student.full_name))
        setattr(student, column, _value(name, before))
    if "name" in took:
        keys = names.search_keys(student.full_name)
        student.name_key, student.name_tokens = keys.pinyin[:200], keys.tokens


def _value(name: str, said: str | None) -> date | str | None:
    return date.fromisoformat(said) if name == "birth_date" and said else said


def _restore_stay(student: Student, move: dict[str, Any]) -> None:
    """The stay that was begun goes, the one before it goes on."""
    stays = Enrolment.objects.filter(student=student)
    new = stays.filter(pk=move["new"], valid_to=None).first()
    if new is None or (new.school_id, new.class_group_id, new.grade) != (
        student.school_id,
        None,
        student.grade,
    ):
        raise CannotTakeBack(_SINCE.format(name=student.full_name))
    day = new.valid_from
    new.delete()
    if move["old"] is not None:
        rows = stays.filter(pk=move["old"], valid_to__lt=day)
        if not rows.update(valid_to=None):
            raise CannotTakeBack(_SINCE.format(name=student.full_name))
    student.school_id, student.class_group_id = move["school"], move["class_group"]
    student.grade, student.township = move["grade"], move["township"]


def _withdraw_categories(run: MatchRun, student: Student, types: list[str]) -> None:
    of = run.office_list
    rows = PersonCategory.objects.filter(
        student=student,
        type__in=types,
        source=of.source[:60],
        valid_from=of.list_date,
        valid_to=None,
    )
    if rows.count() != len(types):
        raise CannotTakeBack(_SINCE.format(name=student.full_name))
    rows.delete()
