from datetime import date, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator

from accounts.models import User
from accounts.queries import place_of, places
from accounts.roles import GRANTABLE, PlaceKind, Role
from core.forms import DayField, OfficeForm
from schools.models import ClassGroup, Division, School

LISTED_CLASSES = 12


class StaffFilter(OfficeForm):
    role = forms.ChoiceField(
        label="岗位", required=False, choices=[("", "全部岗位"), *Role.choices]
    )
    place = forms.ChoiceField(label="地方", required=False)
    state = forms.ChoiceField(
        label="状态",
        required=False,
        choices=[("", "全部状态"), ("active", "在用"), ("disabled", "已停用")],
    )

    def __init__(self, *args: Any, county: str, on: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _choose(self, "place", [("", "全部地方"), *places(county, on=on)])

    @property
    def chosen(self) -> dict[str, str]:
        """Only what stands in the lists: a hand-written address filters nothing else."""
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value}


class GrantForm(OfficeForm):
    role = forms.ChoiceField(
        label="岗位",
        choices=[("", "请选择"), *((role, Role(role).label) for role in GRANTABLE)],
        help_text="系统、安全、审计三员互相制约，这里不能授予，只在服务器上用命令 add_user 设立。",
    )
    place = forms.ChoiceField(
        label="地方",
        help_text="局里的岗位和核查人员选县，乡镇干部选乡镇，校长和班主任选学校。",
    )
    class_name = forms.CharField(
        label="班级",
        required=False,
        max_length=30,
        help_text="只有班主任要填，写法如 2024级1班。",
    )
    valid_from = DayField(label="起始日期")
    valid_to = DayField(
        label="最后一天",
        required=False,
        help_text="不填就一直有效，直到收回。",
    )

    def __init__(self, *args: Any, county: str, on: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._on = on
        self.fields["valid_from"].initial = on
        _choose(self, "place", [("", "请选择"), *places(county, on=on)])
        self.where: Division | School | ClassGroup | None = None

    def clean_valid_from(self) -> date:
        begins: date = self.cleaned_data["valid_from"]
        if begins < self._on:
            raise ValidationError("起始日期不能早于今天，请改为今天或以后")
        return begins

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        begins, ends = given.get("valid_from"), given.get("valid_to")
        if begins and ends and ends < begins:
            self.add_error("valid_to", "最后一天早于起始日期，请改正其中一个")
        if given.get("role") and given.get("place"):
            self._find_place(GRANTABLE[given["role"]], place_of(given["place"]))
        return given

    @property
    def grant(self) -> dict[str, Any]:
        given = {name: self.cleaned_data[name] for name in ("role", "valid_from", "valid_to")}
        return given | {"place": self.where}

    def _find_place(self, kind: PlaceKind, place: Division | School) -> None:
        fits = {
            PlaceKind.COUNTY: isinstance(place, Division) and place.level == Division.Level.COUNTY,
            PlaceKind.TOWNSHIP: isinstance(place, Division)
            and place.level == Division.Level.TOWNSHIP,
        }.get(kind, isinstance(place, School))
        role = Role(self.cleaned_data["role"]).label
        if not fits:
            wanted = "学校" if kind == PlaceKind.CLASS_GROUP else kind.label
            self.add_error("place", f"{role}的地方是{wanted}，请在“{wanted}”一组里选择")
        elif kind == PlaceKind.CLASS_GROUP and isinstance(place, School):
            self._find_class(place)
        else:
            self.where = place

    def _find_class(self, school: School) -> None:
        wanted = self.cleaned_data.get("class_name", "").replace(" ", "")
        newest = school.class_groups.order_by("-entry_year", "stage", "number")
        known = {str(group): group for group in newest.select_related("school")}
        self.where = known.get(wanted)
        if self.where is None:
            said = f"{school}没有“{wanted}”" if wanted else "班主任请写明班级"
            some = "、".join(list(known)[:LISTED_CLASSES]) or "还没有班级，请先导入名册"
            self.add_error("class_name", f"{said}。该校现有：{some}")


class UserForm(GrantForm):
    username = forms.CharField(
        label="用户名",
        max_length=40,
        validators=[
            RegexValidator(
                r"^[a-z][a-z0-9._-]{2,39}$",
                "用户名以小写字母开头，至少 3 位，只用小写字母、数字和 . _ -",
                "username",
            )
        ],
        help_text="小写字母开头，如 wangjianguo；不要用证件号或手机号。",
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none"}),
    )
    full_name = forms.CharField(label="姓名", max_length=60)

    field_order = ("username", "full_name")

    def clean_username(self) -> str:
        username: str = self.cleaned_data["username"]
        if User.objects.filter(username=username).exists():
            raise ValidationError(f"用户名“{username}”已被使用，请换一个")
        return username


class GrantEndForm(OfficeForm):
    last_day = DayField(
        label="最后一天",
        help_text="这一天仍然有效。要马上收回，填昨天的日期。",
    )

    def __init__(self, *args: Any, on: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["last_day"].initial = on - timedelta(days=1)


def _choose(form: forms.Form, name: str, choices: list[Any]) -> None:
    form.fields[name].choices = choices  # type: ignore[attr-defined]
