"""Small display helpers every page uses."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django import forms, template
from django.contrib.messages.storage.base import Message
from django.forms import BoundField
from django.urls import NoReverseMatch, reverse
from django.utils.safestring import SafeString

from core import codes
from core.web import UNDO

register = template.Library()

# Permission, URL name, label: in the order of an officer's day.
MENU = (
    ("home_view", "home", "首页"),
    ("student_view", "students:student-list", "学生"),
    ("roster_import", "students:import-list", "名册导入"),
    ("roster_import", "students:list-list", "名单比对"),
    ("roster_import", "students:duplicate-list", "重复学生"),
    ("student_view", "students:transfer-list", "转学"),
    ("student_roll_over", "students:rollover-list", "学年升级"),
    ("case_view", "casework:case-list", "控辍保学"),
    ("visit_log", "casework:phone", "离线家访"),
    ("visit_review", "casework:visit-reviews", "家访复核"),
    ("legal_issue", "casework:paper-list", "依法文书"),
    ("case_view", "casework:task-list", "办理任务"),
    ("case_view", "casework:attendance-list", "点名"),
    ("case_view", "casework:report-list", "月报告"),
    ("responsibility_view", "casework:gap-list", "包保责任"),
    ("ledger_view", "ledgers:ledger-list", "台账"),
    ("job_view", "core:job-list", "任务"),
    ("token_manage", "accounts:token-list", "访问令牌"),
    ("user_manage", "accounts:user-list", "用户与授权"),
    ("audit_view", "audit-list", "审计"),
)


@dataclass(frozen=True, slots=True)
class Entry:
    href: str
    label: str
    is_here: bool


@register.inclusion_tag("components/side_menu.html", takes_context=True)
def side_menu(context: dict[str, Any]) -> dict[str, Any]:
    may, request = context.get("may", {}), context.get("request")
    open_to_me = [(_href(name), label) for flag, name, label in MENU if flag in may]
    path = request.path if request else ""
    # The longest address that begins this page's: /students/imports/ is not 学生.
    begin = [href for href, _ in open_to_me if href and path.startswith(href)]
    here = max(begin, key=len, default="")
    return {"entries": [Entry(href, label, href == here) for href, label in open_to_me if href]}


def _href(name: str) -> str:
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""


@register.filter
def or_dash(value: object) -> object:
    """A calm dash for what is not known."""
    return "—" if value in (None, "") else value


@register.filter
def thousands(value: int | None) -> str:
    return "—" if value is None else f"{value:,}"


@register.filter
def error_count(form: forms.BaseForm) -> int:
    return sum(len(errors) for errors in form.errors.values())


@register.filter
def is_group(field: BoundField) -> bool:
    """Several controls under one legend: radios and tick boxes."""
    widget = field.field.widget
    several = isinstance(widget, forms.RadioSelect | forms.CheckboxSelectMultiple)
    return several or getattr(widget, "is_group", False)


@register.filter
def control(field: BoundField) -> SafeString:
    """The widget in the house's dress, told of its hint and its errors."""
    attrs: dict[str, Any] = {}
    if not is_group(field):
        attrs["class"] = _dress(field.field.widget)
    if not field.auto_id:
        return field.as_widget(attrs=attrs)
    said = [f"{field.auto_id}-error-{number}" for number in range(1, len(field.errors) + 1)]
    if field.help_text:
        said.append(f"{field.auto_id}-hint")
    if said:
        attrs["aria-describedby"] = " ".join(said)
    if field.errors:
        attrs["aria-invalid"] = "true"
    return field.as_widget(attrs=attrs)


def _dress(widget: forms.Widget) -> str:
    if isinstance(widget, forms.CheckboxInput):
        return "form-check-input"
    return "form-select" if isinstance(widget, forms.Select) else "form-control"


@register.filter
def code_name(value: object, kind: str) -> str:
    """The name of a stored code in a list of core.codes; a code the list lost shows itself."""
    if value in (None, ""):
        return "—"
    try:
        return codes.name(kind, str(value))
    except codes.UnknownCode:
        return str(value)


@register.filter
def span(begin: date, end: date | None) -> str:
    """2024-09-01 至 2026-08-31, 2024-09-01 起."""
    return f"{begin:%Y-%m-%d} 至 {end:%Y-%m-%d}" if end else f"{begin:%Y-%m-%d} 起"


@register.filter
def undo_address(message: Message) -> str:
    """Where the undo of what a message tells is posted to; empty where there is none."""
    tags = message.extra_tags or ""
    return tags.removeprefix(UNDO) if tags.startswith(UNDO) else ""
