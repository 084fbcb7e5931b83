"""What overruling the owning body writes: the other office's word, from a day on."""

from datetime import date, timedelta

from django.db.models import Q

from students.models import (
    DisabilityRecord,
    FactConflict,
    LeftBehindFact,
    PersonCategory,
)

BY_HAND = "人工核定"


def overrule(conflict: FactConflict, *, on: date) -> bool:
    """False where the days have been filled by something newer meanwhile."""
    return _WRITERS[FactConflict.Kind(conflict.kind)](conflict, on)


def _claimed(conflict: FactConflict, on: date) -> bool:
    begins = conflict.office_list.list_date
    rows = PersonCategory.objects.filter(student=conflict.student_id, type=conflict.type_id)
    if rows.filter(Q(valid_to=None) | Q(valid_to__gte=begins)).exists():
        return False
    PersonCategory.objects.create(
        county=conflict.county,
        student_id=conflict.student_id,
        type_id=conflict.type_id,
        valid_from=begins,
        source=conflict.other_source,
    )
    return True


def _dropped(conflict: FactConflict, on: date) -> bool:
    row = PersonCategory.objects.filter(pk=conflict.row_id or 0).first()
    if row is None:
        return False
    later = PersonCategory.objects.filter(
        student=conflict.student_id, type=conflict.type_id, valid_from__gt=row.valid_from
    )
    if later.exists():
        return False
    row.valid_to = None
    row.save(update_fields=["valid_to"])
    return True


def _differs(conflict: FactConflict, on: date) -> bool:
    model = DisabilityRecord if conflict.type_id == "disabled" else LeftBehindFact
    old = model.objects.filter(pk=conflict.row_id or 0).first()
    current = model.objects.filter(student=conflict.student_id, valid_to=None).first()
    if old is None or current is None or old.pk == current.pk:
        return False
    if current.valid_from >= on:
        return False
    current.valid_to = on - timedelta(days=1)
    current.save(update_fields=["valid_to"])
    old.pk, old.valid_from, old.valid_to, old.source = None, on, None, BY_HAND
    old.save(force_insert=True)
    return True


_WRITERS = {
    FactConflict.Kind.CLAIMED: _claimed,
    FactConflict.Kind.DROPPED: _dropped,
    FactConflict.Kind.DIFFERS: _differs,
}
