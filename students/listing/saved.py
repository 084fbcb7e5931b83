"""What a person does with views of the list: save, change, share, remove."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from accounts.models import User
from core import audit
from core.access import Permission, Scope
from students.listing import columns
from students.listing.selection import SORTS, Selection
from students.models import SavedView, SavedViewUse

VIEW = Permission.STUDENT_VIEW


class ViewRefused(Exception):
    """The text is for the person: it names the view and the remedy."""


@dataclass(frozen=True, slots=True)
class Look:
    """What a view keeps. What was searched for is not in it: it may be a child's name."""

    selection: Selection
    columns: list[str]

    @property
    def fields(self) -> dict[str, Any]:
        sort = self.selection.sort if self.selection.sort in SORTS else ""
        return {
            "filters": self.selection.chosen,
            "columns": columns.known(self.columns),
            "sort": sort,
        }


@transaction.atomic
def save_view(*, scope: Scope, actor: User, name: str, sharing: str, look: Look) -> SavedView:
    """Errors: ViewRefused for a name one has already."""
    try:
        with transaction.atomic():
            view = SavedView.objects.create(
                county=scope.county, owner=actor, name=name, sharing=sharing, **look.fields
            )
    except IntegrityError:
        raise _name_taken(name) from None
    _record(view, actor=actor, action="view.save")
    return view


@transaction.atomic
def change_view(*, scope: Scope, actor: User, view_id: int, look: Look, now: datetime) -> SavedView:
    """Filters, columns and order anew. Errors: SavedView.DoesNotExist, ViewRefused."""
    view = _held(scope, actor, view_id)
    if not view.may_change(actor.pk):
        raise ViewRefused(
            f"视图“{view.name}”由{view.owner.full_name}锁定，您不能改动。"
            "可以用“另存为视图”存一个自己的。"
        )
    for field, value in (look.fields | {"updated_at": now}).items():
        setattr(view, field, value)
    view.save(update_fields=[*look.fields, "updated_at"])
    _record(view, actor=actor, action="view.change")
    return view


@transaction.atomic
def rename_view(
    *, scope: Scope, actor: User, view_id: int, name: str, sharing: str, now: datetime
) -> SavedView:
    """Name and sharing are the owner's. Errors: SavedView.DoesNotExist, ViewRefused."""
    view = _owned(scope, actor, view_id)
    view.name, view.sharing, view.updated_at = name, sharing, now
    try:
        with transaction.atomic():
            view.save(update_fields=["name", "sharing", "updated_at"])
    except IntegrityError:
        raise _name_taken(name) from None
    _record(view, actor=actor, action="view.rename")
    return view


@transaction.atomic
def remove_view(*, scope: Scope, actor: User, view_id: int, now: datetime) -> int:
    """How many others used it; each is told at the next visit of the list.

    Errors: SavedView.DoesNotExist.
    """
    view = _owned(scope, actor, view_id)
    view.removed_at = now
    view.save(update_fields=["removed_at"])
    _record(view, actor=actor, action="view.remove")
    return users_of(view)


@transaction.atomic
def restore_view(*, scope: Scope, actor: User, view_id: int, now: datetime) -> SavedView:
    """A removal taken back, once or twice. Errors: SavedView.DoesNotExist, ViewRefused."""
    own = SavedView.objects.filter(county=scope.county, owner=actor)
    view = own.select_for_update(of=("self",)).get(pk=view_id)
    if view.removed_at is None:
        return view
    view.removed_at, view.updated_at = None, now
    try:
        with transaction.atomic():
            view.save(update_fields=["removed_at", "updated_at"])
    except IntegrityError:
        raise _name_taken(view.name) from None
    view.uses.update(is_told=False)
    _record(view, actor=actor, action="view.restore")
    return view


def users_of(view: SavedView) -> int:
    """People beside the owner who ever worked with the view."""
    return view.uses.exclude(user=view.owner_id).count()


def note_use(*, view: SavedView, user: User) -> None:
    if view.owner_id != user.pk:
        SavedViewUse.objects.get_or_create(county=view.county, view=view, user=user)


def removed_from(user: User, *, scope: Scope) -> list[SavedView]:
    """Views the person used that were removed since the last visit; told once."""
    gone = SavedViewUse.objects.filter(
        county=scope.county, user=user, is_told=False, view__removed_at__isnull=False
    )
    views = [use.view for use in gone.select_related("view__owner")]
    if views:
        gone.update(is_told=True)
    return views


def _owned(scope: Scope, actor: User, view_id: int) -> SavedView:
    own = SavedView.objects.open_to(actor.pk, county=scope.county).filter(owner=actor)
    return own.select_for_update(of=("self",)).get(pk=view_id)


def _held(scope: Scope, actor: User, view_id: int) -> SavedView:
    rows = SavedView.objects.open_to(actor.pk, county=scope.county).select_related("owner")
    return rows.select_for_update(of=("self",)).get(pk=view_id)


def _name_taken(name: str) -> ViewRefused:
    return ViewRefused(f"您已有名为“{name}”的视图，请换一个名称，或打开那个视图后保存改动。")


def _record(view: SavedView, *, actor: User, action: str) -> None:
    audit.record(
        county=view.county,
        actor=actor,
        action=action,
        target=view,
        after={"name": view.name, "sharing": view.sharing},
    )
