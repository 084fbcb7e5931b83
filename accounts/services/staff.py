"""Deeds of a system administrator on the accounts of a county, each with its audit entry."""

import secrets
from datetime import date, datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q

from accounts.models import ApiToken, Grant, User, place_field
from accounts.queries import staff
from accounts.roles import ADMINISTRATORS, GRANTABLE, PlaceKind, Role
from core import audit
from core.access import Scope
from schools.models import ClassGroup, Division, School

Place = Division | School | ClassGroup

# Nothing that is mistaken for another when read out on the telephone or copied by hand.
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"


class AccountRefused(Exception):
    """Said to the administrator as it stands."""


def one_time_password() -> str:
    """About 59 bits, like k7mp-x2ra-w9tc."""
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(3))


@transaction.atomic
def add_user(
    *, username: str, full_name: str, password: str, role: Role, place: Division | School, on: date
) -> User:
    """A new account with its first grant, valid from that day: for the command on the server.

    Errors: IntegrityError when the name is taken.
    """
    user = _create(username=username, full_name=full_name, password=password)
    grant = Grant.objects.create(user=user, role=role, valid_from=on, **{place_field(place): place})
    given = {"role": str(role), "place": place.code}
    audit.record(county=grant.county, actor=None, action="user.add", target=user, after=given)
    return user


@transaction.atomic
def create_user(
    *,
    scope: Scope,
    actor: User,
    username: str,
    full_name: str,
    role: str,
    place: Place,
    valid_from: date,
    valid_to: date | None,
) -> tuple[User, str]:
    """The account and its one-time password, which is kept nowhere. Errors: AccountRefused."""
    password = one_time_password()
    try:
        with transaction.atomic():
            user = _create(username=username, full_name=full_name, password=password)
    except IntegrityError as taken:
        raise AccountRefused(f"用户名“{username}”已被使用，请换一个。") from taken
    _note(scope, actor, "user.add", user, {"username": username, "full_name": full_name})
    _give(scope, actor, user, role=role, place=place, valid_from=valid_from, valid_to=valid_to)
    return user, password


@transaction.atomic
def reset_password(*, scope: Scope, actor: User, user_id: int, on: date) -> tuple[User, str]:
    """Ends the person's sessions too, since they are signed with the password.

    Errors: User.DoesNotExist out of the county, AccountRefused.
    """
    user = _held(scope, user_id, on)
    may_rule(user, actor=actor, scope=scope, on=on)
    password = _renew_password(user)
    _note(scope, actor, "user.reset_password", user)
    return user, password


@transaction.atomic
def reset_password_on_server(*, username: str) -> str:
    """Of anybody, for the command: each county the person works in gets its entry.

    Errors: User.DoesNotExist.
    """
    user = User.objects.select_for_update().get(username=username)
    password = _renew_password(user)
    grants = user.grants.select_related("school", "class_group")
    for county in sorted({grant.county for grant in grants}):
        audit.record(county=county, actor=None, action="user.reset_password", target=user)
    return password


@transaction.atomic
def disable_user(*, scope: Scope, actor: User, user_id: int, on: date, now: datetime) -> User:
    """Sessions are refused from the next request, and the tokens of the account are revoked.

    Errors: User.DoesNotExist out of the county, AccountRefused.
    """
    user = _held(scope, user_id, on)
    may_rule(user, actor=actor, scope=scope, on=on)
    if user.is_active:
        _set_active(user, False)
        revoked = ApiToken.objects.filter(owner=user, revoked_at=None).update(revoked_at=now)
        _note(scope, actor, "user.disable", user, {"tokens_revoked": revoked})
    return user


@transaction.atomic
def enable_user(*, scope: Scope, actor: User, user_id: int, on: date) -> User:
    """Tokens stay revoked. Errors: User.DoesNotExist out of the county, AccountRefused."""
    user = _held(scope, user_id, on)
    may_rule(user, actor=actor, scope=scope, on=on)
    if not user.is_active:
        _set_active(user, True)
        _note(scope, actor, "user.enable", user)
    return user


@transaction.atomic
def give_grant(
    *,
    scope: Scope,
    actor: User,
    user_id: int,
    role: str,
    place: Place,
    valid_from: date,
    valid_to: date | None,
    on: date,
) -> Grant:
    """Errors: User.DoesNotExist out of the county, AccountRefused."""
    user = _held(scope, user_id, on)
    may_grant(user, actor=actor, on=on)
    return _give(
        scope, actor, user, role=role, place=place, valid_from=valid_from, valid_to=valid_to
    )


@transaction.atomic
def end_grant(
    *, scope: Scope, actor: User, user_id: int, grant_id: int, last_day: date, on: date
) -> Grant:
    """Valid on `last_day` still; yesterday as the last day ends it at once.

    Errors: User.DoesNotExist, Grant.DoesNotExist out of the county, AccountRefused.
    """
    user = _held(scope, user_id, on)
    may_grant(user, actor=actor, on=on)
    grant = Grant.objects.in_county(scope.county).get(pk=grant_id, user=user)
    if grant.valid_to and grant.valid_to < on:
        raise AccountRefused("这项授权已经结束，不必再收回。")
    if last_day < on - timedelta(days=1):
        raise AccountRefused("最后一天不能早于昨天：已经过去的日子里，这个岗位确实有过权限。")
    if grant.valid_to and last_day > grant.valid_to:
        raise AccountRefused(f"授权到 {grant.valid_to} 为止，要延长请另加一项授权。")
    before = {"valid_to": _iso(grant.valid_to)}
    grant.valid_to = last_day
    grant.save(update_fields=["valid_to"])
    audit.record(
        county=scope.county,
        actor=actor,
        action="grant.end",
        target=grant,
        before=before,
        after={
            "username": user.username,
            "role": grant.role,
            "place": grant.place_words,
            "valid_to": _iso(last_day),
        },
    )
    return grant


def _create(*, username: str, full_name: str, password: str) -> User:
    user = User(username=username, full_name=full_name, must_change_password=True)
    user.set_password(password)
    user.save(force_insert=True)
    return user


def _renew_password(user: User) -> str:
    password = one_time_password()
    user.set_password(password)
    user.must_change_password = True
    user.save(update_fields=["password", "must_change_password"])
    return password


def _held(scope: Scope, user_id: int, on: date) -> User:
    # Deeds on one account come one after the other: two grants of one kind must not cross.
    return staff(scope, on=on, chosen={}).select_for_update(of=("self",)).get(pk=user_id)


def _set_active(user: User, is_active: bool) -> None:
    user.is_active = is_active
    user.save(update_fields=["is_active"])


def may_rule(user: User, *, actor: User, scope: Scope, on: date) -> None:
    """A password, and the account as a whole, belong to every place the person works at.

    Errors: AccountRefused.
    """
    may_grant(user, actor=actor, on=on)
    standing = user.grants.not_over_on(on).select_related("school", "class_group")
    if any(grant.county != scope.county for grant in standing):
        raise AccountRefused(
            f"{user.full_name}在本县以外还有岗位，账号不由本县停用或重置；可以只收回本县的授权。"
        )


def may_grant(user: User, *, actor: User, on: date) -> None:
    """Nobody raises oneself, and no administrator another (三员分立). Errors: AccountRefused."""
    if user.pk == actor.pk:
        raise AccountRefused("不能办理自己的账号和授权；修改密码请点右上角自己的姓名。")
    if user.grants.not_over_on(on).filter(role__in=ADMINISTRATORS).exists():
        raise AccountRefused(
            f"{user.full_name}是系统、安全或审计管理员。三员账号互不管理，"
            "请在服务器上用命令 add_user、reset_password 办理。"
        )


def _give(
    scope: Scope,
    actor: User,
    user: User,
    *,
    role: str,
    place: Place,
    valid_from: date,
    valid_to: date | None,
) -> Grant:
    if GRANTABLE.get(role) != _kind(place) or _county(place) != scope.county:
        raise AccountRefused("岗位与地方不相配，或者地方不在本县，请重新选择。")
    _refuse_double(user, role, place, valid_from, valid_to)
    grant = Grant.objects.create(
        user=user,
        role=role,
        valid_from=valid_from,
        valid_to=valid_to,
        **{place_field(place): place},
    )
    audit.record(
        county=scope.county,
        actor=actor,
        action="grant.add",
        target=grant,
        after={
            "username": user.username,
            "role": role,
            "place": grant.place_words,
            "valid_from": _iso(valid_from),
            "valid_to": _iso(valid_to),
        },
    )
    return grant


def _refuse_double(
    user: User, role: str, place: Place, valid_from: date, valid_to: date | None
) -> None:
    same = user.grants.at(place).filter(role=role).not_over_on(valid_from)
    if valid_to:
        same = same.filter(valid_from__lte=valid_to)
    # A grant taken back before its first day ends before it begins.
    if same.filter(Q(valid_to=None) | Q(valid_to__gte=valid_from)).exists():
        raise AccountRefused("这个账号在这里已有同样的岗位，日期重叠，不必再加。")


def _kind(place: Place) -> PlaceKind | None:
    if isinstance(place, School):
        return PlaceKind.SCHOOL
    if isinstance(place, ClassGroup):
        return PlaceKind.CLASS_GROUP
    levels = {
        Division.Level.COUNTY: PlaceKind.COUNTY,
        Division.Level.TOWNSHIP: PlaceKind.TOWNSHIP,
    }
    return levels.get(Division.Level(place.level))


def _county(place: Place) -> str:
    return str(place.pk)[:6] if isinstance(place, Division) else place.county


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _note(
    scope: Scope, actor: User, action: str, user: User, after: dict[str, Any] | None = None
) -> None:
    audit.record(county=scope.county, actor=actor, action=action, target=user, after=after)
