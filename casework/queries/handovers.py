"""Whose case it is, whom it can be handed to, and the lists of both sides."""

from dataclasses import dataclass
from datetime import date
from functools import cached_property

from django.db.models import Q

from accounts.models import Grant, User
from accounts.roles import PERMISSIONS
from casework.models import CaseHandover, DropoutCase
from casework.models.handover import HandoverQuerySet, HandoverState
from core.access import Permission, Scope
from students.models import Transfer
from students.transfers.states import TransferState

HAND_OVER = Permission.CASE_HAND_OVER
WITH_THE_CHILD = "transfer"
Choice = tuple[str, str]


@dataclass(frozen=True)
class Owner:
    """A person, or the school or county the case came to with its child."""

    words: str
    person_id: int | None = None


@dataclass(frozen=True)
class Handing:
    """The hand-overs of one case."""

    case: DropoutCase

    @cached_property
    def rows(self) -> list[CaseHandover]:
        """The newest first."""
        return list(self.case.handovers.order_by("-pk"))

    @property
    def open(self) -> CaseHandover | None:
        return next((row for row in self.rows if row.is_open), None)

    @property
    def answered(self) -> list[CaseHandover]:
        return [row for row in self.rows if not row.is_open]

    @cached_property
    def owner(self) -> Owner:
        """Who accepted last; at first who opened the case."""
        done = [row for row in self.rows if row.state == HandoverState.ACCEPTED]
        if done:
            newest = max(done, key=lambda row: (row.answered_at or row.offered_at, row.pk))
            return Owner(newest.to_words, newest.to_user_id)
        first = self.case.events.order_by("pk").first()
        if first is None or first.actor_id is None:
            return Owner("未指定（由就读学校办理）")
        return Owner(first.actor_name, first.actor_id)


def receivers(case: DropoutCase, *, on: date, without: set[int | None]) -> list[tuple[User, str]]:
    """Who works with cases where this child is today, each with post and place."""
    roles = [role for role, held in PERMISSIONS.items() if HAND_OVER in held]
    child = case.student
    here = Q(division__in=[case.county, child.township]) | Q(school=child.school_id or 0)
    here |= Q(class_group=child.class_group_id or 0)
    grants = Grant.objects.valid_on(on).filter(here, role__in=roles, user__is_active=True)
    rows = grants.select_related("user", "division", "school", "class_group__school")
    found: dict[int, tuple[User, str]] = {}
    for grant in rows.exclude(user__in=without - {None}).order_by("role", "user__full_name", "pk"):
        words = f"{grant.user.full_name}（{grant.place_words} {grant.get_role_display()}）"
        found.setdefault(grant.user_id, (grant.user, words))
    return list(found.values())


def transfer_on_its_way(case: DropoutCase) -> Transfer | None:
    rows = Transfer.objects.filter(county=case.county, student=case.student_id)
    return rows.filter(state=TransferState.SENT).select_related("to_school", "to_division").first()


def choices(case: DropoutCase, *, giver: int, on: date) -> list[Choice]:
    """Whom the form offers: people by their key, and the other side of a transfer."""
    without = {giver, Handing(case).owner.person_id}
    people = [(str(user.pk), words) for user, words in receivers(case, on=on, without=without)]
    transfer = transfer_on_its_way(case)
    if transfer is None:
        return people
    return [(WITH_THE_CHILD, f"随转学移交给{transfer.to_words}"), *people]


TABS: tuple[Choice, ...] = (
    ("asked", "交给我的"),
    ("offered", "我交出的"),
    ("reach", "本辖区全部"),
)


@dataclass(frozen=True)
class HandoverList:
    scope: Scope
    reader: int

    def rows(self, tab: str) -> HandoverQuerySet:
        every = CaseHandover.objects.filter(county=self.scope.county)
        if tab == "asked":
            every = CaseHandover.objects.asked_of(self.reader, self.scope)
        elif tab == "offered":
            every = every.filter(offered_by=self.reader)
        else:
            every = CaseHandover.objects.within(self.scope, Permission.CASE_VIEW)
        return every.select_related("case__student__school", "transfer")

    def tabs(self) -> list[tuple[str, str, int]]:
        """With how many wait for an answer."""
        return [(tab, label, self.rows(tab).still_open().count()) for tab, label in TABS]
