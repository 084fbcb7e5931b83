"""The forms every county begins with: two rosters of the house, and the 71 columns of 学籍."""

from datetime import date
from typing import Any

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

Pairs = list[list[str]]
Column = dict[str, Any]


def _words(text: str) -> Pairs:
    return [[word, ""] for word in text.split()]


def _codes(text: str) -> Pairs:
    """1:男 2:女 -> [["1", "男"], ["2", "女"]]"""
    return [pair.split(":") for pair in text.split()]


SEX, SEX_CODE = _words("男 女"), _codes("1:男 2:女")
YES_NO, YES_NO_CODE = _words("是 否"), _codes("1:是 0:否")
MODE, MODE_CODE = _words("走读 住校 送教上门"), _codes("1:走读 2:住校 3:送教上门")
GRADE = _words(
    "一年级 二年级 三年级 四年级 五年级 六年级 七年级 八年级 九年级 中职一年级 中职二年级 中职三年级"
)
GRADE_CODE = _codes(
    "1:一年级 2:二年级 3:三年级 4:四年级 5:五年级 6:六年级 7:七年级 8:八年级 9:九年级"
)
ID_TYPE = _words("居民身份证 港澳台居民居住证 护照 台湾居民来往大陆通行证 其他 无证件")
ID_TYPE_CODE = _codes(
    "1:居民身份证 6:香港特区护照或身份证明 7:澳门特区护照或身份证明"
    " 8:台湾居民来往大陆通行证 9:境外永久居住证 A:护照 Z:其他"
)
LEFT_BEHIND_CODE = _codes("0:非留守 1:单亲留守 2:双亲留守")
DISABILITY = _words("视力残疾 听力残疾 言语残疾 肢体残疾 智力残疾 精神残疾 多重残疾")
LEVEL = _words("一级 二级 三级 四级")
LEVEL_CODE = _codes("1:一级 2:二级 3:三级 4:四级")

SCHOOL_NOTE = "从下拉列表中选择。各校名称以本县学校库为准。"
CODE_NOTE = "10 位学校标识码，可从下拉列表中选择。"
NUMBER_NOTE = "18 位，按户口簿填写，末位 X 大写。没有证件的学生留空，身份证件类型选“无证件”。"
NUMBER_CODE_NOTE = "18 位，按户口簿填写，末位 X 大写。没有证件的学生留空，身份证件类型填 Z。"
STUDENT_NO_NOTE = "全国学籍号，G、L 或 J 开头。还没有的留空。"
BIRTH_NOTE = "8 位数字，如 20160307。"
CLASS_NOTE = "只写班号，如 1；有班名的写班名。"
REGISTER_NOTE = "以主管部门名单为准；不清楚的留空。"


def _column(label: str, field: str = "", *, note: str = "", **more: Any) -> Column:
    return {"label": label, "field": field, "note": note} | more


def _categories(yes_no: Pairs, left_behind: Pairs) -> list[Column]:
    named = {
        "是否脱贫户": "lifted_household",
        "是否监测户": "monitored_household",
        "是否低保": "subsistence_allowance",
        "是否特困": "extreme_hardship",
        "是否孤儿": "orphan",
        "是否事实无人抚养": "de_facto_unsupported",
        "是否易地搬迁": "resettled",
        "是否随迁子女": "migrant_child",
    }
    columns = [
        _column(label, f"category:{code}", note=REGISTER_NOTE, choices=yes_no)
        for label, code in named.items()
    ]
    note = "父母一方或双方外出务工连续三个月以上。"
    left = _column("是否留守儿童", "category:left_behind_edu", note=note, choices=left_behind)
    return [*columns, left]


KIN = [
    _column("监护人姓名", note="与学生共同生活的监护人。", example="张建国"),
    _column("监护人电话", note="11 位手机号码。"),
    _column("备注"),
]
IN_WORDS = [
    _column("学校名称", "school", note=SCHOOL_NOTE, required=True, choices="school"),
    _column("年级", "grade", note="从下拉列表中选择。", required=True, choices=GRADE),
    _column("班级", "class", note=CLASS_NOTE, example="1"),
    _column("姓名", "name", note="与户口簿一致。", required=True, example="张小禾"),
    _column("性别", "sex", choices=SEX, example="女"),
    _column("出生日期", "birth_date", note=BIRTH_NOTE, example="20160307"),
    _column("民族", "ethnicity", choices="ethnicity", example="汉族"),
    _column("身份证件类型", "id_type", note="不填即居民身份证。", choices=ID_TYPE),
    _column("身份证件号", "id_number", note=NUMBER_NOTE, required=True),
    _column("学籍号", "student_no", note=STUDENT_NO_NOTE),
    _column("就读方式", "boarding_mode", choices=MODE, example="走读"),
    *_categories(YES_NO, YES_NO),
    _column("残疾类别", "disability", note="按残疾人证填写；没有的留空。", choices=DISABILITY),
    _column("残疾等级", "disability", note="按残疾人证填写；没有的留空。", choices=LEVEL),
    *KIN,
]
IN_CODES = [
    _column("学校标识码", "school_code", note=CODE_NOTE, required=True, choices="school_code"),
    _column(
        "年级",
        "grade",
        note="1—9；中职写“中职一年级”等。",
        required=True,
        choices=[*GRADE_CODE, *_words("中职一年级 中职二年级 中职三年级")],
    ),
    _column("班级", "class", note=CLASS_NOTE, example="1"),
    _column("姓名", "name", note="与户口簿一致。", required=True, example="张小禾"),
    _column("性别", "sex", choices=SEX_CODE, example="2"),
    _column("出生日期", "birth_date", note=BIRTH_NOTE, example="20160307"),
    _column("民族", "ethnicity", choices="ethnicity_code", example="01"),
    _column("身份证件类型", "id_type", note="不填即居民身份证。", choices=ID_TYPE_CODE),
    _column("身份证件号", "id_number", note=NUMBER_CODE_NOTE, required=True),
    _column("学籍号", "student_no", note=STUDENT_NO_NOTE),
    _column("就读方式", "boarding_mode", choices=MODE_CODE, example="1"),
    *_categories(YES_NO_CODE, LEFT_BEHIND_CODE),
    _column("残疾类别", "disability", note="按残疾人证填写；没有的留空。", choices=DISABILITY),
    _column("残疾等级", "disability", note="没有的留空。", choices=LEVEL_CODE),
    *KIN,
]


def _member(number: int) -> list[Column]:
    extras = ("关系说明", "现住址", "户口所在地行政区划", "联系电话")
    who = f"成员{number}"
    relation = "51 父亲，52 母亲，61 祖父，62 祖母，63 外祖父，64 外祖母，97 其他亲属。"
    return [
        _column(f"{who}姓名"),
        _column(f"{who}关系", note=relation),
        *(_column(f"{who}{label}") for label in extras),
        _column(f"{who}是否监护人", choices=YES_NO_CODE),
        _column(f"{who}身份证件类型", choices=ID_TYPE_CODE),
        _column(f"{who}身份证件号"),
        _column(f"{who}民族", choices="ethnicity_code"),
        _column(f"{who}工作单位"),
        _column(f"{who}职务"),
    ]


DIVISION_NOTE = "12 位统计用区划代码，到村或社区。"
STATUS_REGISTER = [
    _column("学校标识码", "school_code", note=CODE_NOTE, required=True, choices="school_code"),
    _column("姓名", "name", note="与户口簿一致。", required=True),
    _column("性别", "sex", required=True, choices=SEX_CODE),
    _column("出生日期", "birth_date", note=BIRTH_NOTE, required=True),
    _column("出生地行政区划代码", note=DIVISION_NOTE),
    _column("籍贯"),
    _column("民族", "ethnicity", choices="ethnicity_code"),
    _column("国籍/地区", note="3 位字母，中国为 CHN。"),
    _column("身份证件类型", "id_type", choices=ID_TYPE_CODE),
    _column("港澳台侨外", note="00 否，01 香港同胞，03 澳门同胞，05 台湾同胞，51 外国人。"),
    _column(
        "健康状况",
        choices=_codes("10:健康或良好 20:一般或较弱 30:有慢性病 40:有生理缺陷 50:残疾"),
    ),
    _column("政治面貌"),
    _column("身份证件号", "id_number", note=NUMBER_CODE_NOTE, required=True),
    _column("户口性质", choices=_codes("1:农业 2:非农业")),
    _column("户口所在地行政区划", note=DIVISION_NOTE),
    _column("班号", "class", note=CLASS_NOTE),
    _column("入学年月", note="6 位数字，如 202609。"),
    _column(
        "入学方式",
        choices=_codes(
            "11:就近入学 12:其他 21:统一招生考试 22:体育特招 23:艺术特招 99:其他（高中）"
        ),
    ),
    _column("就读方式", "boarding_mode", choices=MODE_CODE),
    _column("现住址"),
    _column("通信地址"),
    _column("家庭地址"),
    _column("联系电话"),
    _column("邮政编码"),
    _column("是否独生子女", choices=YES_NO_CODE),
    _column("是否受过学前教育", choices=YES_NO_CODE),
    _column("是否留守儿童", "category:left_behind_edu", choices=LEFT_BEHIND_CODE),
    _column("是否需要申请资助", choices=YES_NO_CODE),
    _column("是否享受一补", choices=YES_NO_CODE),
    _column("是否孤儿", "category:orphan", choices=YES_NO_CODE),
    _column("是否烈士或优抚子女", choices=YES_NO_CODE),
    _column("上下学距离"),
    _column("上下学方式"),
    _column("是否需要乘坐校车", choices=YES_NO_CODE),
    _column("曾用名"),
    _column("身份证件有效期", note="如 2020.03.07-2030.03.07。"),
    _column("血型"),
    _column("特长"),
    _column("学籍辅号"),
    _column("班内学号"),
    _column("学生来源", choices=_codes("1:正常入学 9:其他")),
    _column("电子信箱"),
    _column("主页地址"),
    _column("残疾类型", "disability", note="没有的留空。", choices=DISABILITY),
    _column("是否由政府购买学位", choices=YES_NO_CODE),
    _column(
        "随班就读",
        choices=_codes("00:普通 10:随班就读 11:视力 12:听力 13:智力 19:其他"),
    ),
    *_member(1),
    *_member(2),
    _column("是否进城务工人员随迁子女", "category:migrant_child", choices=YES_NO_CODE),
]

HOUSE = "本系统花名册格式"
LAYOUTS: list[dict[str, Any]] = [
    {
        "code": "roster-words",
        "title": "学生花名册（汉字版）",
        "note": "填汉字，带下拉列表。适合学校手工填报。",
        "source": HOUSE,
        "valid_from": date(2026, 9, 1),
        "is_coded": False,
        "position": 1,
        "columns": IN_WORDS,
    },
    {
        "code": "roster-codes",
        "title": "学生花名册（代码版）",
        "note": "填代码，代码的含义见第二张表。适合从其他系统导出。",
        "source": HOUSE,
        "valid_from": date(2026, 9, 1),
        "is_coded": True,
        "position": 2,
        "columns": IN_CODES,
    },
    {
        "code": "status-register-71",
        "title": "学籍基础信息表（71 列）",
        "note": "列名、顺序、代码同学籍系统的导入模板。表里没有年级一栏，年级不会随它更新。",
        "source": "全国中小学生学籍信息管理系统，学生基础信息导入模板",
        "valid_from": date(2014, 1, 1),
        "is_coded": True,
        "position": 3,
        "columns": STATUS_REGISTER,
    },
]


def add(apps: Apps, _editor: BaseDatabaseSchemaEditor) -> None:
    layout = apps.get_model("students", "ColumnLayout")
    layout.objects.bulk_create(layout(**fields) for fields in LAYOUTS)


def remove(apps: Apps, _editor: BaseDatabaseSchemaEditor) -> None:
    codes = [fields["code"] for fields in LAYOUTS]
    apps.get_model("students", "ColumnLayout").objects.filter(code__in=codes).delete()


class Migration(migrations.Migration):
    dependencies = [("students", "0016_hot_references")]

    operations = [migrations.RunPython(add, remove)]
