"""Reads for the pages of transfers."""

from dataclasses import dataclass
from datetime import date

from django.db.models import Count, QuerySet

from core.access import Permission, Scope
from schools.models import ClassGroup, School, Stage
from students.models import Transfer, TransferOffer
from students.rosters.grades import stage_and_entry_year
from students.transfers.states import TransferState

VIEW = Permission.STUDENT_VIEW
IN, OUT = "in", "out"
TONES = {
    TransferState.SENT: "busy",
    TransferState.OVERDUE: "bad",
    TransferState.ACCEPTED: "good",
    TransferState.REFUSED: "warn",
    TransferState.WITHDRAWN: "",
}


@dataclass(frozen=True, slots=True)
class Box:
    """The incoming or the outgoing transfers of a caller, and one state of them."""

    scope: Scope
    side: str = IN
    state: str = ""

    @property
    def _all(self) -> QuerySet[Transfer]:
        rows = Transfer.objects
        if self.side == OUT:
            return rows.sent_by(self.scope, VIEW)
        return rows.received_by(self.scope, VIEW)

    @property
    def rows(self) -> QuerySet[Transfer]:
        rows = self._all.filter(state=self.state) if self.state else self._all
        return rows.select_related("student", "from_school", "to_school", "to_division")

    def counts(self) -> list[tuple[str, str, int]]:
        """Every state with its count; the first, all of them, is their sum."""
        return _by_state(dict(self._all.values_list("state").annotate(count=Count("pk"))))


def box(scope: Scope, *, side: str, state: str) -> Box:
    return Box(
        scope,
        OUT if side == OUT else IN,
        state if state in TransferState.values else "",
    )


def transfers(scope: Scope) -> QuerySet[Transfer]:
    return Transfer.objects.within(scope, VIEW).select_related(
        "student", "from_school", "from_class", "to_school", "to_division", "class_group"
    )


def offers(scope: Scope, *, state: str = "") -> QuerySet[TransferOffer]:
    """What other counties of this database sent to this one."""
    rows = TransferOffer.objects.within(scope, VIEW)
    rows = rows.filter(state=state) if state in TransferState.values else rows
    return rows.select_related(
        "from_division", "from_school", "to_school", "class_group", "student"
    )


def offer_counts(scope: Scope) -> list[tuple[str, str, int]]:
    """Every state with its count; the first, all of them, is their sum."""
    rows = TransferOffer.objects.within(scope, VIEW)
    return _by_state(dict(rows.values_list("state").annotate(count=Count("pk"))))


def _by_state(counted: dict[str, int]) -> list[tuple[str, str, int]]:
    states = [(s.value, str(s.label), counted.get(s.value, 0)) for s in TransferState]
    return [("", "全部", sum(counted.values())), *states]


def receiving_schools(
    county: str, *, but: int | None, grade: int | None, on: date
) -> list[tuple[int, str]]:
    """Open schools of the county that teach the child's grade."""
    found = School.objects.filter(county=county).open_on(on).exclude(pk=but or 0)
    stage, _ = stage_and_entry_year(grade, school_year=on.year)
    if stage:
        found = found.filter(stages__overlap=[stage, Stage.SPECIAL])
    return list(found.order_by("code").values_list("pk", "name"))


def classes_for(transfer: Transfer, *, on: date) -> list[ClassGroup]:
    """Classes of the receiving school that the child's grade belongs in."""
    if transfer.to_school_id is None:
        return []
    year = on.year if on.month >= 9 else on.year - 1
    stage, entry_year = stage_and_entry_year(transfer.grade, school_year=year)
    groups = ClassGroup.objects.filter(school=transfer.to_school_id)
    if stage:
        groups = groups.filter(stage__in=[stage, ""], entry_year=entry_year)
    return sorted(groups, key=lambda group: (len(group.number), group.number))
