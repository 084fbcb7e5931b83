"""谁看过该生: pages opened, numbers shown and lists taken out, with the purpose given."""

from dataclasses import dataclass
from datetime import datetime

from core.models import AuditEntry
from students.models import ExportedStudent, Student
from students.people import looks

_LATEST = 100


@dataclass(frozen=True, slots=True)
class Look:
    at: datetime
    actor_name: str
    words: str
    purpose: str


def looks_at(student: Student) -> list[Look]:
    """Newest first; of a merged child at both records."""
    records = [student.pk, *student.absorbed.values_list("pk", flat=True)]
    found = [*_shown(student.county, records), *_exported(student.county, records)]
    return sorted(found, key=lambda look: look.at, reverse=True)[:_LATEST]


def _shown(county: str, records: list[int]) -> list[Look]:
    entries = AuditEntry.objects.filter(
        county=county,
        target_type=Student._meta.label_lower,
        target_id__in=records,
        action__in=looks.ALL,
    )
    return [
        Look(e.at, e.actor_name, _words(e), e.purpose) for e in entries.order_by("-pk")[:_LATEST]
    ]


def _exported(county: str, records: list[int]) -> list[Look]:
    rows = ExportedStudent.objects.filter(county=county, student__in=records)
    newest = rows.select_related("export__actor").order_by("-export__at")[:_LATEST]
    return [
        Look(
            row.export.at,
            row.export.actor.full_name,
            f"下载名单（{row.export.total:,} 名，号码已掩码）",
            row.export.words,
        )
        for row in newest
    ]


def _words(entry: AuditEntry) -> str:
    if entry.action == looks.LOOK:
        return "打开学生页面"
    return f"查看{entry.after.get('shown', '号码')}"
