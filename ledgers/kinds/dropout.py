"""辍学学生台账 (教基厅函〔2024〕15号): confirmed dropouts, those brought back, those closed."""

from casework.queries.responsible import responsible
from ledgers.kinds.base import Column, Group, Holds, Kind, Shape
from ledgers.kinds.parts import CASES, IN_UNIT, LABELS, SITES, homes, kin, numbers, placed, traits

_ON_THE_DAY = "截止日对该生负责的人：教育线取学校责任人，政府线取乡镇责任人；没有的为空。"
_DOCUMENTS = "截止日前制作、截止日仍未作废的文书，按制作日期排列。"

GROUPS = (
    Group(
        "基本",
        (
            Column("姓名", width=10),
            Column("性别", width=6),
            Column("民族", width=8),
            Column("身份证号", width=20, secret=Holds.IDENTIFIER),
            Column("学籍号", width=21, secret=Holds.IDENTIFIER),
            Column("户籍地", width=26),
            Column("现住址", width=26),
        ),
    ),
    Group(
        "家庭",
        (
            Column("监护人", width=10),
            Column("关系", width=10),
            Column("电话", width=13, secret=Holds.GUARDIAN_PHONE),
            Column("是否脱贫户/监测户", width=16),
            Column("户编号", width=18),
        ),
    ),
    Group(
        "辍学",
        (
            Column("原就读学校及年级", width=28, note="建案时就读的学校和年级。"),
            Column("辍学年月", width=10),
            Column("辍学原因（主/次）", width=22),
            Column("目前去向", width=18),
        ),
    ),
    Group(
        "责任",
        (
            Column("学校责任人", width=10, note=_ON_THE_DAY),
            Column("乡镇责任人", width=10, note=_ON_THE_DAY),
            Column("包保领导", width=10, note="包保范围最小的领导。"),
        ),
    ),
    Group(
        "劝返",
        (
            Column("劝返次数", width=8, shape=Shape.NUMBER),
            Column("最近劝返日期", shape=Shape.DATE),
            Column("采取措施", width=24, note="最近一次填写了处理与建议的走访。"),
        ),
    ),
    Group(
        "依法",
        (
            Column("责令改正文号及日期", width=18, note=_DOCUMENTS),
            Column("处罚文号及日期", width=18, note=_DOCUMENTS),
            Column("诉讼文号及日期", width=18, note=f"{_DOCUMENTS}含申请强制执行。"),
        ),
    ),
    Group(
        "结果",
        (
            Column("复学日期", shape=Shape.DATE),
            Column("安置方式"),
            Column("销号日期", shape=Shape.DATE),
        ),
    ),
    Group("", (Column("备注", width=16),)),
)

STATUSES = {
    "open": "在册",
    "returned": "已复学",
    "placed": "另行安置",
    "closed": "已销号",
    "lapsed": "已核减",
    "relapsed": "再次辍学",
}

RULE = (
    "辍学学生：截止日前已确认辍学的个案，截止日仍在册或已复学、已另行安置待销号的全部列入；截止日"
    "所在学年（{start_year}—{end_year}学年）内销号、核减或再次辍学（转入新个案）的继续列示，上一学年"
    "及以前了结的不再列示。"
)

_SQL = f"""
WITH {LABELS}, {SITES}, {CASES},
dropouts AS (
    SELECT * FROM cases
     WHERE state_then NOT IN ('suspected', 'excluded')
       AND (state_then NOT IN ('closed', 'lapsed', 'relapsed') OR closed_on >= %(year_began)s)
),
wanted AS (SELECT DISTINCT student_id FROM dropouts),
{homes(few=True)}, {numbers(few=True)}, {kin(few=True)}, {traits(few=True)},
{placed("dropouts")},
judged AS (
    SELECT placed.*,
           CASE WHEN state_then IN ('returned', 'observing') THEN 'returned'
                WHEN state_then IN ('placed', 'closed', 'lapsed', 'relapsed') THEN state_then
                ELSE 'open' END AS status_then
      FROM placed
     WHERE {IN_UNIT}
),
duty_children AS (
    SELECT kase.id AS subject_id, kase.student_id, kase.class_then AS class_group_id,
           kase.school_then AS school_id,
           CASE WHEN length(kase.hukou_division) = 12 THEN kase.hukou_division
                ELSE coalesce(homes.village, '') END AS village,
           kase.township_then AS township
      FROM judged kase
      LEFT JOIN homes ON homes.student_id = kase.student_id
),
{responsible("duty_children", few=True)},
causes AS (
    SELECT kase.id,
           string_agg(cause.name, '、' ORDER BY cause.sort)
               FILTER (WHERE cause.code = kase.main_cause) AS main,
           string_agg(cause.name, '、' ORDER BY cause.sort)
               FILTER (WHERE cause.code <> kase.main_cause) AS others
      FROM judged kase
      JOIN casework_casecode cause
        ON cause.list = 'cause'
       AND (cause.code = kase.main_cause OR cause.code = ANY (kase.causes))
     GROUP BY kase.id
),
visits AS (
    SELECT visit.case_id,
           count(*) FILTER (WHERE visit.kind = 'persuasion') AS persuasions,
           max(visit.visited_on) FILTER (WHERE visit.kind = 'persuasion') AS last_on,
           (array_agg(visit.advice ORDER BY visit.visited_on DESC, visit.client_uuid)
               FILTER (WHERE visit.advice <> ''))[1] AS advice
      FROM casework_homevisit visit
      JOIN judged kase ON kase.id = visit.case_id
     WHERE visit.visited_on <= %(day)s
     GROUP BY visit.case_id
),
papers AS (
    SELECT paper.case_id, kind.ledger, paper.issued_on, paper.id,
           paper.number || ' ' || paper.issued_on::text AS said
      FROM casework_legalpaper paper
      JOIN casework_legalkind kind ON kind.code = paper.kind_id AND kind.ledger <> ''
     WHERE paper.county = %(county)s AND paper.issued_on <= %(day)s
       AND (paper.voided_on IS NULL OR paper.voided_on > %(day)s)
),
documents AS (
    SELECT case_id,
           string_agg(said, '；' ORDER BY issued_on, id) FILTER (WHERE ledger = 'order') AS orders,
           string_agg(said, '；' ORDER BY issued_on, id)
               FILTER (WHERE ledger = 'penalty') AS penalties,
           string_agg(said, '；' ORDER BY issued_on, id) FILTER (WHERE ledger = 'suit') AS suits
      FROM papers GROUP BY case_id
)
SELECT kase.id AS subject_id, kase.student_id, kase.township_then AS township,
       kase.school_then AS school_id, kase.class_then AS class_group_id,
       kase.status_then AS status,
       concat(array_position(ARRAY['open', 'returned', 'placed', 'closed', 'lapsed', 'relapsed'],
                             kase.status_then), ' ',
              kase.township_then, ' ', kase.school_code, ' ', left(kase.name_key, 40)) AS sort_key,
       ARRAY[
           kase.full_name, kase.sex, coalesce(ethnicities.name, ''),
           coalesce(numbers.id_number[3], ''), coalesce(numbers.student_no[3], ''),
           kase.hukou_address, kase.residence_address,
           coalesce(kin.guardian[3], ''), coalesce(relations.name, ''),
           coalesce(kin.guardian[5], ''), coalesce(traits.poverty, '否'),
           coalesce(homes.household_no, ''),
           concat(origin.name, grades.name),
           coalesce(to_char(kase.dropped_out_on, 'YYYY-MM'), ''),
           concat_ws('/', causes.main, causes.others), kase.whereabouts,
           coalesce(duty.education[3], ''), coalesce(duty.government[3], ''),
           coalesce(duty.leader[3], ''),
           coalesce(visits.persuasions, 0)::text, coalesce(visits.last_on::text, ''),
           coalesce(visits.advice, ''),
           coalesce(documents.orders, ''), coalesce(documents.penalties, ''),
           coalesce(documents.suits, ''),
           CASE WHEN kase.returned_on <= %(day)s THEN kase.returned_on::text ELSE '' END,
           CASE WHEN kase.returned_on <= %(day)s THEN coalesce(placement.name, '') ELSE '' END,
           CASE WHEN kase.status_then IN ('closed', 'lapsed') THEN kase.closed_on::text
                ELSE '' END,
           concat_ws('；',
               CASE WHEN kase.previous_case_id IS NOT NULL THEN '再次辍学' END,
               CASE WHEN kase.status_then = 'relapsed'
                    THEN kase.closed_on::text || '再次辍学，转入新个案' END,
               CASE WHEN kase.status_then = 'lapsed' THEN '核减原因：' || lapse.name END)
       ] AS cells,
       ARRAY[numbers.id_number[2], numbers.student_no[2], kin.guardian[6]]::uuid[] AS secrets
  FROM judged kase
  LEFT JOIN schools_school origin ON origin.id = kase.school_at_opening_id
  LEFT JOIN grades ON grades.code = kase.grade_at_opening
  LEFT JOIN ethnicities ON ethnicities.code = kase.ethnicity_code
  LEFT JOIN casework_casecode placement
    ON placement.list = 'placement' AND placement.code = kase.placement
  LEFT JOIN casework_casecode lapse ON lapse.list = 'lapse' AND lapse.code = kase.lapse_reason
  LEFT JOIN responsible duty ON duty.subject_id = kase.id
  LEFT JOIN causes ON causes.id = kase.id
  LEFT JOIN visits ON visits.case_id = kase.id
  LEFT JOIN documents ON documents.case_id = kase.id
  LEFT JOIN numbers ON numbers.student_id = kase.student_id
  LEFT JOIN kin ON kin.student_id = kase.student_id
  LEFT JOIN relations ON relations.code = kin.guardian[4]
  LEFT JOIN traits ON traits.student_id = kase.student_id
  LEFT JOIN homes ON homes.student_id = kase.student_id
"""

DROPOUT = Kind(
    code="dropout",
    title="辍学学生台账",
    subject="个案",
    groups=GROUPS,
    statuses=STATUSES,
    rule=RULE,
    sql=_SQL,
)
