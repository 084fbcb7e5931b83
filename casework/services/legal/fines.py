"""地方罚款规定: a county switches fines on by naming its rule, and off by ending it."""

from datetime import date
from decimal import Decimal

from django.db import transaction

from accounts.models import User
from casework.models import FineRule
from casework.states import TransitionRefused
from core import audit
from core.access import Permission, Scope

RULES = Permission.LEGAL_RULES


@transaction.atomic
def add_fine_rule(
    *,
    scope: Scope,
    actor: User,
    name: str,
    article: str,
    least: Decimal,
    most: Decimal,
    source: str,
    valid_from: date,
) -> FineRule:
    if least > most:
        raise TransitionRefused("罚款下限高于上限，请核对规定的原文后修改。")
    open_rule = FineRule.objects.filter(county=scope.county, valid_to=None).first()
    if open_rule is not None:
        raise TransitionRefused(f"{open_rule}还在施行，请先登记它的失效日期，再登记新的规定。")
    if FineRule.objects.filter(county=scope.county).valid_on(valid_from).exists():
        raise TransitionRefused("施行日期当天还有一项规定有效，请核对两项规定的日期。")
    rule = FineRule.objects.create(
        county=scope.county,
        name=name,
        article=article,
        least=least,
        most=most,
        source=source,
        valid_from=valid_from,
        added_by_name=actor.full_name,
    )
    audit.record(
        county=scope.county,
        actor=actor,
        action="legal.fine_rule",
        target=rule,
        after={"name": str(rule), "valid_from": valid_from.isoformat()},
    )
    return rule


@transaction.atomic
def end_fine_rule(*, scope: Scope, actor: User, rule_id: int, last_day: date) -> FineRule:
    """`last_day` is the last one it holds on."""
    rules = FineRule.objects.filter(county=scope.county).select_for_update()
    rule = rules.get(pk=rule_id)
    if rule.valid_to is not None:
        raise TransitionRefused(f"{rule}已于 {rule.valid_to:%Y-%m-%d} 失效，不必再登记。")
    if last_day < rule.valid_from:
        raise TransitionRefused(f"失效日期不能早于施行日期（{rule.valid_from:%Y-%m-%d}）。")
    rule.valid_to = last_day
    rule.save(update_fields=["valid_to"])
    audit.record(
        county=scope.county,
        actor=actor,
        action="legal.fine_rule_end",
        target=rule,
        after={"valid_to": last_day.isoformat()},
    )
    return rule
