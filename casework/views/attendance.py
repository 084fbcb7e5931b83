"""点名: which classes were called, one screen for a class, and who stays away."""

from datetime import date
from typing import Any

from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.views.generic import TemplateView, View

from casework.models.attendance import AbsenceReason
from casework.queries.attendance import (
    Sheet,
    away_within,
    called_classes,
    classes_within,
    runs,
)
from casework.services import attendance
from casework.states import TransitionRefused
from core import paging
from core.access import Permission
from core.forms import DayField, OfficeForm
from core.web import Requires
from schools.models import ClassGroup


class DayFilter(OfficeForm):
    day = DayField(label="日期", required=False)


_BOTH = "勾选了 {} 名学生未到，又按了“全部到校”，没有保存。请核对勾选后重新点名。"


def _day(text: str | None) -> date:
    """The day asked for; today, if none was asked or it is no day."""
    asked = DayFilter({"day": text or ""})
    return (asked.is_valid() and asked.cleaned_data["day"]) or timezone.localdate()


class ClassIndex(Requires, TemplateView):
    """The classes in reach on one day: who has called and who not."""

    permission = Permission.CASE_VIEW
    template_name = "casework/attendance_list.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        scope, day = self.request.scope, _day(self.request.GET.get("day"))
        asked = self.request.GET.get("state", "")
        state = asked if asked in ("missing", "called") else ""
        classes = called_classes(scope, day=day)
        counts = classes.aggregate(
            every=Count("pk"), called=Count("pk", filter=Q(called_at__isnull=False))
        )
        rows = classes.filter(Q(called_at__isnull=state == "missing")) if state else classes
        chips = [
            ("", "全部班级", counts["every"]),
            ("missing", "未点名", counts["every"] - counts["called"]),
            ("called", "已点名", counts["called"]),
        ]
        return super().get_context_data(
            day=day,
            filters=DayFilter(initial={"day": day}),
            state=state,
            chips=chips,
            page=paging.page(
                rows,
                by=("school_id", "stage", "number"),
                asked=self.request.GET,
                count=next(count for value, _, count in chips if value == state),
            ),
            mine=self._mine(),
            **kwargs,
        )

    def _mine(self) -> set[int]:
        """Classes the caller may call, among those shown; one question for all."""
        scope = self.request.scope
        if not scope.can(Permission.ATTENDANCE_TAKE):
            return set()
        rows = classes_within(scope, Permission.ATTENDANCE_TAKE)
        return set(rows.values_list("pk", flat=True))


class ClassSheet(Requires, TemplateView):
    """One screen a class: name who is away, or say with one tap that everybody is there."""

    permission = Permission.ATTENDANCE_TAKE
    template_name = "casework/attendance_form.html"

    @cached_property
    def class_group(self) -> ClassGroup:
        classes = classes_within(self.request.scope, self.permission)
        return get_object_or_404(classes.select_related("school"), pk=self.kwargs["class_id"])

    @property
    def address(self) -> str:
        return reverse("casework:attendance-form", args=[self.class_group.pk])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        day = _day(self.request.GET.get("day"))
        sheet = Sheet(self.class_group, day)
        asked = self.request.GET.get("as")
        is_registration = asked == "registration" if asked else sheet.is_registration
        return super().get_context_data(
            class_group=self.class_group,
            day=day,
            today=timezone.localdate(),
            sheet=sheet,
            is_registration=is_registration,
            reasons=_reasons(is_registration),
            **kwargs,
        )

    def post(self, request: HttpRequest, class_id: int) -> HttpResponse:
        day = _day(request.POST.get("day"))
        is_registration = request.POST.get("as") == "registration"
        absent = _absent(request, is_registration)
        back = f"{self.address}?day={day:%Y-%m-%d}"
        if "all" in request.POST and absent:
            messages.error(request, _BOTH.format(len(absent)))
            return redirect(back)
        try:
            done = attendance.take_class_day(
                scope=self.request.scope,
                actor=self.request.user,
                class_group_id=self.class_group.pk,
                day=day,
                today=timezone.localdate(),
                is_registration=is_registration,
                absent=absent,
            )
        except TransitionRefused as refusal:
            messages.error(request, str(refusal))
            return redirect(back)
        what = "报到" if is_registration else "点名"
        said = f"{len(absent)} 人未到" if absent else "全部到校"
        messages.success(request, f"{done.day:%Y-%m-%d} {what}已保存：{said}。")
        return redirect(back)


def _reasons(is_registration: bool) -> list[tuple[str, str]]:
    unknown = AbsenceReason.NO_SHOW if is_registration else AbsenceReason.UNEXCUSED
    shown = (unknown, AbsenceReason.ILL, AbsenceReason.LEAVE)
    return [(reason.value, str(reason.label)) for reason in shown]


def _absent(request: HttpRequest, is_registration: bool) -> dict[int, AbsenceReason]:
    """The children ticked, each with its reason; one that was not said is the first."""
    allowed = [value for value, _ in _reasons(is_registration)]
    ticked = [int(pk) for pk in request.POST.getlist("absent") if pk.isdecimal()]
    said = {pk: request.POST.get(f"reason-{pk}", "") for pk in ticked}
    return {
        pk: AbsenceReason(reason if reason in allowed else allowed[0])
        for pk, reason in said.items()
    }


class AwayList(Requires, TemplateView):
    """Children who stay away and nobody knows why, and since when."""

    permission = Permission.CASE_VIEW
    template_name = "casework/away_list.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        scope, today = self.request.scope, timezone.localdate()
        lines = away_within(scope, today=today)
        kind = self.request.GET.get("kind", "")
        chips = [
            ("", "全部", lines),
            ("no_show", "开学未报到", [one for one in lines if one.run.is_no_show]),
            ("absence", "连续缺课", [one for one in lines if not one.run.is_no_show]),
        ]
        shown = next((rows for value, _, rows in chips if value == kind), lines)
        return super().get_context_data(
            kind=kind,
            chips=[(value, label, len(rows)) for value, label, rows in chips],
            lines=shown,
            can_open=any(one.may_open for one in shown),
            **kwargs,
        )


class OpenFromAway(Requires, View):
    """Cases for the ticked, without waiting for the days of the county's rule."""

    permission = Permission.CASE_OPEN
    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        ticked = {int(pk) for pk in request.POST.getlist("student") if pk.isdecimal()}
        scope, today = self.request.scope, timezone.localdate()
        away = runs(county=scope.county, today=today)
        opened = attendance.open_absent(
            scope=scope,
            actor=self.request.user,
            away=[run for run in away if run.student in ticked],
            today=today,
        )
        if not opened:
            messages.warning(request, "没有勾选学生，或勾选的学生已经到校。")
        for one in opened:
            said = messages.success if one.cases else messages.warning
            said(request, one.words)
        return redirect("casework:away-list")
