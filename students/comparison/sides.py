"""Our side of each comparison: who counts as ours, and whom the list ought to hold."""

from students.models import MatchRun

Kind = MatchRun.Kind

_HELD = "{0}.valid_from <= %(as_of)s AND ({0}.valid_to IS NULL OR {0}.valid_to >= %(as_of)s)"
_ENROLLED = f"""
SELECT e.student_id, {{expected}} AS is_expected
  FROM students_enrolment e JOIN students_student s ON s.id = e.student_id
 WHERE e.county = %(county)s AND s.merged_into_id IS NULL AND {_HELD.format("e")}
"""
_OF_AGE = """
(%(born_from)s::date IS NULL OR s.birth_date IS NULL
 OR s.birth_date BETWEEN %(born_from)s AND %(born_to)s)
"""
# A list of one school says nothing of another's pupils; one that names no school is the county's.
_IN_LISTED_SCHOOL = """
e.status = 'in_school' AND (
    e.school_id IN (SELECT school_id FROM theirs WHERE school_id IS NOT NULL)
    OR NOT EXISTS (SELECT FROM theirs WHERE school_id IS NOT NULL))
"""
_HOLDS = f"""
EXISTS (SELECT FROM students_personcategory c
         WHERE c.student_id = s.id AND c.type_id = ANY({{types}}) AND {_HELD.format("c")})
OR EXISTS (SELECT FROM students_householdmember m
             JOIN students_householdcategory c ON c.household_id = m.household_id
            WHERE m.student_id = s.id AND c.type_id = ANY({{types}})
              AND {_HELD.format("m")} AND {_HELD.format("c")})
"""
_DISABLED = f"""
EXISTS (SELECT FROM students_disabilityrecord r
         WHERE r.student_id = s.id AND {_HELD.format("r")})
OR {_HOLDS.format(types="ARRAY['disabled']")}
"""
_EVERYBODY = f"""
SELECT s.id AS student_id,
       ({_OF_AGE}) AND (%(types)s::text[] = '{{}}' OR {_HOLDS.format(types="%(types)s::text[]")})
           AS is_expected
  FROM students_student s
 WHERE s.county = %(county)s AND s.merged_into_id IS NULL
"""

# SELECT student_id, is_expected. The dropouts are named by the floor above (casework).
SIDES: dict[str, str] = {
    Kind.POPULATION: _ENROLLED.format(expected=_OF_AGE),
    Kind.IN_CLASS: _ENROLLED.format(expected=_IN_LISTED_SCHOOL),
    Kind.DISABILITY: _ENROLLED.format(expected=f"({_OF_AGE}) AND ({_DISABLED})"),
    Kind.ANY: _EVERYBODY,
}
