"""What the columns of an office's files mean, by its earlier choices and by ready layouts."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from core import audit
from students.models import ColumnLayout, ColumnProfile, ImportBatch
from students.rosters import fields
from students.rosters.fields import Means

if TYPE_CHECKING:
    from django.contrib.auth.models import _User

# A file is of a layout if nearly all columns of either are the other's: newer versions of the
# same form gain or lose a few.
_ALIKE = 0.9
_MAX_LABEL = 200

Memory = dict[str, Means]


@dataclass(frozen=True, slots=True)
class Layout:
    """A ready layout, as far as reading a file needs it."""

    title: str
    meanings: Memory


def memory(*, county: str, office: str) -> Memory:
    """By column head, what the office's files mean by it; nothing for a nameless office."""
    if not office:
        return {}
    rows = ColumnProfile.objects.filter(county=county, office=office)
    return {label: fields.meaning_of(field) for label, field in rows.values_list("label", "field")}


def offices(*, county: str) -> list[str]:
    """Those that files came from before, and those with a profile, by name."""
    known = set(ColumnProfile.objects.filter(county=county).values_list("office", flat=True))
    sent = ImportBatch.objects.filter(county=county).exclude(office="")
    return sorted(known | set(sent.values_list("office", flat=True).distinct()))


def layouts(*, on: date) -> list[Layout]:
    rows = ColumnLayout.objects.filter(valid_from__lte=on).exclude(valid_to__lt=on)
    return [
        Layout(row.title, {c["label"]: fields.meaning_of(c["field"]) for c in row.columns})
        for row in rows.order_by("position", "code")
    ]


def lay_down(*, code: str, **given: Any) -> ColumnLayout:
    """A ready layout, or a newer text of one of this code."""
    return ColumnLayout.objects.update_or_create(code=code, defaults=given)[0]


def layout_of(labels: Iterable[str], known: Iterable[Layout]) -> Layout | None:
    """The layout that a file with these heads follows, the nearest of several."""
    asked = set(labels)

    def likeness(layout: Layout) -> float:
        return len(asked & layout.meanings.keys()) / max(len(asked), len(layout.meanings))

    nearest = max(known, key=likeness, default=None)
    return nearest if nearest and likeness(nearest) >= _ALIKE else None


def remember(
    *, county: str, office: str, chosen: dict[str, str], actor: "_User | None"
) -> dict[str, tuple[str, str]]:
    """Keep what each head means to this office; what was different before, by label."""
    kept = {label: code for label, code in chosen.items() if len(label) <= _MAX_LABEL}
    rows = ColumnProfile.objects.filter(county=county, office=office, label__in=kept)
    before = dict(rows.values_list("label", "field"))
    changed = {label: code for label, code in kept.items() if before.get(label) != code}
    ColumnProfile.objects.bulk_create(
        [
            ColumnProfile(
                county=county,
                office=office,
                label=label,
                field=code,
                chosen_by=actor.pk if actor else None,
                chosen_by_name=actor.full_name if actor else "系统",
                chosen_at=timezone.now(),
            )
            for label, code in changed.items()
        ],
        update_conflicts=True,
        unique_fields=["county", "office", "label"],
        update_fields=["field", "chosen_by", "chosen_by_name", "chosen_at"],
    )
    return {label: (before.get(label, ""), code) for label, code in changed.items()}


def choose(*, county: str, office: str, label: str, field: str, actor: "_User | None") -> None:
    """One head, said on the page of profiles."""
    remember(county=county, office=office, chosen={label: field}, actor=actor)
    row = ColumnProfile.objects.get(county=county, office=office, label=label)
    audit.record(
        county=county,
        actor=actor,
        action="roster.profile",
        target=row,
        after={"office": office, "label": label, "field": fields.title_of(field)},
    )


def forget(*, row: ColumnProfile, actor: "_User | None") -> None:
    audit.record(
        county=row.county,
        actor=actor,
        action="roster.profile_forget",
        target=row,
        before={"office": row.office, "label": row.label, "field": fields.title_of(row.field)},
    )
    row.delete()
