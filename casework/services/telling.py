"""Who hears of what happens to a case: those whose grants reach the child today."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from django.db import connection
from django.db.models import Q
from django.urls import reverse

from accounts.models import Grant, User
from accounts.roles import Role
from casework.models import DropoutCase, LegalPaper
from casework.models.task import CaseTask, TaskLine
from core import notices
from core.models import Notice

# Who works with the child; the county has its lists.
_NEAR = (Role.TOWNSHIP_OFFICER, Role.SCHOOL_HEAD, Role.CLASS_TEACHER)

# One notice a person for one act, however many cases it opened: of one case it leads to the case,
# of many to the list of those that wait for their check.
_OPENED = """
WITH opened AS (
    SELECT c.id, c.county, child.township, child.school_id, child.class_group_id
      FROM casework_dropoutcase c JOIN students_student child ON child.id = c.student_id
     WHERE c.county = %(county)s AND c.id = ANY(%(cases)s::bigint[])
), people AS (
    SELECT g.user_id, g.division_id, g.school_id, g.class_group_id
      FROM accounts_grant g JOIN accounts_user u ON u.id = g.user_id AND u.is_active
     WHERE g.role = ANY(%(roles)s) AND g.valid_from <= %(on)s
       AND (g.valid_to IS NULL OR g.valid_to >= %(on)s)
       AND g.user_id IS DISTINCT FROM %(actor)s
), reached AS (
    SELECT o.id, o.county, g.user_id FROM opened o JOIN people g USING (class_group_id)
    UNION SELECT o.id, o.county, g.user_id FROM opened o JOIN people g ON g.school_id = o.school_id
    UNION SELECT o.id, o.county, g.user_id
            FROM opened o JOIN people g ON g.division_id = o.township
)
INSERT INTO core_notice (county, person_id, event, words, path, tone, created_at)
SELECT county, user_id, %(event)s,
       format('新建疑似辍学个案 %%s 个，请核查', count(*)),
       CASE count(*) WHEN 1 THEN format('/cases/%%s/', min(id)) ELSE %(many)s END,
       %(tone)s, now()
  FROM reached GROUP BY county, user_id
    ON CONFLICT (county, person_id, event) DO NOTHING
"""


def tell_opened(cases: Iterable[DropoutCase], *, actor: User | None, on: date) -> int:
    """Of one act in one county, in one statement; how many people were told."""
    rows = list(cases)
    if not rows:
        return 0
    ids = [case.pk for case in rows]
    values: dict[str, Any] = {
        "county": rows[0].county,
        "cases": ids,
        "roles": list(_NEAR),
        "on": on,
        "actor": actor.pk if actor else None,
        "event": f"cases-opened-{min(ids)}",
        "many": f"{reverse('casework:case-list')}?state=suspected",
        "tone": Notice.Tone.WARN,
    }
    with connection.cursor() as cursor:
        cursor.execute(_OPENED, values)
        return int(cursor.rowcount)


def tell_to_sign(case: DropoutCase, task: CaseTask, *, on: date) -> int:
    """Whoever signs on the line; the county where the child has no school or township."""
    child = case.student
    if task.line == TaskLine.EDUCATION:
        place, role = Q(school=child.school_id), Role.SCHOOL_HEAD
        is_placed = child.school_id is not None
    else:
        place, role = Q(division=child.township), Role.TOWNSHIP_OFFICER
        is_placed = bool(child.township)
    if not is_placed:
        place, role = Q(division=case.county), Role.COUNTY_OFFICER
    people = _holders(place, role, on=on)
    return notices.tell(
        county=case.county,
        people=people,
        event=f"sign-{task.pk}",
        words=f"有一个个案可以销号或核减，等待{TaskLine(task.line).label}签字。",
        path=reverse("casework:case-detail", args=[case.pk]),
        tone=Notice.Tone.WARN,
    )


def tell_served(paper: LegalPaper, *, actor: User, on: date) -> int:
    """Those who work with the child, that a paper of a body was served to its family."""
    child = paper.case.student
    here = (
        Q(division=child.township)
        | Q(school=child.school_id or 0)
        | Q(class_group=child.class_group_id or 0)
    )
    people = _holders(here, *_NEAR, on=on)
    until = f"，期限到 {paper.deadline_on:%Y-%m-%d}" if paper.deadline_on else ""
    return notices.tell(
        county=paper.county,
        people=people - {actor.pk},
        event=f"paper-{paper.pk}-served",
        words=f"《{paper.kind.name}》已于 {paper.served_on:%Y-%m-%d} 送达{until}。",
        path=reverse("casework:paper-detail", args=[paper.pk]),
    )


def _holders(place: Q, *roles: str, on: date) -> set[int]:
    grants = Grant.objects.valid_on(on).filter(place, role__in=roles, user__is_active=True)
    return set(grants.values_list("user", flat=True))
