"""A county of N children for the lists, straight into the tables: one statement a table.

Not the demo county: here only what a line of the list shows is filled, so that a million children
are there in minutes. Names come from a pool of spellings whose search pieces the product makes.
"""

import itertools

from django.db import connection

from bench import roster
from core import names, tenancy

GIVEN = "梓涵子轩浩宇欣怡雨桐一诺晨曦佳琪俊杰思远文博嘉怡若曦静宜志强晓明雪梅建国海燕春玲天佑"
SPELLINGS = 60_000

_SPELLINGS = """
CREATE TEMPORARY TABLE spelling (
    number int PRIMARY KEY, full_name text, name_key text, name_tokens text[]
) ON COMMIT DROP
"""

# A spread without chance: each fact hashes the child's number in its own way.
_STUDENTS = """
INSERT INTO students_student
       (county, full_name, name_key, name_tokens, former_name, sex, birth_date, ethnicity_code,
        id_type, has_no_number, hukou_division, hukou_address, residence_address, township,
        school_id, grade, extra, created_at, updated_at)
SELECT %(county)s, s.full_name, s.name_key, s.name_tokens, '',
       CASE WHEN n %% 2 = 0 THEN '女' ELSE '男' END,
       date '2011-09-01' + abs(hashint8extended(n, 3) %% 3285)::int, '01', '1', false, '', '', '',
       place.township_id, place.id,
       CASE WHEN place.stages = '{primary}' THEN 11 + abs(hashint8extended(n, 4) %% 6)
            ELSE 21 + abs(hashint8extended(n, 4) %% 3) END,
       '{}', now(), now()
  FROM generate_series(1, %(children)s::bigint) n
  JOIN spelling s ON s.number = abs(hashint8extended(n, 1) %% %(spellings)s)
  JOIN (SELECT id, township_id, stages, row_number() OVER (ORDER BY id) - 1 AS place
          FROM schools_school) place
    ON place.place = abs(hashint8extended(n, 2) %% %(schools)s)
"""
_CLASSES = """
INSERT INTO schools_classgroup (county, school_id, stage, entry_year, number)
SELECT DISTINCT county, school_id, '', 2026 - grade %% 10 + 1, (id %% 2 + 1)::text
  FROM students_student
"""
_SEATS = """
UPDATE students_student s SET class_group_id = g.id
  FROM schools_classgroup g
 WHERE g.school_id = s.school_id AND g.entry_year = 2026 - s.grade %% 10 + 1
   AND g.number = (s.id %% 2 + 1)::text
"""
_NUMBERS = """
INSERT INTO students_studentidentifier
       (id, county, student_id, kind, sealed, blind, mask, source, valid_from)
SELECT gen_random_uuid(), county, id, 'id_number', sha256(id::text::bytea) || 'bench'::bytea,
       substr(sha256(id::text::bytea), 1, 16),
       '629***********' || lpad((id %% 10000)::text, 4, '0'), '', '2026-09-01'
  FROM students_student
"""
_ENROLMENTS = """
INSERT INTO students_enrolment
       (county, student_id, school_id, class_group_id, grade, attendance_mode, status,
        valid_from, source)
SELECT county, id, school_id, class_group_id, grade, 'day', 'in_school', '2026-09-01', ''
  FROM students_student
"""
_CATEGORIES = """
INSERT INTO students_personcategory (county, student_id, type_id, valid_from, source)
SELECT county, id, 'lifted_household', '2026-09-01', '' FROM students_student WHERE id %% 6 = 0
"""


def fill(children):
    pool = _pool(min(SPELLINGS, max(1_000, children)))
    values = {"county": roster.COUNTY, "children": children, "spellings": len(pool)}
    with tenancy.inside(roster.COUNTY), connection.cursor() as cursor:
        cursor.execute(_SPELLINGS)
        cursor.executemany("INSERT INTO spelling VALUES (%s, %s, %s, %s)", pool)
        cursor.execute("SELECT count(*) FROM schools_school")
        values["schools"] = cursor.fetchone()[0]
        for statement in (_STUDENTS, _CLASSES, _SEATS, _NUMBERS, _ENROLMENTS, _CATEGORIES):
            cursor.execute(statement, values)
    return {"seconds": 0}


def _pool(size):
    pairs = map("".join, itertools.product(GIVEN, GIVEN))
    given = list(dict.fromkeys([*GIVEN, *pairs]))
    everybody = (surname + rest for rest in given for surname in roster.SURNAMES)
    pool = []
    for number, name in enumerate(itertools.islice(everybody, size)):
        keys = names.search_keys(name)
        pool.append((number, name, keys.pinyin, keys.tokens))
    return pool
