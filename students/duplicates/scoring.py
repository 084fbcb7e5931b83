"""What speaks for one child behind two records, and how much.

The weights are points up to 100, set so that on the seeded set of bench/duplicates.py nearly all
known duplicates reach LIKELY and few namesakes do. Frequency of the name counts as Fellegi and
Sunter (1969) have it: two children of one birthday called 马才让多杰 are rarely two.
"""

from datetime import datetime
from typing import Any

LIKELY = 60  # shown by the county's search
DOUBTFUL = 30  # a roster's row that would create a child is worth a look already

# The temporary table `suspect` holds first_id < second_id. {features} become points and reasons.
SCORED = """
WITH child AS (
    SELECT s.id, s.full_name, replace(s.full_name, '·', '') AS name, s.name_key,
           (SELECT string_agg(said, ' ' ORDER BY said)
              FROM unnest(string_to_array(s.name_key, ' ')) said) AS sound,
           s.birth_date, s.sex, s.ethnicity_code, s.school_id, s.extra,
           nullif(s.residence_address, '') AS residence, nullif(s.hukou_address, '') AS hukou
      FROM students_student s
     WHERE s.id IN (SELECT first_id FROM suspect UNION SELECT second_id FROM suspect)
), number AS (
    SELECT i.student_id,
           max(i.mask) FILTER (WHERE i.kind = 'id_number' AND i.valid_to IS NULL) AS mask,
           bool_or(i.kind = 'student_no' AND i.mask ~ '^[JL]') AS is_temporary,
           bool_or(i.kind = 'student_no' AND i.mask LIKE 'G%%') AS is_formal,
           md5(string_agg(i.blind::text, ' ' ORDER BY i.kind, i.blind)) AS digest
      FROM students_studentidentifier i
     WHERE i.county = %(county)s AND i.student_id IN (SELECT id FROM child)
     GROUP BY i.student_id
), kin AS (
    SELECT t.student_id,
           array_agg(DISTINCT g.full_name) AS names,
           array_agg(DISTINCT g.id::text) || array_agg(DISTINCT g.number_blind::text)
               FILTER (WHERE g.number_blind IS NOT NULL)
               || array_agg(DISTINCT g.full_name || g.phone_mask)
               FILTER (WHERE g.phone_mask <> '') AS keys,
           md5(string_agg(DISTINCT g.full_name || g.phone_mask || g.number_mask, ' ')) AS digest
      FROM students_studentguardian t JOIN students_guardian g ON g.id = t.guardian_id
     WHERE t.county = %(county)s AND t.student_id IN (SELECT id FROM child)
     GROUP BY t.student_id
), home AS (
    SELECT m.student_id, array_agg(DISTINCT m.household_id) AS households
      FROM students_householdmember m
     WHERE m.county = %(county)s AND m.student_id IN (SELECT id FROM child)
     GROUP BY m.student_id
), known AS (
    SELECT child.*, number.mask, coalesce(number.is_temporary, false) AS is_temporary,
           coalesce(number.is_formal, false) AS is_formal,
           kin.names AS kin_names, coalesce(kin.keys, '{{}}') AS kin_keys,
           coalesce(home.households, '{{}}') AS households,
           md5(concat_ws('|', child.full_name, child.birth_date, child.sex, number.digest,
                         kin.digest)) AS facts
      FROM child
      LEFT JOIN number ON number.student_id = child.id
      LEFT JOIN kin ON kin.student_id = child.id
      LEFT JOIN home ON home.student_id = child.id
), frequency AS (
    SELECT s.full_name, count(*) AS people
      FROM students_student s
     WHERE s.county = %(county)s AND s.merged_into_id IS NULL
       AND s.full_name IN (SELECT full_name FROM child)
     GROUP BY s.full_name
), heard AS (
    SELECT s.name_key, count(*) AS people
      FROM students_student s
     WHERE s.county = %(county)s AND s.merged_into_id IS NULL
       AND s.name_key IN (SELECT name_key FROM child)
     GROUP BY s.name_key
), seen AS (
    SELECT suspect.first_id, suspect.second_id, suspect.number_in_no, suspect.shared_no,
           a.name = b.name AS same_name,
           a.name <> b.name AND a.name_key = b.name_key AS same_sound,
           a.name <> b.name AND a.name_key <> b.name_key AND a.sound = b.sound AS swapped_name,
           a.name <> b.name AND a.sound <> b.sound AND {one_apart_names} AS similar_name,
           coalesce(a.birth_date = b.birth_date, false) AS same_birth,
           coalesce(a.birth_date <> b.birth_date AND {one_apart_days}, false) AS near_birth,
           coalesce(a.birth_date <> b.birth_date AND NOT {one_apart_days}, false) AS other_birth,
           a.kin_keys && b.kin_keys
               OR coalesce(a.kin_names && b.kin_names
                           AND (a.households && b.households OR a.residence = b.residence
                                OR a.school_id = b.school_id), false)
               OR EXISTS (SELECT FROM jsonb_each_text(a.extra) x JOIN jsonb_each_text(b.extra) y
                          USING (key, value)
                          WHERE key ~ '监护|家长|父亲|母亲|户主' AND key !~ '关系|是否'
                            AND length(value) > 1) AS same_guardian,
           coalesce(NOT a.kin_names && b.kin_names, false) AS other_guardian,
           coalesce(a.kin_names && b.kin_names, false) AS guardian_namesake,
           a.households && b.households AS same_household,
           (a.mask IS NULL) <> (b.mask IS NULL) AS no_number,
           a.mask IS NULL AND b.mask IS NULL AS both_no_number,
           a.mask IS NOT NULL AND b.mask IS NOT NULL AS two_numbers,
           coalesce(length(a.mask) = 18 AND left(a.mask, 3) = left(b.mask, 3)
                    AND {near_tails}, false) AS similar_number,
           (a.is_temporary AND NOT a.is_formal AND (b.is_formal OR b.mask IS NOT NULL))
               OR (b.is_temporary AND NOT b.is_formal AND (a.is_formal OR a.mask IS NOT NULL))
               AS number_changed,
           coalesce(a.school_id = b.school_id, false) AS same_school,
           coalesce(a.school_id <> b.school_id, false) AS other_school,
           coalesce(a.residence = b.residence OR a.hukou = b.hukou
                    OR a.residence = b.hukou OR a.hukou = b.residence, false) AS same_address,
           a.sex <> b.sex AND a.sex <> '' AND b.sex <> '' AS other_sex,
           a.ethnicity_code <> b.ethnicity_code AND a.ethnicity_code <> ''
               AND b.ethnicity_code <> '' AS other_ethnicity,
           least(fa.people, fb.people) AS people,
           ha.people + CASE WHEN a.name_key = b.name_key THEN 0 ELSE hb.people END AS hearers,
           {neighbours} AS neighbours,
           left(a.name, 1) = left(b.name, 1) AS same_surname,
           md5(a.facts || b.facts) AS facts
      FROM suspect
      JOIN known a ON a.id = suspect.first_id
      JOIN known b ON b.id = suspect.second_id
      JOIN frequency fa ON fa.full_name = a.full_name
      JOIN frequency fb ON fb.full_name = b.full_name
      JOIN heard ha ON ha.name_key = a.name_key
      JOIN heard hb ON hb.name_key = b.name_key
), judged AS (
    SELECT seen.*,
           -- Two children of one day in one family are named apart. If their names sound alike,
           -- the numbers tell: a police station gives them to twins one after the other.
           same_birth AND (same_guardian OR same_household OR (same_surname AND same_address))
               AND ((similar_name AND NOT (no_number AND same_school))
                    OR (same_sound AND neighbours)) AS looks_like_twins,
           greatest(0, least(100, {points})) AS score
      FROM seen
)
INSERT INTO students_duplicatepair
       (county, first_id, second_id, score, reasons, looks_like_twins, facts, batch_id, state,
        found_at, decided_by_name, note)
SELECT %(county)s, first_id, second_id, score, array_remove({reasons}, NULL), looks_like_twins,
       facts, %(batch)s, 'open', %(now)s, '', ''
  FROM judged
 -- A 学籍号 that a roster gave to two children was not written: somebody has to be told.
 WHERE score >= %(least)s OR looks_like_twins OR shared_no
    ON CONFLICT (first_id, second_id) DO UPDATE
   SET score = excluded.score, reasons = excluded.reasons,
       looks_like_twins = excluded.looks_like_twins, facts = excluded.facts,
       state = 'open', found_at = excluded.found_at, decided_at = NULL, decided_by = NULL,
       decided_by_name = '', note = ''
 WHERE students_duplicatepair.state = 'open'
    OR (students_duplicatepair.state = 'rejected'
        AND students_duplicatepair.facts <> excluded.facts)
"""

# One sign of two equally long texts differs.
_ONE_APART = """
(length({a}) = length({b}) AND 1 = (
    SELECT count(*) FROM generate_series(1, length({a})) place
     WHERE substr({a}, place, 1) <> substr({b}, place, 1)))
"""
# A wrong key, or day and month exchanged.
_DAYS_APART = """
({one_apart} OR to_char(a.birth_date, 'YYYYMMDD') = to_char(b.birth_date, 'YYYYDDMM'))
"""
# Three sequence digits and the check character are all a mask shows.
_NEAR_TAILS = """
(SELECT count(*) FROM generate_series(15, 18) place
  WHERE substr(a.mask, place, 1) = substr(b.mask, place, 1)) >= 3
"""

_NEIGHBOURS = """
CASE WHEN a.mask ~ '^.{14}[0-9]{3}[0-9X]$' AND b.mask ~ '^.{14}[0-9]{3}[0-9X]$'
     THEN abs(substr(a.mask, 15, 3)::int - substr(b.mask, 15, 3)::int) <= 20 ELSE false END
"""

_POINTS = {
    "same_name AND same_birth": 50,
    "(same_sound OR swapped_name) AND same_birth": 45,
    "similar_name AND same_birth": 15,
    "same_name AND near_birth": 25,
    "same_name AND NOT same_birth AND NOT near_birth AND NOT other_birth": 25,
    "other_birth AND NOT number_in_no": -30,
    "same_guardian": 35,
    "guardian_namesake AND NOT same_guardian": 20,
    "same_household AND NOT same_guardian": 30,
    "other_guardian AND NOT same_household": -25,
    "number_in_no": 60,
    "shared_no": 25,
    "number_changed": 15,
    "no_number": 20,
    "both_no_number": 10,
    "two_numbers AND NOT number_in_no AND NOT similar_number": -10,
    "similar_number": 15,
    "same_name AND people <= 2": 25,
    "(same_sound OR swapped_name) AND hearers <= 2": 20,
    "people BETWEEN 3 AND 5": 5,
    "people >= 30": -10,
    "same_school": 15,
    "other_school": -5,
    "same_address": 10,
    "other_sex": -25,
    "other_ethnicity": -10,
    "swapped_name AND NOT same_surname": -20,
}
_REASONS = (
    "same_name",
    "same_sound",
    "swapped_name",
    "similar_name",
    "same_birth",
    "near_birth",
    "same_guardian",
    "same_household",
    "number_in_no",
    "shared_no",
    "number_changed",
    "no_number",
    "similar_number",
    "same_school",
    "same_address",
)


def _statement() -> str:
    day = "to_char({}.birth_date, 'YYYYMMDD')"
    points = (f"CASE WHEN {fact} THEN {worth} ELSE 0 END" for fact, worth in _POINTS.items())
    reasons = (f"CASE WHEN {name} THEN '{name}' END" for name in _REASONS)
    return SCORED.format(
        one_apart_names=_ONE_APART.format(a="a.name", b="b.name"),
        one_apart_days=_DAYS_APART.format(
            one_apart=_ONE_APART.format(a=day.format("a"), b=day.format("b"))
        ),
        near_tails=_NEAR_TAILS,
        neighbours=_NEIGHBOURS,
        points=" + ".join(points),
        reasons=f"ARRAY[{', '.join(reasons)}]::varchar[]",
    )


SCORE_PAIRS = _statement()


def values(
    *, county: str, now: datetime, least: int, batch_id: int | None = None
) -> dict[str, Any]:
    return {"county": county, "now": now, "least": least, "batch": batch_id}
