"""Why a row is rejected, and what its school is told to do about it (contract 3.7)."""

from enum import StrEnum

from students.rosters.labels import Field


class Reason(StrEnum):
    """Contract 3.7, in its order: a row with several faults gets the first."""

    ID_DAMAGED = "id_damaged"
    ID_FORMAT = "id_format"
    ID_CHECKSUM = "id_checksum"
    ID_DATE = "id_date"
    NAME_MISSING = "name_missing"
    SCHOOL_UNKNOWN = "school_unknown"
    SCHOOL_AMBIGUOUS = "school_ambiguous"
    BIRTH_DATE_INVALID = "birth_date_invalid"
    BIRTH_DATE_CONFLICT = "birth_date_conflict"
    SEX_CONFLICT = "sex_conflict"
    DUPLICATE_IN_FILE = "duplicate_in_file"
    GRADE_UNKNOWN = "grade_unknown"
    NO_IDENTITY = "no_identity"


# The column an error workbook adds; it says nothing about a child when it comes back.
RETURNED = "退回原因"

TITLES: dict[Reason, str] = {
    Reason.ID_DAMAGED: "身份证号已损坏",
    Reason.ID_FORMAT: "身份证号不是18位",
    Reason.ID_CHECKSUM: "身份证号校验位不符",
    Reason.ID_DATE: "身份证号中无此日期",
    Reason.NAME_MISSING: "缺少姓名",
    Reason.SCHOOL_UNKNOWN: "学校不在学校表中",
    Reason.SCHOOL_AMBIGUOUS: "学校名称对应多所",
    Reason.BIRTH_DATE_INVALID: "出生日期无法识别",
    Reason.BIRTH_DATE_CONFLICT: "出生日期与证件号不符",
    Reason.SEX_CONFLICT: "性别与证件号不符",
    Reason.DUPLICATE_IN_FILE: "本文件内重复",
    Reason.GRADE_UNKNOWN: "年级无法识别",
    Reason.NO_IDENTITY: "没有身份证号和学籍号",
}
REMEDIES: dict[Reason, str] = {
    Reason.ID_DAMAGED: "身份证号已被表格软件改成数字，末几位丢失，无法恢复。"
    "请把该栏设为“文本”格式，按户口簿重新录入完整的18位号码。",
    Reason.ID_FORMAT: "身份证号应为18位（末位可以是X）。"
    "请按户口簿核对后改正；学籍号请填在学籍号栏。",
    Reason.ID_CHECKSUM: "身份证号最后一位与前17位对不上，有数字录错。请按户口簿核对后改正。",
    Reason.ID_DATE: "身份证号里的出生日期不存在。请按户口簿核对后改正。",
    Reason.NAME_MISSING: "没有姓名。请补上姓名。",
    Reason.SCHOOL_UNKNOWN: "本县学校表里没有这所学校。请写学校全称或学校标识码；"
    "新设学校请先在学校表中登记。",
    Reason.SCHOOL_AMBIGUOUS: "有几所学校都叫这个名称。请写学校标识码，或加一栏“所在乡镇”。",
    Reason.BIRTH_DATE_INVALID: "出生日期不是一个真实的日期。请写成2013-08-31的样子。",
    Reason.BIRTH_DATE_CONFLICT: "出生日期与身份证号里的不一致。请按户口簿核对后改正其中一项。",
    Reason.SEX_CONFLICT: "性别与身份证号不一致（第17位单数为男、双数为女）。请核对后改正其中一项。",
    Reason.DUPLICATE_IN_FILE: "本文件前面已有同一名学生。请删去重复的一行，只留正确的。",
    Reason.GRADE_UNKNOWN: "看不出是几年级。请写成“三年级”“初二”或“2025级”；"
    "九年一贯制学校写入学年份时请加“学段”一栏。",
    Reason.NO_IDENTITY: "没有身份证号也没有学籍号。请补上其中一个；"
    "确无户口的，请在“无户口学生”一栏填“是”。",
}

_ID = (Field.ID_NUMBER,)
_SCHOOL = (Field.SCHOOL_CODE, Field.SCHOOL)
# Whose cell is shown beside the reason: the first of these that is filled.
FIELDS_AT_FAULT: dict[Reason, tuple[Field, ...]] = {
    Reason.ID_DAMAGED: _ID,
    Reason.ID_FORMAT: _ID,
    Reason.ID_CHECKSUM: _ID,
    Reason.ID_DATE: _ID,
    Reason.NAME_MISSING: (),
    Reason.SCHOOL_UNKNOWN: _SCHOOL,
    Reason.SCHOOL_AMBIGUOUS: _SCHOOL,
    Reason.BIRTH_DATE_INVALID: (Field.BIRTH_DATE,),
    Reason.BIRTH_DATE_CONFLICT: (Field.BIRTH_DATE,),
    Reason.SEX_CONFLICT: (Field.SEX,),
    Reason.DUPLICATE_IN_FILE: (Field.ID_NUMBER, Field.STUDENT_NO),
    Reason.GRADE_UNKNOWN: (Field.GRADE, Field.GRADE_AND_CLASS),
    Reason.NO_IDENTITY: (),
}
