"""Forms about one child: a new one, corrections, a number, guardians, household."""

import re
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils import timezone

from core import codes, idnumber
from core.forms import DayField, OfficeForm
from schools.forms import DivisionField, FilterSelect
from schools.models import School
from students.models import Enrolment, Guardian, Student
from students.people import editing, facts
from students.people.editing import Clash
from students.people.facts import EDITABLE, ID_CARD, NO_PAPER, OLDEST, PAPERS, Paper
from students.people.kin import Person
from students.people.registering import Newcomer, Place

_PHONE = re.compile(r"1[3-9]\d{9}|0\d{2,3}\d{7,8}").fullmatch
THEIRS = "theirs"


def _choices(form: forms.Form, name: str, pairs: list[tuple[str, str]], empty: str) -> None:
    form.fields[name].choices = [("", empty), *pairs]  # type: ignore[attr-defined]


class _ChildForm(OfficeForm):
    """What the forms of a new and of a known child share."""

    full_name = forms.CharField(label="姓名", max_length=100)
    former_name = forms.CharField(label="曾用名", max_length=100, required=False)
    sex = forms.ChoiceField(
        label="性别", required=False, choices=[("", "未登记"), *Student.Sex.choices]
    )
    birth_date = DayField(
        label="出生日期",
        required=False,
        help_text="如 2014-03-07、2014.3.7、2014年3月7日或 20140307",
    )
    ethnicity_code = forms.ChoiceField(label="民族", required=False, widget=FilterSelect)
    hukou_division = DivisionField(
        label="户籍所在地", required=False, help_text="村可以打汉字、拼音或首字母来找，如 xdc。"
    )
    hukou_address = forms.CharField(
        label="户籍地址", max_length=200, required=False, help_text="村组和门牌，如：三组 12 号"
    )
    residence_address = forms.CharField(label="现居住地", max_length=200, required=False)

    def __init__(self, *args: Any, county: str, today: date, held: str = "", **kw: Any) -> None:
        super().__init__(*args, **kw)
        _choices(self, "ethnicity_code", codes.choices("ethnicity", on=today), "未登记")
        born: Any = self.fields["birth_date"]
        born.limit(
            first=today.replace(year=today.year - OLDEST, day=1),
            why_first=f"那样已满 {OLDEST} 周岁，请核对年份",
            last=today,
            why_last="那是今天以后，请核对户口簿后改正",
        )
        place: Any = self.fields["hukou_division"]
        place.offer(county=county, on=today, held=held)

    @property
    def said(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in EDITABLE}


class StudentForm(_ChildForm):
    """What may be corrected; number, school and class have acts of their own."""

    seen = forms.CharField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, student: Student, today: date, **kwargs: Any) -> None:
        kwargs["initial"] = {name: getattr(student, name) for name in EDITABLE} | {
            "seen": editing.shown(student)
        }
        super().__init__(
            *args, county=student.county, today=today, held=student.hukou_division, **kwargs
        )
        self.student = student
        self.clashes: list[dict[str, str]] = []

    @property
    def said(self) -> dict[str, Any]:
        """Where the person chose the other's word in a clash, that word."""
        given = super().said
        for name in EDITABLE:
            if self.data.get(f"take_{name}") == THEIRS:
                given[name] = getattr(self.student, name)
        return given

    def show(self, clashes: list[Clash], *, in_words: Any) -> None:
        """The page again, with what was typed, and the choice for each clash."""
        data: Any = self.data
        self.data = data.copy()
        self.data["seen"] = editing.shown(self.student)  # type: ignore[index]
        self.clashes = [
            {
                "name": clash.name,
                "label": str(self.fields[clash.name].label),
                "seen": in_words(clash.name, clash.seen),
                "theirs": in_words(clash.name, clash.theirs),
                "mine": in_words(clash.name, clash.mine),
                "by": clash.by,
                "at": f"{timezone.localtime(clash.at):%Y-%m-%d %H:%M}" if clash.at else "",
            }
            for clash in clashes
        ]


class PaperFields(OfficeForm):
    """A kind of paper and its number; which of the two is missing is told in words."""

    id_type = forms.ChoiceField(
        label="证件类型",
        choices=PAPERS,
        initial=ID_CARD,
        widget=forms.RadioSelect,
    )
    number = forms.CharField(
        label="身份证件号",
        max_length=40,
        help_text="空格、横线和小写 x 会自动整理。保存后只显示掩码。",
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "spellcheck": "false", "data-id-number": ""}
        ),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        number = self.fields["number"]
        number.error_messages["required"] = self.without_number
        if self.is_bound and self.data.get("id_type") == NO_PAPER:
            number.required = False

    def clean_number(self) -> str:
        return idnumber.normal(self.cleaned_data["number"])

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        kind, number = said.get("id_type", ""), said.get("number", "")
        if kind == NO_PAPER and number:
            self.add_error("number", "已选“暂无证件”，请删去证件号，或改选证件类型")
        elif kind and number and (words := facts.fault_words(Paper(kind, number))):
            self.add_error("number", words)
        return said

    without_number = "请填写身份证件号；孩子还没有证件的，证件类型请选“暂无证件”"

    @property
    def paper(self) -> Paper | None:
        said = self.cleaned_data
        return None if said["id_type"] == NO_PAPER else Paper(said["id_type"], said["number"])


class NewStudentForm(_ChildForm, PaperFields):
    """A child registered by hand. Where there is no paper, the reason stands on record."""

    why_no_paper = forms.CharField(
        label="暂无证件的原因",
        max_length=100,
        required=False,
        help_text="选“暂无证件”时填写，如：户口正在补办。办好以后在学生页面登记证件号。",
    )
    school = forms.ModelChoiceField(
        label="就读学校",
        queryset=School.objects.none(),
        required=False,
        widget=FilterSelect,
    )
    grade = forms.TypedChoiceField(
        label="年级", coerce=int, empty_value=None, required=False, help_text="选了学校的必填。"
    )
    class_number = forms.CharField(
        label="班级", max_length=20, required=False, help_text="班号，如 1；未分班可不填。"
    )
    attendance_mode = forms.ChoiceField(
        label="就读方式", required=False, choices=[("", "未登记"), *Enrolment.Mode.choices]
    )
    entered_on = DayField(label="入学日期", required=False, help_text="到本校上课的第一天。")
    is_another = forms.BooleanField(
        label="已核对，不是上面列出的孩子，另建一名学生", required=False
    )
    field_order = (
        *("id_type", "number", "why_no_paper", "full_name", "sex", "birth_date"),
        *("ethnicity_code", "former_name", "hukou_division", "hukou_address"),
        *("residence_address", "school", "grade", "class_number", "attendance_mode"),
        *("entered_on", "is_another"),
    )

    def __init__(
        self,
        *args: Any,
        county: str,
        today: date,
        schools: QuerySet[School],
        may_be_nowhere: bool,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, county=county, today=today, **kwargs)
        school: Any = self.fields["school"]
        school.queryset = schools
        school.empty_label = "未就读" if may_be_nowhere else "请选择"
        _choices(self, "grade", codes.choices("grade", on=today), "请选择")
        entered: Any = self.fields["entered_on"]
        entered.initial = today
        entered.limit(
            first=today - timedelta(days=366),
            why_first="补登一年以前的就读情况请用名册导入",
            last=today,
            why_last="请在孩子到校以后登记",
        )

    def clean(self) -> dict[str, Any]:
        said = super().clean()
        no_paper = said.get("id_type") == NO_PAPER
        if no_paper and not said.get("why_no_paper"):
            self.add_error("why_no_paper", "请填写暂无证件的原因，如：户口正在补办")
        if no_paper and not said.get("birth_date") and "birth_date" not in self.errors:
            self.add_error("birth_date", "没有证件号的孩子，请填写出生日期，以便日后与证件号对上")
        if said.get("school"):
            for name in ("grade", "entered_on"):
                if not said.get(name) and name not in self.errors:
                    label = self.fields[name].label
                    self.add_error(name, f"选了就读学校，请同时填写{label}")
        return said

    @property
    def newcomer(self) -> Newcomer:
        said = self.cleaned_data
        place = None
        if said["school"]:
            place = Place(
                said["school"],
                said["grade"],
                said["class_number"],
                said["attendance_mode"],
                said["entered_on"],
            )
        return Newcomer(self.said, self.paper, said["why_no_paper"], place)


class NumberForm(PaperFields):
    """The number of a child who had none, or another in place of the one of today."""

    reason = forms.CharField(
        label="登记依据", max_length=100, help_text="会记入变更记录，如：户口簿已补办，原件已核对。"
    )
    without_number = "请填写身份证件号"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kind: Any = self.fields["id_type"]
        kind.choices = [pair for pair in PAPERS if pair[0] != NO_PAPER]

    @property
    def paper(self) -> Paper:
        return Paper(self.cleaned_data["id_type"], self.cleaned_data["number"])


class GuardianForm(OfficeForm):
    """A person who cares for the child. Stored phone and number are never shown in the boxes."""

    known = forms.ChoiceField(
        label="同户家人",
        required=False,
        help_text="兄弟姐妹已登记的监护人可以直接选，不用再填姓名和电话。",
    )
    full_name = forms.CharField(label="监护人姓名", max_length=100, required=False)
    relation = forms.ChoiceField(label="与学生关系")
    phone = forms.CharField(
        label="电话",
        max_length=20,
        required=False,
        widget=forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "off"}),
    )
    number = forms.CharField(
        label="监护人身份证件号",
        max_length=30,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    work_place = forms.CharField(
        label="务工地", max_length=120, required=False, help_text="在外务工的填写，如：新疆昌吉市"
    )
    since = DayField(label="起始日期", help_text="从哪一天起监护，如 2026-09-01。")

    def __init__(
        self,
        *args: Any,
        today: date,
        known: QuerySet[Guardian] | None = None,
        guardian: Guardian | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        _choices(self, "relation", codes.choices("relation", on=today), "请选择")
        since: Any = self.fields["since"]
        since.initial = today
        since.limit(last=today, why_last="请填今天或更早的日期")
        if guardian is not None:
            del self.fields["known"], self.fields["since"]
            self._keep_secrets(guardian)
        elif known is not None and known.exists():
            pairs = [(str(one.pk), f"{one.full_name} {one.phone_mask}".strip()) for one in known]
            _choices(self, "known", pairs, "不选，在下面填写")
        else:
            del self.fields["known"]
        self.fields["full_name"].required = "known" not in self.fields

    def _keep_secrets(self, guardian: Guardian) -> None:
        masks = (("phone", guardian.phone_mask), ("number", guardian.number_mask))
        for name, mask in masks:
            if mask:
                self.fields[name].help_text = f"现登记 {mask}；不改的话不用填。"

    def clean_phone(self) -> str:
        phone = idnumber.normal(self.cleaned_data["phone"])
        if phone and not _PHONE(phone):
            raise ValidationError("电话应为 11 位手机号，或带区号的固定电话，请核对")
        return phone

    def clean_number(self) -> str:
        number = idnumber.normal(self.cleaned_data["number"])
        if number and (words := facts.fault_words(Paper(ID_CARD, number))):
            raise ValidationError(f"监护人{words}")
        return number

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        if not said.get("known") and not said.get("full_name") and "full_name" not in self.errors:
            self.add_error("full_name", "请填写监护人姓名，或从同户家人中选择一位")
        return said

    @property
    def known_id(self) -> UUID | None:
        chosen = self.cleaned_data.get("known")
        return UUID(chosen) if chosen else None

    @property
    def person(self) -> Person:
        said = self.cleaned_data
        return Person(said["full_name"], said["phone"], said["number"], said["work_place"])


class HouseholdForm(OfficeForm):
    household_no = forms.CharField(
        label="户编号",
        max_length=40,
        help_text="农业农村部门监测系统的户编号；没有的，填户口簿的户号。",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    head_name = forms.CharField(
        label="户主姓名", max_length=100, required=False, help_text="本县已有这个户编号的可不填。"
    )
    relation = forms.CharField(
        label="与户主关系", max_length=20, required=False, help_text="如：长子、孙女"
    )
    since = DayField(label="起始日期", help_text="从哪一天起在这一户。")

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        since: Any = self.fields["since"]
        since.initial = today
        since.limit(last=today, why_last="请填今天或更早的日期")

    def clean_household_no(self) -> str:
        return idnumber.normal(self.cleaned_data["household_no"])


class EndForm(OfficeForm):
    """The last day something held."""

    on = DayField(label="最后一天", help_text="到这一天为止，以前的记录不会删除。")

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        on: Any = self.fields["on"]
        on.initial = today
        on.limit(last=today, why_last="请填今天或更早的日期")
