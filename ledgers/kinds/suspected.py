"""疑似辍学学生台账 (教基厅函〔2024〕15号): suspicions of the school year, checked and unchecked."""

from ledgers.kinds.base import Column, Group, Holds, Kind, Shape
from ledgers.kinds.parts import CASES, IN_UNIT, LABELS, SITES, homes, kin, numbers, placed

GROUPS = (
    Group(
        "学生",
        (
            Column("乡镇"),
            Column("学校", width=24, note="截止日就读的学校；无就读记录的为建案时的学校。"),
            Column("年级班级", width=16),
            Column("姓名", width=10),
            Column("性别", width=6),
            Column("身份证号", width=20, secret=Holds.IDENTIFIER),
            Column("学籍号", width=21, secret=Holds.IDENTIFIER),
        ),
    ),
    Group(
        "监护人及住址",
        (
            Column("监护人及电话", width=22, secret=Holds.GUARDIAN_PHONE),
            Column("家庭住址", width=26),
        ),
    ),
    Group(
        "来源与缺勤",
        (
            Column("数据来源"),
            Column("下发批次"),
            Column("最后到校日期", shape=Shape.DATE),
            Column(
                "缺勤天数",
                width=10,
                shape=Shape.NUMBER,
                note="最后到校次日起至截止日、复学日或销号日的工作日，按法定节假日调整，寒暑假未扣除。",
            ),
            Column("疑似原因", width=20),
        ),
    ),
    Group(
        "核查",
        (
            Column("核查方式", note="截止日前最近一次首次核查走访或电话联系。"),
            Column("核查人", width=10),
            Column("核查日期", shape=Shape.DATE),
            Column("核查结果", width=18),
            Column("佐证材料", width=18),
            Column("是否转为辍学", width=10),
        ),
    ),
    Group("", (Column("备注", width=16),)),
)

STATUSES = {"pending": "待核查", "excluded": "已排除", "confirmed": "转为辍学"}

RULE = (
    "疑似辍学学生：截止日前建案，截止日仍待核查，或在截止日所在学年"
    "（{start_year}—{end_year}学年）内核查完毕的全部个案。"
)

_SQL = f"""
WITH {LABELS}, {SITES}, {CASES},
suspected AS (
    SELECT * FROM cases
     WHERE state_then = 'suspected' OR coalesce(verified_on, opened_on) >= %(year_began)s
),
wanted AS (SELECT DISTINCT student_id FROM suspected),
{homes(few=True)}, {numbers(few=True)}, {kin(few=True)}, {placed("suspected")},
judged AS (
    SELECT placed.*,
           CASE state_then WHEN 'suspected' THEN 'pending' WHEN 'excluded' THEN 'excluded'
                           ELSE 'confirmed' END AS status_then
      FROM placed
     WHERE {IN_UNIT}
)
SELECT kase.id AS subject_id, kase.student_id, kase.township_then AS township,
       kase.school_then AS school_id, kase.class_then AS class_group_id,
       kase.status_then AS status,
       concat(kase.township_then, ' ', kase.school_code, ' ', kase.grade_then, ' ',
              left(kase.name_key, 40)) AS sort_key,
       ARRAY[
           coalesce(town.name, ''), coalesce(kase.school_name, ''),
           concat(grades.name, CASE WHEN class.number ~ '^[0-9]+$' THEN class.number || '班'
                                    ELSE class.number END),
           kase.full_name, kase.sex, coalesce(numbers.id_number[3], ''),
           coalesce(numbers.student_no[3], ''),
           concat_ws(' ', kin.guardian[3], nullif(kin.guardian[5], '')),
           coalesce(nullif(kase.residence_address, ''), kase.hukou_address),
           coalesce(source.name, ''), kase.sent_down_batch,
           coalesce(kase.last_present_on::text, ''), coalesce(absent.days::text, ''),
           kase.suspicion,
           coalesce(visit.way, ''),
           CASE WHEN kase.verified_on <= %(day)s THEN kase.verified_by ELSE '' END,
           CASE WHEN kase.verified_on <= %(day)s THEN kase.verified_on::text ELSE '' END,
           CASE WHEN kase.verified_on <= %(day)s THEN coalesce(result.name, '') ELSE '' END,
           CASE WHEN kase.verified_on <= %(day)s THEN kase.evidence ELSE '' END,
           CASE kase.status_then WHEN 'confirmed' THEN '是' WHEN 'excluded' THEN '否' ELSE '' END,
           CASE WHEN kase.previous_case_id IS NULL THEN '' ELSE '曾建案，再次疑似' END
       ] AS cells,
       ARRAY[numbers.id_number[2], numbers.student_no[2], kin.guardian[6]]::uuid[] AS secrets
  FROM judged kase
  LEFT JOIN schools_division town ON town.code = kase.township_then
  LEFT JOIN schools_classgroup class ON class.id = kase.class_then
  LEFT JOIN grades ON grades.code = kase.grade_then
  LEFT JOIN casework_casecode source ON source.list = 'source' AND source.code = kase.source
  LEFT JOIN casework_casecode result
    ON result.list = 'verification' AND result.code = kase.verification_result
  LEFT JOIN numbers ON numbers.student_id = kase.student_id
  LEFT JOIN kin ON kin.student_id = kase.student_id
  LEFT JOIN LATERAL (
      SELECT CASE seen.kind WHEN 'phone' THEN '电话联系' ELSE '入户走访' END AS way
        FROM casework_homevisit seen
       WHERE seen.case_id = kase.id AND seen.visited_on <= %(day)s
         AND seen.kind IN ('first_check', 'phone')
       ORDER BY seen.visited_on DESC, seen.client_uuid LIMIT 1) visit ON true
  LEFT JOIN LATERAL (
      SELECT count(*) AS days
        FROM generate_series(
                 kase.last_present_on + 1,
                 least(%(day)s::date, kase.returned_on, kase.closed_on), interval '1 day'
             ) AS absence (day)
        LEFT JOIN schools_calendarday differing ON differing.day = absence.day::date
       WHERE coalesce(differing.is_working, extract(isodow FROM absence.day) < 6)) absent
    ON kase.last_present_on IS NOT NULL
"""

SUSPECTED = Kind(
    code="suspected",
    title="疑似辍学学生台账",
    subject="个案",
    groups=GROUPS,
    statuses=STATUSES,
    rule=RULE,
    sql=_SQL,
)
