"""Named pieces of the ledgers' statements: what was true of a child on the day `%(day)s`.

Every piece is a common table expression with one row per child or case and is joined by
`student_id`. `few` narrows a piece to the children of the expression `wanted`; without it the
database aggregates the whole county at once, far cheaper for a large ledger than asking per child.
"""


def held(alias: str) -> str:
    return (
        f"{alias}.valid_from <= %(day)s"
        f" AND ({alias}.valid_to IS NULL OR {alias}.valid_to >= %(day)s)"
    )


def _only(alias: str, few: bool) -> str:
    return f"JOIN wanted ON wanted.student_id = {alias}.student_id" if few else ""


# Short lists that Python reads from core/codes and core/data.
LABELS = """
grades AS (SELECT * FROM unnest(%(grade_codes)s::int[], %(grade_names)s) AS t (code, name)),
ethnicities AS (
    SELECT * FROM unnest(%(ethnicity_codes)s, %(ethnicity_names)s) AS t (code, name)
),
relations AS (SELECT * FROM unnest(%(relation_codes)s, %(relation_names)s) AS t (code, name)),
stages AS (SELECT * FROM unnest(%(stage_codes)s, %(stage_names)s) AS t (code, name)),
modes AS (SELECT * FROM unnest(%(mode_codes)s, %(mode_names)s) AS t (code, name))
"""

# A school's name and where it lies, province to county.
SITES = """
sites AS (
    SELECT school.id AS school_id, school.name, school.code,
           coalesce(school.township_id, '') AS township,
           concat(province.name, city.name, county.name) AS located
      FROM schools_school school
      LEFT JOIN schools_division county ON county.code = school.county
      LEFT JOIN schools_division city ON city.code = left(school.county, 4)
      LEFT JOIN schools_division province ON province.code = left(school.county, 2)
)
"""


def homes(*, few: bool = False) -> str:
    return f"""
homes AS (
    SELECT DISTINCT ON (member.student_id)
           member.student_id, home.id AS household_id, home.household_no, home.head_name,
           home.village, home.group_name, member.relation_to_head
      FROM students_householdmember member {_only("member", few)}
      JOIN students_household home ON home.id = member.household_id
     WHERE member.county = %(county)s AND {held("member")}
     ORDER BY member.student_id, member.valid_from DESC, member.id DESC
)
"""


def numbers(*, few: bool = False) -> str:
    """Row id and mask of the number in force on the day, else of the first one thereafter: a
    child had its number before somebody wrote it down. The least of arrays keeps id and mask
    together in one pass without a sort."""
    return f"""
numbers AS (
    SELECT number.student_id,
           min(ARRAY[number.valid_from::text, number.id::text, number.mask])
               FILTER (WHERE number.kind = 'id_number') AS id_number,
           min(ARRAY[number.valid_from::text, number.id::text, number.mask])
               FILTER (WHERE number.kind = 'student_no') AS student_no
      FROM students_studentidentifier number {_only("number", few)}
     WHERE number.county = %(county)s
       AND (number.valid_to IS NULL OR number.valid_to >= %(day)s)
     GROUP BY number.student_id
)
"""


def kin(*, few: bool = False) -> str:
    """Parents and the first guardian: who is named guardian, can be called, and stands nearest."""
    return f"""
kin AS (
    SELECT tie.student_id,
           min(person.full_name) FILTER (WHERE tie.relation_code = '51') AS father,
           min(person.full_name) FILTER (WHERE tie.relation_code = '52') AS mother,
           min(person.work_place)
               FILTER (WHERE tie.relation_code = '51' AND person.work_place <> '') AS father_works,
           min(person.work_place)
               FILTER (WHERE tie.relation_code = '52' AND person.work_place <> '') AS mother_works,
           min(ARRAY[
               CASE WHEN tie.is_guardian THEN '0' ELSE '1' END
               || CASE WHEN person.phone_sealed IS NULL THEN '1' ELSE '0' END
               || tie.relation_code,
               person.id::text, person.full_name, tie.relation_code, person.phone_mask,
               CASE WHEN person.phone_sealed IS NOT NULL THEN person.id::text END
           ]) AS guardian,
           min(ARRAY[person.id::text, person.number_mask])
               FILTER (WHERE person.full_name = homes.head_name
                         AND person.number_sealed IS NOT NULL) AS head
      FROM students_studentguardian tie {_only("tie", few)}
      JOIN students_guardian person ON person.id = tie.guardian_id
      LEFT JOIN homes ON homes.student_id = tie.student_id
     WHERE tie.county = %(county)s AND {held("tie")}
     GROUP BY tie.student_id
)
"""


def traits(*, few: bool = False) -> str:
    """Categories of the day, the child's own and those inherited from the household, by the name
    they bore then: 建档立卡贫困户 before 2021, 脱贫户 after."""
    return f"""
held_types AS (
    SELECT own.student_id, own.type_id, NULL::date AS risk_removed_on
      FROM students_personcategory own {_only("own", few)}
     WHERE own.county = %(county)s AND {held("own")}
     UNION ALL
    SELECT homes.student_id, theirs.type_id, theirs.risk_removed_on
      FROM homes
      JOIN students_householdcategory theirs ON theirs.household_id = homes.household_id
     WHERE theirs.county = %(county)s AND {held("theirs")}
),
traits AS (
    SELECT held_types.student_id,
           string_agg(
               DISTINCT type.name
               || CASE WHEN risk_removed_on <= %(day)s THEN '（风险已消除）' ELSE '' END, '、')
               FILTER (WHERE type.code IN (
                   'registered_poor', 'lifted_household', 'monitored_household', 'lifted_unstable',
                   'marginal_at_risk', 'sudden_severe_hardship', 'poverty_prevention_target'))
               AS poverty,
           string_agg(DISTINCT type.name, '、')
               FILTER (WHERE type.code IN ('subsistence_allowance', 'extreme_hardship'))
               AS relief,
           string_agg(DISTINCT type.name, '、')
               FILTER (WHERE type.code IN ('orphan', 'de_facto_unsupported')) AS orphan,
           bool_or(type.code = 'disabled') AS disabled,
           bool_or(type.code = 'migrant_child') AS migrant,
           bool_or(type.code = 'left_behind_edu') AS left_edu,
           bool_or(type.code = 'left_behind_civil') AS left_civil
      FROM held_types
      JOIN students_categorytype type ON type.code = held_types.type_id
     GROUP BY held_types.student_id
)
"""


# The state of a case on the day, from its append-only events; where none moved it yet, from its
# dates (a case taken over from an older system has no events). A transfer nobody has received yet
# changes nothing: until then the case counts where it stood.
CASES = """
cases AS (
    SELECT kase.*,
           coalesce(event.to_state, CASE
               WHEN kase.closed_on <= %(day)s THEN kase.state
               WHEN kase.returned_on <= %(day)s THEN 'observing'
               WHEN coalesce(kase.verified_on, kase.dropped_out_on) <= %(day)s
                    AND kase.state NOT IN ('suspected', 'excluded') THEN 'confirmed'
               ELSE 'suspected' END) AS state_then
      FROM casework_dropoutcase kase
      LEFT JOIN LATERAL (
          SELECT CASE moved.to_state WHEN 'transferred' THEN moved.from_state
                      ELSE moved.to_state END AS to_state
            FROM casework_caseevent moved
           WHERE moved.case_id = kase.id AND moved.happened_on <= %(day)s
             AND moved.from_state <> moved.to_state
           ORDER BY moved.happened_on DESC, moved.id DESC LIMIT 1) event ON true
     WHERE kase.county = %(county)s AND kase.opened_on <= %(day)s
)
"""

# The row's place decides who sees it: the school on the day, else the household's township.
IN_UNIT = """
(%(unit_township)s = '' OR township_then = %(unit_township)s)
AND (%(unit_school)s = '' OR school_code = %(unit_school)s)
"""


# Where a child of the case ledgers stood on the day: its school then, else where the case began.
def placed(cases: str) -> str:
    return f"""
placed AS (
    SELECT cases.*, child.full_name, child.name_key, child.sex, child.ethnicity_code,
           child.birth_date, child.hukou_address, child.hukou_division, child.residence_address,
           coalesce(stay.school_id, cases.school_at_opening_id) AS school_then,
           coalesce(stay.grade, cases.grade_at_opening) AS grade_then,
           stay.class_group_id AS class_then,
           sites.name AS school_name, coalesce(sites.code, '') AS school_code,
           CASE WHEN sites.township <> '' THEN sites.township ELSE child.township END
               AS township_then
      FROM {cases} AS cases
      JOIN students_student child ON child.id = cases.student_id
      LEFT JOIN students_enrolment stay
        ON stay.student_id = child.id AND stay.county = %(county)s AND {held("stay")}
      LEFT JOIN sites ON sites.school_id = coalesce(stay.school_id, cases.school_at_opening_id)
)
"""
