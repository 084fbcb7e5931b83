"""What becomes of two records' rows about one matter. Every exception of a merge stands here.

A table that is named nowhere below moves whole. Where its own constraint says "one at a time" and
both records have one, the merge is refused in the words of REFUSALS.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from typing import Any

from django.db import models

from students.duplicates.timeline import Span, covering, left_free
from students.models import (
    BulkRow,
    DisabilityRecord,
    DuplicatePair,
    Enrolment,
    ExportedStudent,
    HouseholdMember,
    LeftBehindFact,
    ListEntry,
    MatchDifference,
    MergedRow,
    PersonCategory,
    RollOverRow,
    RosterRow,
    SchoolPromise,
    SealedExtra,
    StudentGuardian,
    StudentIdentifier,
    StudentMerge,
)

# Trails of one moment: they go on naming the record they were about.
STAYS = frozenset(
    model._meta.label_lower
    for model in (
        DuplicatePair,
        StudentMerge,
        MergedRow,
        RosterRow,
        RollOverRow,
        ListEntry,
        MatchDifference,
        BulkRow,
        ExportedStudent,
    )
)

# By the name of the constraint that both records together would break.
REFUSALS = {
    "case_one_open_per_student": (
        "两份记录各有一个未结的控辍保学个案，系统不会替您并案。请先办结其中一个（确属重复建案的，"
        "核查为“已排除”并写明佐证材料），再来合并。"
    ),
    "transfer_one_open_per_student": (
        "两份记录各有一笔未办完的转学。请先撤回或办完其中一笔，再来合并。"
    ),
    "responsibility_one_at_a_time_per_student": (
        "两份记录在同一包保岗位上各有一名责任人。请先在“包保责任”里结束其中一名，再来合并。"
    ),
    "pledge_once_a_year_per_student": (
        "两份记录各有一份同年度的家庭责任书，系统不会替您取舍。请先在“目标责任书”里"
        "撤下其中一份，再来合并。"
    ),
    "planned_once_per_batch": (
        "两份记录同在一批走访计划里。请先在“批次走访”里取消其中一人的走访，再来合并。"
    ),
    "conflict_asked_once": ("两份记录各有一条同类的数据争议待核定。请先核定其中一条，再来合并。"),
}
# How people call the rows of a table, for lists of what moves and of what was touched since.
NAMES = {
    "students.student": "学生资料",
    "students.studentidentifier": "证件号、学籍号",
    "students.studentguardian": "监护关系",
    "students.householdmember": "户籍成员",
    "students.enrolment": "就读经历",
    "students.personcategory": "类别",
    "students.disabilityrecord": "残疾信息",
    "students.leftbehindfact": "父母外出",
    "students.sealedextra": "名册附加栏",
    "students.schoolpromise": "小升初去向",
    "students.transfer": "转学",
    "students.transferoffer": "外县转来",
    "students.factconflict": "名单出入",
    "casework.dropoutcase": "控辍保学个案",
    "casework.homevisit": "家访",
    "casework.plannedvisit": "计划走访",
    "casework.heldop": "待处理的家访",
    "casework.absence": "缺课",
    "casework.responsibilityassignment": "包保责任人",
    "casework.responsibilitypledge": "家庭责任书",
}
OTHER_REFUSAL = (
    "两份记录在“{what}”中各有一条不能并存的内容，暂时不能合并。请先在该处改正其中一条，再来合并。"
)


@dataclass(frozen=True, slots=True)
class Folding:
    """One merge. `chosen` says by field, number and place whose value holds: kept or absorbed."""

    kept: int
    absorbed: int
    on: date
    chosen: dict[str, str]

    def winner(self, field: str) -> int:
        return self.absorbed if self.chosen.get(field) == "absorbed" else self.kept

    def loser(self, field: str) -> int:
        return self.kept if self.winner(field) == self.absorbed else self.absorbed

    @property
    def both(self) -> list[int]:
        return [self.kept, self.absorbed]


def fold(folding: Folding) -> None:
    """Make room: afterwards every row of the absorbed record fits beside those that stay."""
    for rule in _RULES:
        rule(folding)


def _end_other_numbers(folding: Folding) -> None:
    """Both numbers stay known for good; one of a kind is the number of today."""
    for kind in StudentIdentifier.Kind.values:
        current = StudentIdentifier.objects.filter(kind=kind, valid_to=None)
        winner, loser = folding.winner(kind), folding.loser(kind)
        if current.filter(student=winner).exists():
            current.filter(student=loser).update(valid_to=folding.on)


def _cut_enrolments(folding: Folding) -> None:
    """A child is at one school at a time: the chosen record's days stand, the other fills gaps."""
    taken = [
        Span(one.valid_from, one.valid_to)
        for one in Enrolment.objects.filter(student=folding.winner("place"))
    ]
    for row in Enrolment.objects.filter(student=folding.loser("place")):
        span = Span(row.valid_from, row.valid_to)
        parts = left_free(span, taken)
        if parts == [span]:
            continue
        pk = row.pk
        row.delete()
        # Written latest first: the last part is the old row under its own key.
        for key, part in zip([pk, *[None] * len(parts)], reversed(parts), strict=False):
            row.pk, (row.valid_from, row.valid_to) = key, part
            row.save(force_insert=True)


def _unite_categories(folding: Folding) -> None:
    rows = PersonCategory.objects.filter(student__in=folding.both).order_by(
        "type_id", "valid_from", "pk"
    )
    for _, same_type in groupby(rows, key=lambda row: row.type_id):
        _unite(list(same_type))


def _unite(rows: list[Any]) -> None:
    """Rows that overlap become the earliest of them, stretched over all."""
    for head, *others in _chains(rows):
        whole = covering([Span(row.valid_from, row.valid_to) for row in (head, *others)])
        for row in others:
            row.delete()
        if whole.end != head.valid_to:
            head.valid_to = whole.end
            head.save(update_fields=["valid_to"])


def _chains(rows: list[Any]) -> list[list[Any]]:
    """Rows by beginning, parted where no earlier one reaches the next."""
    chains: list[list[Any]] = []
    reached = Span(date.min, date.min)
    for row in rows:
        span = Span(row.valid_from, row.valid_to)
        if chains and span.overlaps(reached):
            chains[-1].append(row)
            reached = covering([reached, span])
        else:
            chains.append([row])
            reached = span
    return chains


def _newest_holds(model: type[models.Model]) -> Callable[[Folding], None]:
    """Of two open facts the one that began later holds, and the other ends on the day before."""

    def rule(folding: Folding) -> None:
        manager = model._default_manager
        rows: list[Any] = list(manager.filter(student__in=folding.both, valid_to=None))
        if len(rows) < 2:
            return
        older, newer = sorted(
            rows, key=lambda row: (row.valid_from, row.student_id == folding.kept, row.pk)
        )
        if older.valid_from == newer.valid_from:
            older.delete()
            return
        older.valid_to = newer.valid_from - timedelta(days=1)
        older.save(update_fields=["valid_to"])

    return rule


def _fold_guardianships(folding: Folding) -> None:
    """The same person in the same relation once: the one with a telephone, else the kept one's."""
    ties = StudentGuardian.objects.filter(student__in=folding.both, valid_to=None)
    rows = sorted(
        ties.select_related("guardian"),
        key=lambda tie: (
            tie.relation_code,
            tie.guardian.full_name,
            not tie.guardian.phone_mask,
            tie.student_id != folding.kept,
            tie.pk,
        ),
    )
    for _, same in groupby(rows, key=lambda tie: (tie.relation_code, tie.guardian.full_name)):
        head, *others = same
        for tie in others:
            if tie.student_id != head.student_id and _may_be_one(head, tie):
                tie.delete()
    _end_doubled_guardians(folding)


def _may_be_one(tie: StudentGuardian, other: StudentGuardian) -> bool:
    one, two = tie.guardian, other.guardian
    if one.number_blind and two.number_blind:
        return bytes(one.number_blind) == bytes(two.number_blind)
    return one.phone_mask == two.phone_mask or not (one.phone_mask and two.phone_mask)


def _end_doubled_guardians(folding: Folding) -> None:
    """One guardian row tied to both records in two relations: a guardian is a child's once."""
    ours = StudentGuardian.objects.filter(student=folding.kept, valid_to=None)
    theirs = StudentGuardian.objects.filter(student=folding.absorbed, valid_to=None)
    theirs.filter(guardian__in=ours.values("guardian")).delete()


def _ours_stands(model: type[models.Model], *same: str) -> Callable[[Folding], None]:
    """One row for each value of `same`: that of the record that stays."""

    def rule(folding: Folding) -> None:
        manager = model._default_manager
        ours = manager.filter(student=folding.kept)
        for values in ours.values(*same):
            manager.filter(student=folding.absorbed, **values).delete()

    return rule


_RULES: tuple[Callable[[Folding], None], ...] = (
    _end_other_numbers,
    _cut_enrolments,
    _unite_categories,
    _newest_holds(DisabilityRecord),
    _newest_holds(LeftBehindFact),
    _newest_holds(HouseholdMember),
    _fold_guardianships,
    _ours_stands(SealedExtra, "columns"),
    _ours_stands(SchoolPromise, "school_year"),
)
