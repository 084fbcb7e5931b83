"""Does each student's row repeat the open enrolment, as `Student` promises?"""

from dataclasses import dataclass

from django.db import connection

# Of a child without an open enrolment nothing may be left; the township is then the household's.
_DIFFERING = """
SELECT student.county,
       count(*) FILTER (WHERE student.school_id IS DISTINCT FROM stay.school_id),
       count(*) FILTER (WHERE student.class_group_id IS DISTINCT FROM stay.class_group_id),
       count(*) FILTER (WHERE student.grade IS DISTINCT FROM stay.grade),
       count(*) FILTER (WHERE school.id IS NOT NULL
                          AND student.township <> coalesce(school.township_id, ''))
  FROM students_student student
  LEFT JOIN students_enrolment stay
    ON stay.student_id = student.id AND stay.valid_to IS NULL
  LEFT JOIN schools_school school ON school.id = stay.school_id
 GROUP BY student.county
 ORDER BY student.county
"""


@dataclass(frozen=True, slots=True)
class Differing:
    """Students of one county whose row says otherwise than the open enrolment."""

    county: str
    school: int
    class_group: int
    grade: int
    township: int

    @property
    def any(self) -> bool:
        return bool(self.school or self.class_group or self.grade or self.township)


def differing_students() -> list[Differing]:
    """One line a county, of the counties that the connection may see."""
    with connection.cursor() as cursor:
        cursor.execute(_DIFFERING)
        return [Differing(*row) for row in cursor.fetchall()]
