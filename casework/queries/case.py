"""One case with all that stands on its sheet."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db.models import Count, Q

from casework.models import (
    CaseCode,
    CaseEvent,
    CaseSignature,
    DropoutCase,
    HomeVisit,
    VisitPhoto,
)
from casework.queries.cases import grade_name
from casework.states import CaseState
from students.models import StudentGuardian, StudentIdentifier

_ENDED_ON = {
    CaseState.EXCLUDED: "排除日期",
    CaseState.CLOSED: "销号日期",
    CaseState.LAPSED: "核减日期",
    CaseState.RELAPSED: "再次辍学日期",
}


@dataclass(frozen=True)
class CaseFile:
    """One case with all that stands on its sheet."""

    case: DropoutCase

    @cached_property
    def names(self) -> dict[str, dict[str, str]]:
        found: dict[str, dict[str, str]] = {}
        for code_list, code, name in CaseCode.objects.values_list("list", "code", "name"):
            found.setdefault(code_list, {})[code] = name
        return found

    def name(self, code_list: str, code: str) -> str:
        return self.names.get(code_list, {}).get(code, code)

    @cached_property
    def visits(self) -> list[HomeVisit]:
        photos = Count("photos", filter=Q(photos__state=VisitPhoto.State.STORED))
        rows = self.case.visits.annotate(photo_count=photos)
        return list(rows.order_by("-visited_on", "-logged_at"))

    @cached_property
    def events(self) -> list[CaseEvent]:
        return list(self.case.events.order_by("-pk"))

    @cached_property
    def signatures(self) -> list[CaseSignature]:
        """With those that are void: they stay on record."""
        return list(self.case.signatures.order_by("-pk"))

    @cached_property
    def later_case(self) -> DropoutCase | None:
        county, case = self.case.county, self.case
        return DropoutCase.objects.filter(county=county, previous_case=case).first()

    def child(self) -> list[tuple[str, Any]]:
        student = self.case.student
        numbers = {
            row.kind: row.mask
            for row in StudentIdentifier.objects.filter(student=student, valid_to=None)
        }
        place = [grade_name(student), str(student.class_group or "")]
        return [
            ("姓名", student.full_name),
            ("性别", student.sex),
            ("出生日期", student.birth_date),
            ("身份证件号", numbers.get(StudentIdentifier.Kind.ID_NUMBER)),
            ("学籍号", numbers.get(StudentIdentifier.Kind.STUDENT_NO)),
            ("就读学校", student.school),
            ("年级班级", " ".join(part for part in place if part)),
            ("现居住地", student.residence_address),
            *self._guardians(),
        ]

    def _guardians(self) -> list[tuple[str, str]]:
        rows = StudentGuardian.objects.filter(
            student=self.case.student, valid_to=None
        ).select_related("guardian")
        return [("监护人", f"{row.guardian} {row.guardian.phone_mask}".strip()) for row in rows]

    def suspicion(self) -> list[tuple[str, Any]]:
        case = self.case
        return [
            ("建案日期", case.opened_on),
            ("数据来源", self.name("source", case.source)),
            ("下发批次", case.sent_down_batch),
            ("最后到校", case.last_present_on),
            ("建案时学校", case.school_at_opening),
            ("疑似原因", case.suspicion),
        ]

    def course(self) -> list[tuple[str, Any]]:
        """Check, dropout, return and end: only what has happened."""
        case = self.case
        causes = [self.name("cause", code) for code in case.causes]
        every = [
            ("核查结果", self.name("verification", case.verification_result)),
            ("核查日期", case.verified_on),
            ("核查人", case.verified_by),
            ("佐证材料", case.evidence),
            ("辍学日期", case.dropped_out_on),
            ("主要原因", self.name("cause", case.main_cause)),
            ("全部原因", "、".join(causes) if len(causes) > 1 else ""),
            ("目前去向", case.whereabouts),
            ("复学日期", case.returned_on),
            ("安置方式", self.name("placement", case.placement)),
            ("核减原因", self.name("lapse", case.lapse_reason)),
            ("安置或核减依据", case.ending_proof),
            (_ENDED_ON.get(CaseState(case.state), ""), case.closed_on),
        ]
        return [(label, value) for label, value in every if value]
