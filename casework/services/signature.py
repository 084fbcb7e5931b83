"""Both lines' word that a case may end: the school's and the township's, by two people."""

from datetime import date, datetime

from django.db import transaction
from django.utils import timezone

from accounts.models import Grant, User
from casework.models import CaseSignature, DropoutCase
from casework.models.signature import SignatureLine
from casework.queries.standing import Standing, Statement, signing_lines
from casework.services.step import CaseMoved, hold_case, take_step
from casework.states import Action, CaseState, TransitionRefused, refuse_wrong_start
from core.access import Permission, Scope

SIGN = Permission.CASE_SIGN


@transaction.atomic
def sign_ending(
    *,
    scope: Scope,
    actor: User,
    case_id: int,
    line: SignatureLine,
    digest: bytes,
    now: datetime,
    remark: str = "",
) -> CaseSignature:
    """`digest` is of the statement the person read. Signed twice by one person, it is signed once.

    Errors: DropoutCase.DoesNotExist, TransitionRefused; CaseMoved when the statement is another by
    now or somebody else has signed.
    """
    case = hold_case(scope=scope, permission=SIGN, case_id=case_id)
    if line not in signing_lines(case, scope=scope):
        raise TransitionRefused(f"{line.label}须由该生{_WHO[line]}签字，您的岗位不能代签。")
    today = timezone.localdate(now)
    statement = _signable(case, on=today)
    if statement.digest != digest:
        raise CaseMoved(f"签字内容有变动，现为：{statement.words}请重新核对后再签字。")
    given = {one.line: one for one in case.signatures.standing()}
    if line in given:
        return _same_or_refused(given[line], actor)
    if any(one.person_id == actor.pk for one in given.values()):
        raise TransitionRefused("两条责任线须由两人分别签字，您已为另一条线签过字。")
    signature = CaseSignature.objects.create(
        county=case.county,
        case=case,
        ending=statement.ending,
        line=line,
        person_id=actor.pk,
        person_name=actor.full_name,
        duty=_duty(actor, line, on=today),
        statement=statement.words,
        statement_hash=statement.digest,
        remark=remark,
        signed_at=now,
    )
    take_step(
        case,
        actor=actor,
        action=Action.SIGN,
        on=today,
        to=CaseState(case.state),
        note=remark,
        detail={"line": line, "ending": statement.ending, "signature": signature.pk},
    )
    return signature


_WHO = {
    SignatureLine.EDUCATION: "就读学校的负责人",
    SignatureLine.GOVERNMENT: "所在乡镇的干部",
}


def _signable(case: DropoutCase, *, on: date) -> Statement:
    refuse_wrong_start(CaseState(case.state), Action.SIGN)
    standing = Standing(case, on)
    statement = standing.statement()
    if statement is None:
        raise TransitionRefused(
            f"个案现为“{case.get_state_display()}”，还没有到销号或核减的一步，不需要签字。"
        )
    if standing.gaps:
        raise TransitionRefused(f"还不能签字：{'；'.join(standing.gaps)}。")
    return statement


def _same_or_refused(given: CaseSignature, actor: User) -> CaseSignature:
    if given.person_id == actor.pk:
        return given
    signed_at = timezone.localtime(given.signed_at)
    raise CaseMoved(
        f"{given.get_line_display()}已由{given.person_name}（{given.duty}）于 "
        f"{signed_at:%Y-%m-%d %H:%M} 签字，不必再签。"
    )


def _duty(actor: User, line: SignatureLine, *, on: date) -> str:
    """As which the person signs: place and role of the grant that fits the line."""
    grants = Grant.objects.filter(user=actor).valid_on(on)
    rows = list(grants.select_related("division", "school", "class_group").order_by("pk"))
    fitting = [grant for grant in rows if (grant.school_id is not None) == (line in _AT_SCHOOL)]
    grant = (fitting or rows)[0]
    return f"{grant.place_words} {grant.get_role_display()}"


_AT_SCHOOL = (SignatureLine.EDUCATION,)
