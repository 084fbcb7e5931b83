"""The poverty register by household (户): households, who lives in them, what they are."""

from students.lists.places import IN_PLACES

# As in `applying`: `homes` holds each found child's household, `home_types` what each household is.
_HOUSEHOLDS = """
INSERT INTO students_household (county, household_no, head_name, village, group_name)
SELECT DISTINCT ON (household_no) %(county)s, household_no, head_name, '', '' FROM homes
 ORDER BY household_no, head_name DESC
    ON CONFLICT (county, household_no) DO UPDATE SET head_name = excluded.head_name
 WHERE excluded.head_name <> '' AND students_household.head_name <> excluded.head_name
"""
_MINE = """
homes o JOIN students_household h ON h.county = %(county)s AND h.household_no = o.household_no
"""
_LEFT = f"""
WITH done AS (
    UPDATE students_householdmember m SET valid_to = greatest(m.valid_from, %(on)s)
     WHERE m.county = %(county)s AND m.source = ANY(%(sources)s) AND m.valid_to IS NULL
       AND NOT EXISTS (SELECT FROM homes o WHERE o.student_id = m.student_id)
       AND {IN_PLACES.format("m.student_id")}
    RETURNING m.student_id
) INSERT INTO changed SELECT student_id, 'household_left', '' FROM done
"""
_MOVED_SAME_DAY = f"""
WITH done AS (
    UPDATE students_householdmember m
       SET household_id = h.id, relation_to_head = o.relation, source = %(source)s
      FROM {_MINE}
     WHERE m.student_id = o.student_id AND m.valid_to IS NULL AND m.household_id <> h.id
       AND m.valid_from >= %(on)s
    RETURNING m.student_id, h.household_no
) INSERT INTO changed SELECT student_id, 'household', household_no FROM done
"""
_MOVED = f"""
UPDATE students_householdmember m SET valid_to = %(day_before)s
  FROM {_MINE}
 WHERE m.student_id = o.student_id AND m.valid_to IS NULL AND m.household_id <> h.id
"""
_JOINED = f"""
WITH done AS (
    INSERT INTO students_householdmember
           (county, household_id, student_id, relation_to_head, valid_from, valid_to, source)
    SELECT %(county)s, h.id, o.student_id, o.relation, %(on)s, %(until)s, %(source)s
      FROM {_MINE}
     WHERE NOT EXISTS (SELECT FROM students_householdmember m
                        WHERE m.student_id = o.student_id
                          AND m.valid_from <= coalesce(%(until)s::date, 'infinity')
                          AND (m.valid_to IS NULL OR m.valid_to >= %(on)s))
    RETURNING student_id, household_id
) INSERT INTO changed SELECT d.student_id, 'household', h.household_no
    FROM done d JOIN students_household h ON h.id = d.household_id
"""
# A household of children elsewhere only is not this list's to end.
_NO_LONGER = f"""
WITH done AS (
    UPDATE students_householdcategory c SET valid_to = greatest(c.valid_from, %(on)s)
      FROM students_household h
     WHERE h.id = c.household_id AND c.county = %(county)s AND c.source = ANY(%(sources)s)
       AND c.type_id = ANY(%(covers)s) AND c.valid_to IS NULL
       AND NOT EXISTS (SELECT FROM home_types n
                        WHERE n.household_no = h.household_no AND n.type_id = c.type_id)
       AND (%(is_whole)s OR EXISTS (
            SELECT FROM students_householdmember m
             WHERE m.household_id = h.id AND (m.valid_to IS NULL OR m.valid_to >= %(on)s)
               AND {IN_PLACES.format("m.student_id")}))
    RETURNING c.household_id, c.type_id
), children AS (
    SELECT DISTINCT m.student_id, d.type_id
      FROM done d JOIN students_householdmember m ON m.household_id = d.household_id
     WHERE m.valid_to IS NULL OR m.valid_to >= %(on)s
) INSERT INTO changed SELECT student_id, 'ended', type_id FROM children
"""
_BECAME = """
WITH done AS (
    INSERT INTO students_householdcategory
           (county, household_id, type_id, valid_from, valid_to, source)
    SELECT %(county)s, h.id, n.type_id, %(on)s,
           least(%(until)s::date, (
               SELECT min(later.valid_from) - 1 FROM students_householdcategory later
                WHERE later.household_id = h.id AND later.type_id = n.type_id
                  AND later.valid_from > %(on)s)),
           %(source)s
      FROM home_types n
      JOIN students_household h ON h.county = %(county)s AND h.household_no = n.household_no
     WHERE NOT EXISTS (SELECT FROM students_householdcategory c
                        WHERE c.household_id = h.id AND c.type_id = n.type_id
                          AND c.valid_from <= %(on)s
                          AND (c.valid_to IS NULL OR c.valid_to >= %(on)s))
    RETURNING household_id, type_id
) INSERT INTO changed
  SELECT m.student_id, 'added', d.type_id
    FROM done d JOIN students_householdmember m ON m.household_id = d.household_id
   WHERE m.valid_from <= %(on)s AND (m.valid_to IS NULL OR m.valid_to >= %(on)s)
"""


def household_statements(is_newest: bool) -> list[str]:
    """An older list than one applied before moves nobody and ends nothing."""
    moving = [_LEFT, _MOVED_SAME_DAY, _MOVED] if is_newest else []
    # Ended first: a household whose category ends still tells which children it was of.
    ending = [_NO_LONGER] if is_newest else []
    return [*ending, _HOUSEHOLDS, *moving, _JOINED, _BECAME]
