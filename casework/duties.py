"""双线包保 as pure rules: two lines, the levels somebody answers for, and who may name whom.

Sources: 教基〔2020〕5号 (双线控辍, 目标责任书), 教基厅函〔2024〕15号; the posts are data.
"""

from dataclasses import dataclass

from django.db.models import TextChoices

from core.access import Permission, Scope

_TOWNSHIP = 9


class Line(TextChoices):
    EDUCATION = "education", "教育线"
    GOVERNMENT = "government", "政府线"


class Level(TextChoices):
    """What a person answers for, the widest first. 家庭 is nobody's to assign: it is the kin."""

    COUNTY = "county", "县（市、区）"
    TOWNSHIP = "township", "乡镇（街道）"
    VILLAGE = "village", "村（社区）"
    SCHOOL = "school", "学校"
    CLASS_GROUP = "class_group", "班级"
    STUDENT = "student", "学生"
    FAMILY = "family", "家庭"


LEVEL_OF_CODE = {6: Level.COUNTY, 9: Level.TOWNSHIP, 12: Level.VILLAGE}


class PledgeKind(TextChoices):
    """目标责任书, each level with the next."""

    COUNTY_TOWNSHIP = "county_township", "县与乡镇"
    TOWNSHIP_VILLAGE = "township_village", "乡镇与村"
    COUNTY_SCHOOL = "county_school", "县与学校"
    SCHOOL_CLASS = "school_class", "学校与班主任"
    SCHOOL_FAMILY = "school_family", "学校与家庭"


@dataclass(frozen=True, slots=True)
class Parties:
    line: Line
    upper: Level
    lower: Level


PARTIES: dict[PledgeKind, Parties] = {
    PledgeKind.COUNTY_TOWNSHIP: Parties(Line.GOVERNMENT, Level.COUNTY, Level.TOWNSHIP),
    PledgeKind.TOWNSHIP_VILLAGE: Parties(Line.GOVERNMENT, Level.TOWNSHIP, Level.VILLAGE),
    PledgeKind.COUNTY_SCHOOL: Parties(Line.EDUCATION, Level.COUNTY, Level.SCHOOL),
    PledgeKind.SCHOOL_CLASS: Parties(Line.EDUCATION, Level.SCHOOL, Level.CLASS_GROUP),
    PledgeKind.SCHOOL_FAMILY: Parties(Line.EDUCATION, Level.SCHOOL, Level.STUDENT),
}


class DutyRefused(Exception):
    """The rule says no. The text is for the person: it names the thing and the remedy."""


def lines_of(scope: Scope, permission: Permission) -> frozenset[Line]:
    """A township names the people of the government line, a school those of its own."""
    found: set[Line] = set()
    for grant in scope.grants:
        if permission not in grant.permissions:
            continue
        if grant.region and len(grant.region) < _TOWNSHIP:
            found |= set(Line)
        else:
            found.add(Line.GOVERNMENT if grant.region else Line.EDUCATION)
    return frozenset(found)


def refuse_foreign_line(line: str, *, scope: Scope, permission: Permission) -> None:
    if line in lines_of(scope, permission):
        return
    who = "乡镇、县" if line == Line.GOVERNMENT else "学校、县教育局"
    raise DutyRefused(f"{Line(line).label}的责任人由{who}登记，请联系他们办理。")
