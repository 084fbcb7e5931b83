"""The words of the import contract, as tables a clerk can check against it.

Labels are written as they stand after `header.bare_label`: without blanks, stars, colons and
brackets, half-width, and without a leading 学生/儿童/孩子/幼儿.
"""

from enum import StrEnum


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


class Field(StrEnum):
    NAME = "name"
    ID_NUMBER = "id_number"
    ID_TYPE = "id_type"
    STUDENT_NO = "student_no"
    SEX = "sex"
    BIRTH_DATE = "birth_date"
    ETHNICITY = "ethnicity"
    SCHOOL_CODE = "school_code"
    SCHOOL = "school"
    SCHOOL_TOWNSHIP = "school_township"
    STAGE = "stage"
    GRADE = "grade"
    CLASS = "class"
    GRADE_AND_CLASS = "grade_and_class"
    BOARDING = "boarding"
    BOARDING_MODE = "boarding_mode"
    NO_NUMBER = "no_number"
    REGISTERED = "registered"
    CATEGORY = "category"
    CATEGORY_LIST = "category_list"
    DISABILITY = "disability"


# Contract 3.3. 乡镇 alone, 入学年月 and 学籍辅号 are deliberately missing: they are extra columns.
LABELS: dict[Field, str] = {
    Field.NAME: "姓名 名字 残疾人姓名",
    Field.ID_NUMBER: "身份证号 身份证号码 身份证件号 身份证件号码 证件号 证件号码"
    " 公民身份号码 公民身份证号码 居民身份证号 居民身份证号码",
    Field.ID_TYPE: "身份证件类型 证件类型",
    Field.STUDENT_NO: "学籍号 学籍号码 全国学籍号 学籍主号 全国学籍主号",
    Field.SEX: "性别",
    Field.BIRTH_DATE: "出生日期 出生年月日 出生年月 生日",
    Field.ETHNICITY: "民族 民族成分 民族代码",
    Field.SCHOOL_CODE: "学校标识码 学校代码",
    Field.SCHOOL: "学校 学校名称 学校全称 就读学校 就读学校名称 就读学校全称 所在学校 现就读学校",
    Field.SCHOOL_TOWNSHIP: "所在乡镇 所在镇乡 学校所在乡镇 学校所属乡镇",
    Field.STAGE: "学段",
    Field.GRADE: "年级 就读年级 所在年级 现读年级 年级名称",
    Field.CLASS: "班级 班级名称 班号 所在班级 班别",
    Field.GRADE_AND_CLASS: "年级班级 年级及班级 年级/班级 所在年级班级",
    Field.BOARDING: "是否住校 是否住宿 是否寄宿 是否住校生 是否住宿生 是否寄宿生"
    " 是否为住宿生 是否为寄宿生 是否学校寄宿",
    Field.BOARDING_MODE: "就读方式 住宿情况 住宿方式",
    Field.NO_NUMBER: "无户口 无户口学生 是否无户口 无证件 是否无证件",
    Field.REGISTERED: "是否登记户口",
    Field.CATEGORY_LIST: "困难类别 困难类型 家庭困难类型 户类型 家庭类型 人员类别 类别 特殊群体类别"
    " 是否脱贫户/监测户 是否低保/特困 是否为随迁子女或留守儿童",
    Field.DISABILITY: "残疾类别 残疾类型 残疾等级 残疾人证号 残疾证号",
}

# Contract 3.5: a yes/no column, and the words of a list column, for each category.
CATEGORY_LABELS: dict[str, str] = {
    "lifted_household": "脱贫户 是否脱贫户 建档立卡 是否建档立卡 是否建档立卡户 是否原建档立卡户",
    "monitored_household": "监测户 是否监测户 是否监测对象 是否防返贫监测对象",
    "subsistence_allowance": "低保 是否低保 是否低保户 是否享受低保",
    "extreme_hardship": "特困供养 是否特困 是否特困供养",
    "orphan": "孤儿 是否孤儿",
    "de_facto_unsupported": "事实无人抚养 是否事实无人抚养 是否事实无人抚养儿童",
    "resettled": "易地搬迁 是否易地搬迁 是否易地搬迁户",
    "migrant_child": "随迁子女 是否随迁 是否随迁子女 是否进城务工人员随迁子女",
    "left_behind_edu": "留守儿童 是否留守 是否留守儿童",
    "left_behind_civil": "是否农村留守儿童",
    "disabled": "残疾 是否残疾 是否残疾学生",
}
CATEGORY_WORDS: dict[str, str] = {
    "lifted_household": "脱贫户 建档立卡 建档立卡户 原建档立卡户 脱贫享受政策户",
    "monitored_household": "监测户 监测对象",
    "lifted_unstable": "脱贫不稳定户",
    "marginal_at_risk": "边缘易致贫户",
    "sudden_severe_hardship": "突发严重困难户",
    "subsistence_allowance": "低保 低保户 农村低保 城市低保",
    "extreme_hardship": "特困 特困供养 特困人员",
    "orphan": "孤儿",
    "de_facto_unsupported": "事实无人抚养 事实无人抚养儿童",
    "resettled": "易地搬迁 易地搬迁户",
    "migrant_child": "随迁 随迁子女",
    "left_behind_edu": "留守 留守儿童 单亲留守 双亲留守",
    "left_behind_civil": "农村留守儿童",
    "child_in_difficulty": "困境儿童",
    "disabled": "残疾 残疾学生",
}
DISABLED = "disabled"

# A column under a heading that contains one of these is never the pupil's own.
OTHER_PERSONS = _words("父 母 家长 监护 户主 责任 班主任 教师 帮扶 祖 受委托 成员 联系人")
LEADING_WORDS = ("学生", "儿童", "孩子", "幼儿")

TOTALS = ("合计", "小计", "总计", "共计", "累计")
FOOTERS = _words(
    "填表 填报 制表 审核 复核 负责人 单位负责人 校长 班主任 经办人 联系人 联系电话 报送 签字 盖章"
    " 说明 打印时间 导出时间 数据来源 注: 备注: 附注:"
)
# Numbers the lines of one printed sheet; says nothing about a child.
RUNNING_NUMBER = "序号"

BLANK_VALUES = frozenset(("", "-", "--", "—", "——", "/", "无", "暂无"))
YES = frozenset(_words("是 1 √ ✓ ✔ 有"))
NO = frozenset(_words("否 0 × 无"))
LEFT_BEHIND_YES = YES | frozenset(_words("2 单亲留守 双亲留守"))
LEFT_BEHIND_NO = NO | {"非留守"}
NOT_DISABLED = frozenset(_words("无 否 0"))

NO_NUMBER_VALUES = frozenset(("无户口", "无证件"))
# The ID types whose numbers follow GB 11643.
CHECKED_ID_TYPES = frozenset(("", "1", "居民身份证", "身份证", "港澳台居民居住证"))
NO_PAPER_ID_TYPES = frozenset(("Z", "其他", "无证件"))
ID_TYPE_CODES = {
    "居民身份证": "1",
    "身份证": "1",
    "护照": "A",
    "台湾居民来往大陆通行证": "8",
    "外国人永久居留身份证": "9",
    "其他": "Z",
    "无证件": "Z",
}

SEXES = {"男": "男", "女": "女", "1": "男", "2": "女"}
BOARDING_WORDS = {
    **dict.fromkeys(_words("住校 住宿 寄宿 住校生 住宿生 寄宿生"), "boarding"),
    **dict.fromkeys(_words("走读 通学 不住校 不住宿 走读生"), "day"),
    "送教上门": "home_taught",
}
BOARDING_YES_NO = BOARDING_WORDS | dict.fromkeys(YES, "boarding") | dict.fromkeys(NO, "day")
BOARDING_MODES = BOARDING_WORDS | {"1": "day", "2": "boarding", "3": "home_taught"}


def _by_word(table: dict[str, str]) -> dict[str, str]:
    return {word: code for code, words in table.items() for word in words.split()}


FIELD_OF_LABEL: dict[str, Field] = {
    label: field for field, labels in LABELS.items() for label in labels.split()
}
CATEGORY_OF_LABEL = _by_word(CATEGORY_LABELS)
CATEGORY_OF_WORD = _by_word(CATEGORY_WORDS)
