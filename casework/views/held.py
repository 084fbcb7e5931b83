"""Visits from phones that a person must decide on: the list, and one of them."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.generic import TemplateView

from casework.models import HeldOp, HomeVisit, PhoneOp
from casework.services import content as contents
from casework.services import held as services
from casework.services import holding
from casework.states import TransitionRefused, VisitKind, VisitOutcome
from core import paging
from core.access import Permission
from core.forms import DayField, OfficeForm
from core.web import Requires


class TakeForm(OfficeForm):
    """What a held visit may need put right before it can be written."""

    visited_on = DayField(label="家访日期")
    kind = forms.ChoiceField(label="方式", choices=VisitKind.choices)
    outcome = forms.ChoiceField(label="结果", choices=VisitOutcome.choices)
    promised_on = DayField(label="承诺返校日期", required=False)
    next_visit_on = DayField(label="下次走访日期", required=False)


class HeldDoor(Requires):
    permission = Permission.VISIT_LOG

    @cached_property
    def rows(self) -> Any:
        return HeldOp.objects.within(self.request.scope, self.permission)


class HeldIndex(HeldDoor, TemplateView):
    template_name = "casework/held_list.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        is_settled = self.request.GET.get("settled") == "1"
        waiting = self.rows.still_open()
        rows = self.rows.exclude(settled_at=None) if is_settled else waiting
        page = paging.page(
            rows.select_related("op", "student__school"),
            by="-held_at",
            asked=self.request.GET,
            count=rows.count(),
        )
        return super().get_context_data(
            page=page, waiting=waiting.count(), is_settled=is_settled, **kwargs
        )


@dataclass(frozen=True, slots=True)
class Line:
    """One field, as it stands and as it was sent."""

    name: str
    label: str
    stands: str
    sent: str
    is_disputed: bool
    picked: str  # what was chosen before a refusal


class HeldDetail(HeldDoor, TemplateView):
    template_name = "casework/held_detail.html"

    @cached_property
    def held(self) -> HeldOp:
        rows = self.rows.select_related("op", "student__school", "student__class_group")
        found: HeldOp = get_object_or_404(rows, pk=self.kwargs["held_id"])
        return found

    @cached_property
    def visit(self) -> HomeVisit | None:
        visits = HomeVisit.objects.filter(pk=self.held.visit_uuid, county=self.held.county)
        return visits.select_related("case").first()

    @cached_property
    def content(self) -> dict[str, Any]:
        return contents.read(holding.content_of(self.held), is_whole=False)[0]

    def lines(self) -> list[Line]:
        stands = contents.of(self.visit) if self.visit else {}
        disputed = services.disputed(self.held, self.visit, self.content) if self.visit else []
        return [
            Line(
                name,
                contents.LABELS[name],
                contents.words(name, stands.get(name)),
                contents.words(name, self.content.get(name)),
                name in disputed,
                self.request.POST.get(f"field-{name}", ""),
            )
            for name in contents.FIELDS
            if name in self.content
        ]

    @property
    def is_choice(self) -> bool:
        return self.visit is not None

    @property
    def may_be_taken(self) -> bool:
        """A whole visit; beside one that stands under its number it becomes another one."""
        return self.held.op.kind == PhoneOp.Kind.VISIT and self.held.student_id is not None

    def form(self) -> TakeForm:
        asked = self.request.POST if self.request.POST.get("deed") == "take" else None
        return TakeForm(asked, initial=self.content)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            held=self.held,
            visit=self.visit,
            lines=self.lines(),
            is_choice=self.is_choice,
            may_be_taken=self.may_be_taken,
            form=kwargs.pop("form", None) or self.form(),
            offset=_offset(self.held.op.clock_offset),
            **kwargs,
        )

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        deeds = {"take": self.take, "choose": self.choose, "file": self.file}
        deed = deeds.get(request.POST.get("deed", ""), self.file)
        try:
            return deed()
        except TransitionRefused as refusal:
            context = self.get_context_data(refusal=str(refusal))
            return self.render_to_response(context, status=409)

    def take(self) -> HttpResponse:
        form = self.form()
        if not self.may_be_taken or not form.is_valid():
            return self.render_to_response(self.get_context_data(form=form))
        content = contents.whole({**self.content, **form.cleaned_data})
        services.take(content=content, **self._asked())
        return self._done("家访已登记。")

    def choose(self) -> HttpResponse:
        chosen = {
            name: value
            for name in contents.FIELDS
            if (value := self.request.POST.get(f"field-{name}")) in (services.THEIRS, services.OURS)
        }
        services.choose(chosen=chosen, **self._asked())
        return self._done("已按所选登记。")

    def file(self) -> HttpResponse:
        services.file_away(**self._asked())
        return self._done("已存档，没有登记。")

    def _asked(self) -> dict[str, Any]:
        return {
            "scope": self.request.scope,
            "actor": self.request.user,
            "held_id": self.held.pk,
            "now": timezone.now(),
            "note": self.request.POST.get("note", "").strip()[:200],
        }

    def _done(self, words: str) -> HttpResponse:
        messages.success(self.request, words)
        return redirect("casework:held-list")


def _offset(seconds: int | None) -> str:
    """How far the phone's clock was off, where that matters."""
    if seconds is None or abs(seconds) < 300:
        return ""
    side = "慢" if seconds > 0 else "快"
    days, rest = divmod(abs(seconds), 86400)
    return f"手机时间{side} {days} 天" if days else f"手机时间{side} {rest // 60} 分钟"
