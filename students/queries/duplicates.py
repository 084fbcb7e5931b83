"""Reads for the pages of doubtful pairs: the list, and two records side by side."""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from core import codes
from core.access import Permission, Scope
from schools.models import ClassGroup, School
from students.duplicates import images, rules
from students.duplicates.images import Images
from students.duplicates.merging import FIELDS, PLAIN_FIELDS
from students.models import (
    CategoryType,
    DuplicatePair,
    Guardian,
    Household,
    ImportBatch,
    MergedRow,
    Student,
    StudentIdentifier,
    StudentMerge,
)

EDIT = Permission.STUDENT_EDIT
TWINS = "twins"  # beside the states: open pairs that look like twins
_STUDENT = Student._meta.label_lower


def pairs(scope: Scope, *, state: str, reason: str, batch: str = "") -> QuerySet[DuplicatePair]:
    """What waits for a person unless another state is asked for; the likeliest first."""
    rows = DuplicatePair.objects.within(scope, EDIT).standing()
    if batch.isdecimal() and len(batch) <= 18:
        rows = rows.filter(batch=int(batch))
    if state in (DuplicatePair.State.MERGED, DuplicatePair.State.REJECTED):
        rows = rows.filter(state=state)
    else:
        rows = rows.filter(state=DuplicatePair.State.OPEN, looks_like_twins=state == TWINS)
    if reason in DuplicatePair.Reason.values:
        rows = rows.filter(reasons__contains=[reason])
    return rows.select_related("first__school", "second__school")


def waiting_from(batch: ImportBatch) -> int:
    """Pairs a roster opened on which nobody has decided yet."""
    rows = DuplicatePair.objects.filter(county=batch.county, batch=batch)
    return rows.standing().filter(state=DuplicatePair.State.OPEN, looks_like_twins=False).count()


def reason_words(pair: DuplicatePair) -> list[str]:
    return [str(DuplicatePair.Reason(reason).label) for reason in pair.reasons]


@dataclass(frozen=True, slots=True)
class Line:
    """One matter of both records. With a `name` a person may choose whose value holds."""

    name: str
    label: str
    first: str
    second: str
    default: str

    @property
    def differs(self) -> bool:
        """Both say something, and not the same."""
        return bool(self.first and self.second and self.first != self.second)

    @property
    def is_one_sided(self) -> bool:
        return bool(self.first) != bool(self.second)

    @property
    def is_choice(self) -> bool:
        """Where one side says nothing there is nothing to choose: the other's word is taken."""
        return bool(self.name) and self.differs


@dataclass(frozen=True, slots=True)
class SideBySide:
    lines: list[Line]
    keep: str  # the suggestion: "first" or "second"


def side_by_side(pair: DuplicatePair, done: StudentMerge | None) -> SideBySide:
    """Both records as they stand or, once merged, as they stood before."""
    rows = (
        _before(done) if done else _parsed(images.take(kept=pair.first_id, absorbed=pair.second_id))
    )
    first, second = (_Record(pk, rows) for pk in (pair.first_id, pair.second_id))
    keep = "second" if second.worth > first.worth else "first"
    lines = []
    for name, label in _LABELS.items():
        values = first.said(name), second.said(name)
        if any(values):
            chosen = name if name in FIELDS else ""
            lines.append(Line(chosen, label, *values, default=keep))
    return SideBySide(lines, keep)


def moved(done: StudentMerge) -> list[tuple[str, int]]:
    """How many rows of each kind came to the record that stayed."""
    rows = MergedRow.objects.filter(merge=done, before__student_id=done.absorbed_id)
    counts = Counter(rows.values_list("model", flat=True))
    return [(rules.NAMES.get(model, model), count) for model, count in sorted(counts.items())]


Rows = list[tuple[str, dict[str, Any]]]


def _parsed(found: Images) -> Rows:
    return [(label, json.loads(image)) for (label, _), image in found.items()]


def _before(done: StudentMerge) -> Rows:
    rows = MergedRow.objects.filter(merge=done).order_by("pk").values_list("model", "before")
    return [(label, before) for label, before in rows if before]


class _Record:
    """What one record says, in words and with numbers masked."""

    def __init__(self, pk: int, rows: Rows) -> None:
        own = [(label, row) for label, row in rows if label == _STUDENT and row["id"] == pk]
        self._student = own[0][1]
        self._rows: dict[str, list[dict[str, Any]]] = {}
        for label, row in rows:
            if row.get("student_id") == pk:
                self._rows.setdefault(label, []).append(row)

    @property
    def worth(self) -> tuple[bool, bool, int]:
        """Which record to keep is suggested by number, school and how much hangs on it."""
        return (
            bool(self.said(StudentIdentifier.Kind.ID_NUMBER)),
            bool(self._student["school_id"]),
            sum(map(len, self._rows.values())),
        )

    def said(self, name: str) -> str:
        if name in PLAIN_FIELDS:
            return self._plain(name)
        if name in StudentIdentifier.Kind.values:
            return "、".join(
                row["mask"]
                for row in self._of("students.studentidentifier")
                if row["kind"] == name and row["valid_to"] is None
            )
        if name in _SAYERS:
            return str(_SAYERS[name](self))
        count = len(self._rows.get(name, []))
        return f"{count} 条" if count else ""

    def _of(self, label: str) -> list[dict[str, Any]]:
        return self._rows.get(label, [])

    def _plain(self, name: str) -> str:
        value = self._student[name]
        if name == "ethnicity_code" and value:
            return codes.name("ethnicity", value)
        return value or ""

    def place(self) -> str:
        stay = next((r for r in self._of("students.enrolment") if r["valid_to"] is None), None)
        if stay is None:
            return ""
        school = School.objects.filter(pk=stay["school_id"]).first()
        group = ClassGroup.objects.filter(pk=stay["class_group_id"]).first()
        grade = codes.name("grade", str(stay["grade"])) if stay["grade"] else ""
        words = [school.name if school else "县外学校", grade, str(group or "")]
        return f"{' '.join(filter(None, words))}（{stay['valid_from']} 起）"

    def guardians(self) -> str:
        ties = self._of("students.studentguardian")
        people = Guardian.objects.in_bulk([tie["guardian_id"] for tie in ties])
        told = {str(pk): f"{one.full_name} {one.phone_mask}".strip() for pk, one in people.items()}
        return _listed(told[tie["guardian_id"]] for tie in ties)

    def households(self) -> str:
        rows = self._of("students.householdmember")
        homes = Household.objects.in_bulk([row["household_id"] for row in rows])
        return _listed(str(homes[row["household_id"]]) for row in rows)

    def categories(self) -> str:
        codes_held = [row["type_id"] for row in self._of("students.personcategory")]
        types = CategoryType.objects.in_bulk(codes_held)
        return _listed(types[code].name for code in codes_held)

    def papers(self) -> str:
        return "无户口或无证件" if self._student["has_no_number"] else ""

    def began(self) -> str:
        return str(self._student["created_at"])[:10]


def _listed(words: Iterable[str]) -> str:
    return "、".join(dict.fromkeys(words))


_SAYERS: dict[str, Any] = {
    "place": _Record.place,
    "guardians": _Record.guardians,
    "households": _Record.households,
    "categories": _Record.categories,
    "papers": _Record.papers,
    "began": _Record.began,
}
_PLAIN_LABELS = {
    field.name: str(field.verbose_name)
    for field in Student._meta.fields
    if field.name in PLAIN_FIELDS
}
_LABELS = {
    **{name: label for name, label in _PLAIN_LABELS.items() if name == "full_name"},
    **{str(kind): str(kind.label) for kind in StudentIdentifier.Kind},
    "papers": "证件情况",
    **_PLAIN_LABELS,
    "place": "现就读",
    "guardians": "监护人",
    "households": "所在户",
    "categories": "类别",
    "casework.dropoutcase": "控辍保学个案",
    "casework.homevisit": "家访",
    "students.transfer": "转学",
    "began": "建档日期",
}
