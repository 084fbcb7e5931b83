"""Where a list speaks: the whole county, or only the townships and schools it was ticked for."""

from dataclasses import dataclass

from schools.models import School
from students.models import OfficeList

# Of a student named {0}, as a condition; folded away where the list speaks of the whole county.
IN_PLACES = """
(%(is_whole)s OR EXISTS (
    SELECT FROM students_student place
     WHERE place.id = {0}
       AND (place.township = ANY(%(townships)s) OR place.school_id = ANY(%(schools)s))))
"""


@dataclass(frozen=True, slots=True)
class Places:
    townships: frozenset[str]
    schools: frozenset[int]  # those of the townships are among them

    @property
    def is_whole(self) -> bool:
        return not (self.townships or self.schools)

    def hold(self, other: "Places") -> bool:
        if self.is_whole or other.is_whole:
            return self.is_whole
        return other.townships <= self.townships and other.schools <= self.schools

    def meet(self, other: "Places") -> bool:
        if self.is_whole or other.is_whole:
            return True
        return bool(other.townships & self.townships or other.schools & self.schools)


def places_of(office_list: OfficeList) -> Places:
    inside = School.objects.filter(
        county=office_list.county, township__in=office_list.townships
    ).values_list("pk", flat=True)
    return Places(frozenset(office_list.townships), frozenset([*office_list.schools, *inside]))


def values_of(office_list: OfficeList) -> dict[str, object]:
    """What `IN_PLACES` asks for."""
    return {
        "townships": office_list.townships,
        "schools": office_list.schools,
        "is_whole": not (office_list.townships or office_list.schools),
    }
