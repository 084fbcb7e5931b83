"""Who may do what, where. Pure values: no request, no user, no database."""

from dataclasses import dataclass
from enum import StrEnum

from django.db.models import Q


class Permission(StrEnum):
    HOME_VIEW = "home.view"
    STUDENT_VIEW = "student.view"
    STUDENT_EDIT = "student.edit"
    STUDENT_ROLL_OVER = "student.roll_over"
    IDENTITY_REVEAL = "identity.reveal"
    ROSTER_IMPORT = "roster.import"
    CASE_VIEW = "case.view"
    CASE_OPEN = "case.open"
    CASE_MANAGE = "case.manage"
    CASE_SIGN = "case.sign"
    CASE_CLOSE = "case.close"
    CASE_HAND_OVER = "case.hand_over"
    PLAN_WRITE = "plan.write"
    PLAN_APPROVE = "plan.approve"
    LEGAL_ISSUE = "legal.issue"
    LEGAL_RULES = "legal.rules"
    VISIT_REVIEW = "visit.review"
    VISIT_PLAN = "visit.plan"
    VISIT_LOG = "visit.log"
    ATTENDANCE_TAKE = "attendance.take"
    MONTH_REPORT = "month.report"
    DEADLINE_SET = "deadline.set"
    RESPONSIBILITY_VIEW = "responsibility.view"
    RESPONSIBILITY_ASSIGN = "responsibility.assign"
    RESPONSIBILITY_POSTS = "responsibility.posts"
    LEDGER_VIEW = "ledger.view"
    LEDGER_BUILD = "ledger.build"
    LEDGER_EXPORT = "ledger.export"
    LEDGER_PULL = "ledger.pull"
    JOB_VIEW = "job.view"
    AUDIT_VIEW = "audit.view"
    TOKEN_MANAGE = "token.manage"  # noqa: S105
    USER_MANAGE = "user.manage"
    OWN_ACCOUNT = "account.own"


@dataclass(frozen=True, slots=True)
class Reach:
    """One grant: these permissions, at this place and below it.

    `region` is a division code (2, 4, 6 or 9 digits); else one school or one class.
    """

    permissions: frozenset[Permission]
    region: str = ""
    school: int | None = None
    class_group: int | None = None

    def q(self, *, county: str, township: str, school: str, class_group: str) -> Q:
        if self.region and county.startswith(self.region):
            return Q(county=county)
        if self.region and self.region.startswith(county):
            return Q(**{township: self.region}) if township else Q(pk__in=())
        if self.school is not None and school:
            return Q(**{school: self.school})
        if self.class_group is not None and class_group:
            return Q(**{class_group: self.class_group})
        return Q(pk__in=())


@dataclass(frozen=True, slots=True)
class Scope:
    """All grants of one caller, looking at one county.

    The county stands in every filter: it is the tenant wall and the head of every index.
    """

    county: str = ""
    grants: tuple[Reach, ...] = ()

    def can(self, permission: Permission) -> bool:
        return any(permission in grant.permissions for grant in self.grants)

    def whole_county(self, permission: Permission) -> bool:
        return any(
            permission in grant.permissions
            and bool(grant.region)
            and self.county.startswith(grant.region)
            for grant in self.grants
        )

    def q(
        self,
        permission: Permission,
        *,
        township: str = "township",
        school: str = "school",
        class_group: str = "class_group",
    ) -> Q:
        # Grants are not merged: a user may read a township yet write only one class.
        rows = Q(pk__in=())
        for grant in self.grants:
            if permission in grant.permissions:
                rows |= grant.q(
                    county=self.county, township=township, school=school, class_group=class_group
                )
        return Q(county=self.county) & rows
