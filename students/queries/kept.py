"""Children an undone roster left as they are, and what was touched about them since."""

from dataclasses import dataclass

from django.db.models import QuerySet

from students.duplicates.rules import NAMES
from students.models import ImportBatch, RosterTrace, Student

_WORDS = {
    "students_duplicatepair": "疑似重复已有结论",
    "students_studentmerge": "合并记录",
    "students_bulkrow": "批量办理",
    "students_exportedstudent": "导出过的名单",
    "students_rosterrow": "后来的名册",
}


@dataclass(frozen=True, slots=True)
class KeptLine:
    student: Student | None
    touched: list[str]


def children(batch: ImportBatch) -> QuerySet[RosterTrace]:
    return RosterTrace.objects.filter(batch=batch).exclude(touched=[])


def lines(batch: ImportBatch, rows: list[RosterTrace]) -> list[KeptLine]:
    keys = [row.student_id for row in rows]
    found = Student.objects.filter(county=batch.county).select_related("merged_into")
    by_key = {student.pk: student for student in found.filter(pk__in=keys)}
    return [
        KeptLine(_standing(by_key.get(row.student_id)), [_words(table) for table in row.touched])
        for row in rows
    ]


def _standing(student: Student | None) -> Student | None:
    """The record that goes on, where this one was merged."""
    return student.merged_into or student if student else None


def _words(table: str) -> str:
    by_table = {label.replace(".", "_"): name for label, name in NAMES.items()}
    return _WORDS.get(table) or by_table.get(table) or "其他业务记录"
