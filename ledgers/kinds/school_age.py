"""适龄儿童少年台账 (教基厅函〔2024〕15号): every child of school age, where it goes to school."""

from casework.queries.responsible import joined, persons
from ledgers.kinds.base import Column, Group, Holds, Kind, Shape
from ledgers.kinds.parts import CASES, IN_UNIT, LABELS, SITES, held, homes, kin, numbers, traits

_NARROWEST = "截止日对该生负责的人：依次取包到学生、班级、学校、村、乡镇的责任人；没有的为空。"

GROUPS = (
    Group(
        "户籍信息",
        (
            Column("乡镇（街道）"),
            Column("村（社区）", note="户籍区划到村的取户籍村，否则取所在户的村。"),
            Column("组", width=8),
            Column("户主姓名", width=10),
            Column(
                "户主身份证号",
                width=20,
                secret=Holds.GUARDIAN_NUMBER,
                note="户主同时登记为该儿童家长的，取其证件号码，其他为空。",
            ),
            Column("与户主关系", width=10),
        ),
    ),
    Group(
        "儿童信息",
        (
            Column("姓名", width=10),
            Column("性别", width=6),
            Column("民族", width=8),
            Column("出生日期", shape=Shape.DATE),
            Column("身份证号", width=20, secret=Holds.IDENTIFIER),
            Column("户籍地址", width=26),
            Column("现居住地", width=26),
        ),
    ),
    Group(
        "就学信息",
        (
            Column("就读状态", width=10),
            Column("就读学校全称", width=24),
            Column("学校所在省市县", width=20),
            Column("学校标识码"),
            Column("学段", width=8),
            Column("年级"),
            Column("班级", width=8),
            Column("学籍号", width=21, secret=Holds.IDENTIFIER),
            Column("入学年月", width=10, note="按班级入学年份的9月。"),
            Column("就读方式", width=10),
        ),
    ),
    Group(
        "特征",
        (
            Column("是否脱贫户/监测户", width=16),
            Column("是否低保/特困", width=14),
            Column("是否残疾（类别/等级）", width=14),
            Column(
                "是否留守",
                width=20,
                note="教育口径为父母一方或双方外出；民政口径为双方外出，或一方外出而另一方无监护能力，"
                "且未满16周岁。两个口径分别注明。",
            ),
            Column("是否随迁", width=8),
            Column("是否孤儿/事实无人抚养", width=14),
        ),
    ),
    Group(
        "家长",
        (
            Column("父亲姓名", width=10),
            Column("母亲姓名", width=10),
            Column("监护人姓名", width=10),
            Column("监护人电话", width=13, secret=Holds.GUARDIAN_PHONE),
            Column("务工地", width=16),
        ),
    ),
    Group(
        "责任",
        (
            Column("教育线责任人", width=10, note=_NARROWEST),
            Column("教育线责任人电话", width=13, secret=Holds.RESPONSIBLE_PHONE),
            Column("政府线责任人", width=10, note=_NARROWEST),
            Column("政府线责任人电话", width=13, secret=Holds.RESPONSIBLE_PHONE),
        ),
    ),
    Group(
        "核查",
        (Column("核查日期", shape=Shape.DATE, note="最近一次家访或个案核查的日期。"),),
    ),
    Group("", (Column("备注", width=16),)),
)

STATUSES = {
    "in_school": "在读",
    "not_enrolled": "未入学",
    "dropped_out": "辍学",
    "deferred_entry": "缓学",
    "suspended": "休学",
    "home_taught": "送教",
    "unclear": "去向待核",
}

RULE = (
    "适龄儿童少年：截止日所在学年（{start_year}—{end_year}学年）出生日期在{first_birth:%Y-%m-%d}"
    "至{last_birth:%Y-%m-%d}之间，在本县登记的全部儿童少年。曾有学籍、截止日无就读记录且未建"
    "辍学个案的，就读状态为“去向待核”。"
)

_COVERS = {
    "student_id": "child.id",
    "class_group_id": "child.stay_class",
    "school_id": "child.stay_school",
    "village": "child.village",
    "township": "child.township_then",
}

_SQL = f"""
WITH {LABELS}, {SITES}, {homes()}, {numbers()}, {kin()}, {traits()}, {CASES},
gone AS (
    SELECT DISTINCT student_id FROM cases
     WHERE state_then IN ('confirmed', 'persuading', 'escalated')
),
checks AS (
    SELECT student_id, max(day) AS day
      FROM (SELECT student_id, visited_on AS day FROM casework_homevisit
             WHERE county = %(county)s AND visited_on <= %(day)s
             UNION ALL
            SELECT student_id, verified_on FROM cases WHERE verified_on <= %(day)s) checked
     GROUP BY student_id
),
placed AS (
    SELECT child.*, sites.name AS school_name, sites.code AS school_code, sites.located,
           stay.school_id AS stay_school, stay.class_group_id AS stay_class,
           stay.grade AS stay_grade, stay.attendance_mode, stay.status AS stay_status,
           homes.head_name, homes.group_name, homes.relation_to_head,
           coalesce(homes.household_no, '') AS household_no,
           CASE WHEN length(child.hukou_division) = 12 THEN child.hukou_division
                ELSE coalesce(homes.village, '') END AS village,
           CASE WHEN sites.township <> '' THEN sites.township
                WHEN left(child.hukou_division, 6) = child.county
                     AND length(child.hukou_division) >= 9 THEN left(child.hukou_division, 9)
                ELSE child.township END AS township_then
      FROM students_student child
      LEFT JOIN students_enrolment stay
        ON stay.student_id = child.id AND stay.county = %(county)s AND {held("stay")}
      LEFT JOIN sites ON sites.school_id = stay.school_id
      LEFT JOIN homes ON homes.student_id = child.id
     WHERE child.county = %(county)s AND child.merged_into_id IS NULL
       AND child.birth_date BETWEEN %(first_birth)s AND %(last_birth)s
),
judged AS (
    SELECT placed.*,
           CASE WHEN gone.student_id IS NOT NULL THEN 'dropped_out'
                WHEN stay_status IS NOT NULL THEN stay_status
                WHEN EXISTS (SELECT FROM students_enrolment earlier
                              WHERE earlier.student_id = placed.id
                                AND earlier.valid_from <= %(day)s) THEN 'unclear'
                ELSE 'not_enrolled' END AS status_then
      FROM placed
      LEFT JOIN gone ON gone.student_id = placed.id
     WHERE {IN_UNIT}
),
{persons()}
SELECT child.id AS subject_id, child.id AS student_id, child.township_then AS township,
       child.stay_school AS school_id, child.stay_class AS class_group_id,
       child.status_then AS status,
       concat(child.township_then, ' ', child.village, ' ', child.household_no, ' ',
              left(child.name_key, 40)) AS sort_key,
       ARRAY[
           coalesce(town.name, ''), coalesce(village.name, ''), coalesce(child.group_name, ''),
           coalesce(child.head_name, ''), coalesce(kin.head[2], ''),
           coalesce(child.relation_to_head, ''),
           child.full_name, child.sex, coalesce(ethnicities.name, ''), child.birth_date::text,
           coalesce(numbers.id_number[3], ''), child.hukou_address, child.residence_address,
           statuses.name, coalesce(child.school_name, ''), coalesce(child.located, ''),
           coalesce(child.school_code, ''), coalesce(stages.name, ''), coalesce(grades.name, ''),
           CASE WHEN class.number ~ '^[0-9]+$' THEN class.number || '班'
                ELSE coalesce(class.number, '') END,
           coalesce(numbers.student_no[3], ''),
           CASE WHEN class.entry_year IS NULL THEN '' ELSE class.entry_year || '-09' END,
           coalesce(modes.name, ''),
           coalesce(traits.poverty, '否'), coalesce(traits.relief, '否'),
           CASE WHEN disability.student_id IS NULL
                THEN CASE WHEN traits.disabled THEN '是' ELSE '否' END
                ELSE coalesce(nullif(concat(
                    (ARRAY['视力', '听力', '言语', '肢体', '智力', '精神', '多重'])
                        [nullif(disability.disability_type, '')::int],
                    (ARRAY['一级', '二级', '三级', '四级'])[disability.disability_level]
                ), ''), '是') END,
           coalesce(nullif(concat_ws('、',
               CASE WHEN away.both_parents_away THEN '双亲留守（教育口径）'
                    WHEN away.one_parent_away THEN '单亲留守（教育口径）'
                    WHEN traits.left_edu THEN '留守（教育口径）' END,
               CASE WHEN traits.left_civil
                      OR (child.birth_date > %(day)s::date - interval '16 years'
                          AND (away.both_parents_away
                               OR (away.one_parent_away AND NOT away.other_parent_able)))
                    THEN '留守（民政口径）' END), ''), '否'),
           CASE WHEN traits.migrant THEN '是' ELSE '否' END, coalesce(traits.orphan, '否'),
           coalesce(kin.father, ''), coalesce(kin.mother, ''), coalesce(kin.guardian[3], ''),
           coalesce(kin.guardian[5], ''),
           concat_ws('、', kin.father_works, nullif(kin.mother_works, kin.father_works)),
           coalesce(duty.education[3], ''), coalesce(duty.education[4], ''),
           coalesce(duty.government[3], ''), coalesce(duty.government[4], ''),
           coalesce(checks.day::text, ''),
           CASE WHEN child.has_no_number THEN '无户口或无证件' ELSE '' END
       ] AS cells,
       ARRAY[kin.head[1], numbers.id_number[2], numbers.student_no[2], kin.guardian[6],
             duty.education[5], duty.government[5]]::uuid[] AS secrets
  FROM judged child
  JOIN unnest(%(status_codes)s, %(status_names)s) AS statuses (code, name)
    ON statuses.code = child.status_then
  LEFT JOIN schools_classgroup class ON class.id = child.stay_class
  LEFT JOIN schools_division town ON town.code = CASE
       WHEN child.village <> '' THEN left(child.village, 9)
       WHEN length(child.hukou_division) >= 9 THEN left(child.hukou_division, 9) END
  LEFT JOIN schools_division village ON village.code = nullif(child.village, '')
  LEFT JOIN ethnicities ON ethnicities.code = child.ethnicity_code
  LEFT JOIN grades ON grades.code = child.stay_grade
  LEFT JOIN stages ON stages.code = CASE
       WHEN class.stage <> '' THEN class.stage
       WHEN child.stay_grade BETWEEN 11 AND 16 THEN 'primary'
       WHEN child.stay_grade BETWEEN 21 AND 24 THEN 'junior'
       WHEN child.stay_grade BETWEEN 31 AND 33 THEN 'senior'
       WHEN child.stay_grade BETWEEN 41 AND 43 THEN 'vocational' END
  LEFT JOIN modes ON modes.code = child.attendance_mode
  LEFT JOIN numbers ON numbers.student_id = child.id
  LEFT JOIN kin ON kin.student_id = child.id
  {joined(_COVERS)}
  LEFT JOIN traits ON traits.student_id = child.id
  LEFT JOIN checks ON checks.student_id = child.id
  LEFT JOIN (
      SELECT DISTINCT ON (card.student_id) card.student_id, card.disability_type,
             card.disability_level
        FROM students_disabilityrecord card
       WHERE card.county = %(county)s AND {held("card")}
       ORDER BY card.student_id, card.valid_from DESC, card.id DESC
  ) disability ON disability.student_id = child.id
  LEFT JOIN (
      SELECT DISTINCT ON (fact.student_id) fact.*
        FROM students_leftbehindfact fact
       WHERE fact.county = %(county)s AND {held("fact")}
       ORDER BY fact.student_id, fact.valid_from DESC, fact.id DESC
  ) away ON away.student_id = child.id
"""

SCHOOL_AGE = Kind(
    code="school_age",
    title="适龄儿童少年台账",
    subject="学生",
    groups=GROUPS,
    statuses=STATUSES,
    rule=RULE,
    sql=_SQL,
)
