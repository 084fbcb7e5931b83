"""Naming who answers for a place or a child, ending it, putting another person in the place."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q

from accounts.models import User
from casework.duties import DutyRefused, Level, refuse_foreign_line
from casework.models import ResponsibilityAssignment, ResponsibilityRole
from casework.models.responsibility import COVERS
from casework.queries.covers import Cover, cover_of, in_reach
from core import audit, crypto
from core.access import Permission, Scope
from core.models import AuditEntry
from students.people.kin import phone_mask

ASSIGN = Permission.RESPONSIBILITY_ASSIGN
_ONE_DAY = timedelta(days=1)
_TAKEN_NOW = "刚刚已有人为同一对象登记了这个岗位，请刷新后再办理。"


@dataclass(frozen=True, slots=True)
class Named:
    """The person as somebody names them; `user` where they sign in here."""

    full_name: str
    duty: str = ""
    phone: str = ""
    user: int | None = None

    def is_already(self, held: ResponsibilityAssignment) -> bool:
        """A list without duties and phones does not replace a person by the same person."""
        same_account = self.user is None or self.user == held.user_id
        if self.full_name != held.full_name or not same_account:
            return False
        return self.duty in ("", held.duty) and _mask(self.phone) in ("", held.phone_mask)


@dataclass(frozen=True, slots=True)
class Entry:
    """One person for one cover, as a form, a list or the grants of teachers say."""

    post: ResponsibilityRole
    cover: Cover
    person: Named


@dataclass(frozen=True, slots=True)
class Assigned:
    new: int
    replaced: int
    unchanged: int

    @property
    def words(self) -> str:
        return f"新登记 {self.new} 人，更换 {self.replaced} 人，不变 {self.unchanged} 人。"


def post_of(county: str, code: str, *, on: date) -> ResponsibilityRole:
    """Errors: DutyRefused."""
    post = ResponsibilityRole.objects.of(county).valid_on(on).filter(code=code).first()
    if post is None or post.level == Level.FAMILY:
        raise DutyRefused("没有这个包保岗位，或者岗位已停用，请从列表中重新选择。")
    return post


@transaction.atomic
def assign(
    *,
    scope: Scope,
    actor: User,
    post: str,
    key: int | str,
    person: Named,
    on: date,
    today: date,
) -> ResponsibilityAssignment:
    """`key`: primary key of the place or child, of the post's level. Errors: DutyRefused."""
    _refuse_far_day(on, today=today)
    chosen = post_of(scope.county, post, on=max(on, today))
    refuse_foreign_line(chosen.line, scope=scope, permission=ASSIGN)
    cover = cover_of(in_reach(scope, ASSIGN, chosen.level, key))
    entry = Entry(chosen, cover, person)
    held = _held(scope.county, [entry], on=on)
    if held:
        raise DutyRefused(
            f"“{chosen.name}”现由{held[0].full_name}担任（{held[0].valid_from:%Y-%m-%d} 起），"
            "如已换人，请在责任人列表中办理“更换”。"
        )
    (made,) = _write(scope.county, [entry], actor=actor, on=on)
    _note(made, actor=actor, action="responsibility.assign")
    return made


@transaction.atomic
def end(
    *, scope: Scope, actor: User, duty_id: int, last_day: date, today: date
) -> ResponsibilityAssignment:
    """Out of reach is `DoesNotExist`. Errors: DutyRefused."""
    duty = hold_duty(scope=scope, duty_id=duty_id)
    if duty.valid_to is not None and duty.valid_to <= today:
        raise DutyRefused(f"这项责任已于 {duty.valid_to:%Y-%m-%d} 结束，不用再办理。")
    if last_day < duty.valid_from:
        raise DutyRefused(f"最后一天不能早于起始日期（{duty.valid_from:%Y-%m-%d}），请核对后修改。")
    before, duty.valid_to = duty.valid_to, last_day
    duty.save(update_fields=["valid_to"])
    audit.record(
        county=duty.county,
        actor=actor,
        action="responsibility.end",
        target=duty,
        before={"valid_to": before.isoformat() if before else None},
        after={"valid_to": last_day.isoformat()},
    )
    return duty


@transaction.atomic
def replace(
    *, scope: Scope, actor: User, duty_id: int, person: Named, on: date, today: date
) -> ResponsibilityAssignment:
    """The old person's last day is the day before. Errors: DutyRefused."""
    _refuse_far_day(on, today=today)
    duty = hold_duty(scope=scope, duty_id=duty_id)
    if duty.valid_to is not None and duty.valid_to < today:
        raise DutyRefused(f"这项责任已于 {duty.valid_to:%Y-%m-%d} 结束，请另行登记责任人。")
    if on < duty.valid_from:
        raise DutyRefused(
            f"接任日期不能早于{duty.full_name}的起始日期（{duty.valid_from:%Y-%m-%d}），"
            "请核对后修改。"
        )
    if person.is_already(duty):
        raise DutyRefused(f"现在的责任人就是{duty.full_name}，没有变动。")
    post = post_of(duty.county, duty.role, on=today)
    entry = Entry(post, cover_of(duty.cover), person)
    _make_room([duty], actor=actor, on=on)
    (made,) = _write(duty.county, [entry], actor=actor, on=on)
    _note(made, actor=actor, action="responsibility.replace", before=duty.full_name)
    return made


@transaction.atomic
def assign_many(
    *, scope: Scope, actor: User, entries: Iterable[Entry], on: date, today: date
) -> Assigned:
    """A fixed number of statements; whoever is named already stays, others are replaced.

    The entries were looked up in the caller's reach. Errors: DutyRefused.
    """
    _refuse_far_day(on, today=today)
    wanted = {(entry.post.code, entry.cover): entry for entry in entries}
    for line in {entry.post.line for entry in wanted.values()}:
        refuse_foreign_line(line, scope=scope, permission=ASSIGN)
    held = {(duty.role, _cover(duty)): duty for duty in _held(scope.county, wanted.values(), on=on)}
    fresh = [
        entry
        for key, entry in wanted.items()
        if key not in held or not entry.person.is_already(held[key])
    ]
    gone = [held[key] for entry in fresh if (key := (entry.post.code, entry.cover)) in held]
    _make_room(gone, actor=actor, on=on)
    made = _write(scope.county, fresh, actor=actor, on=on)
    AuditEntry.objects.bulk_create(
        AuditEntry(
            county=duty.county,
            actor_id=actor.pk,
            actor_name=actor.full_name,
            action="responsibility.bulk",
            target_type=ResponsibilityAssignment._meta.label_lower,
            target_id=duty.pk,
            after=_said(duty),
        )
        for duty in made
    )
    return Assigned(len(made) - len(gone), len(gone), len(wanted) - len(made))


def hold_duty(*, scope: Scope, duty_id: int) -> ResponsibilityAssignment:
    """Held until the transaction ends; its line must be the caller's to write."""
    rows = ResponsibilityAssignment.objects.within(scope, ASSIGN).filter(pk=duty_id)
    duty = rows.select_for_update(of=("self",)).get()
    refuse_foreign_line(duty.line, scope=scope, permission=ASSIGN)
    return duty


def _held(county: str, entries: Iterable[Entry], *, on: date) -> list[ResponsibilityAssignment]:
    """Who holds the posts of these covers on that day or later, locked. Errors: DutyRefused."""
    wanted: dict[str, set[int | str]] = {column: set() for column in COVERS}
    posts = set()
    for entry in entries:
        wanted[entry.cover.column].add(entry.cover.pk)
        posts.add(entry.post.code)
    covers = Q()
    for column, keys in wanted.items():
        covers |= Q(**{f"{column}__in": keys})
    rows = ResponsibilityAssignment.objects.filter(covers, county=county, role__in=posts)
    found = list(rows.exclude(valid_to__lt=on).order_by("pk").select_for_update(of=("self",)))
    later = next((duty for duty in found if duty.valid_from > on), None)
    if later is not None:
        raise DutyRefused(
            f"{later.full_name}从 {later.valid_from:%Y-%m-%d} 起已登记为同一对象的责任人，"
            "请先结束那一条，或把起始日期改到那一天之后。"
        )
    return found


def _cover(duty: ResponsibilityAssignment) -> Cover:
    column = next(name for name in COVERS if getattr(duty, f"{name}_id") is not None)
    return Cover(column, getattr(duty, f"{column}_id"), duty.township)


def _make_room(gone: list[ResponsibilityAssignment], *, actor: User, on: date) -> None:
    """They end on the day before; who began on that very day was never the person."""
    same_day = [duty for duty in gone if duty.valid_from == on]
    for duty in same_day:
        _note(duty, actor=actor, action="responsibility.remove")
    rows = ResponsibilityAssignment.objects
    rows.filter(pk__in=[duty.pk for duty in same_day]).delete()
    earlier = [duty.pk for duty in gone if duty.valid_from < on]
    rows.filter(pk__in=earlier).update(valid_to=on - _ONE_DAY)


def _write(
    county: str, entries: Iterable[Entry], *, actor: User, on: date
) -> list[ResponsibilityAssignment]:
    seal = crypto.bulk_seal(field=ResponsibilityAssignment.FIELD)
    rows = []
    for entry in entries:
        person = entry.person
        seal_id, sealed = seal(person.phone)
        rows.append(
            ResponsibilityAssignment(
                county=county,
                seal_id=seal_id,
                role=entry.post.code,
                line=entry.post.line,
                user_id=person.user,
                full_name=person.full_name,
                duty=person.duty,
                phone_sealed=sealed if person.phone else None,
                phone_mask=_mask(person.phone),
                valid_from=on,
                assigned_by_name=actor.full_name,
                **entry.cover.fields,
            )
        )
    try:
        with transaction.atomic():
            return ResponsibilityAssignment.objects.bulk_create(rows, batch_size=1000)
    except IntegrityError as taken:
        raise DutyRefused(_TAKEN_NOW) from taken


def _said(duty: ResponsibilityAssignment) -> dict[str, Any]:
    return {
        "post": duty.role,
        "full_name": duty.full_name,
        "duty": duty.duty,
        "valid_from": duty.valid_from.isoformat(),
    }


def _note(duty: ResponsibilityAssignment, *, actor: User, action: str, before: str = "") -> None:
    audit.record(
        county=duty.county,
        actor=actor,
        action=action,
        target=duty,
        before={"full_name": before} if before else {},
        after=_said(duty),
    )


def _mask(phone: str) -> str:
    return phone_mask(phone) if phone else ""


def _refuse_far_day(on: date, *, today: date) -> None:
    """A slip in the year would hide a gap for years, or open one in the past."""
    if abs((on - today).days) > 366:
        raise DutyRefused(f"起始日期 {on:%Y-%m-%d} 离今天超过一年，请核对年份后修改。")
