from functools import cached_property
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.generic import TemplateView, View

from core import paging
from core.access import Permission
from core.models import Job
from core.web import Requires
from students.duplicates import services
from students.duplicates.merging import ABSORBED, FIELDS, KEPT
from students.models import DuplicatePair, StudentMerge
from students.queries import duplicates

State = DuplicatePair.State
_SIDES = ("first", "second")
_TABS = (
    (State.OPEN, "待核对"),
    (duplicates.TWINS, "疑似双胞胎"),
    (State.MERGED, "已合并"),
    (State.REJECTED, "不是同一人"),
)


class DuplicateList(Requires, TemplateView):
    permission = Permission.STUDENT_EDIT
    template_name = "students/duplicate_list.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        asked, scope = self.request.GET, self.request.scope
        state, reason = asked.get("state", ""), asked.get("reason", "")
        batch = asked.get("batch", "")
        rows = duplicates.pairs(scope, state=state, reason=reason, batch=batch)
        page = paging.page(rows, by="-score", asked=asked)
        return super().get_context_data(
            page=page,
            lines=[(pair, duplicates.reason_words(pair)) for pair in page.rows],
            tabs=_TABS,
            state=state if state in dict(_TABS) else State.OPEN,
            reason=reason,
            batch=batch,
            reasons=DuplicatePair.Reason.choices,
            may_find=scope.whole_county(self.permission),
            last_search=self._last_search(),
            **kwargs,
        )

    def _last_search(self) -> Job | None:
        jobs = Job.objects.within(self.request.scope, self.permission)
        return jobs.filter(task=services.FIND_TASK).order_by("-pk").first()


class DuplicateFind(Requires, View):
    permission = Permission.STUDENT_EDIT
    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        try:
            job = services.start_finding(scope=self.request.scope, actor=self.request.user)
        except services.MergeRefused as refusal:
            messages.warning(request, str(refusal))
            return redirect("students:duplicate-list")
        return redirect("core:job-detail", job_id=job.pk)


class PairPage(Requires):
    permission = Permission.STUDENT_EDIT

    @cached_property
    def pair(self) -> DuplicatePair:
        rows = DuplicatePair.objects.within(self.request.scope, self.permission)
        return get_object_or_404(
            rows.select_related("first__school", "second__school", "batch"),
            pk=self.kwargs["pair_id"],
        )

    @cached_property
    def done(self) -> StudentMerge | None:
        return self.pair.merges.filter(undone_at=None).select_related("kept", "absorbed").first()

    def shown(self, *, status: int = 200, **told: Any) -> HttpResponse:
        both = duplicates.side_by_side(self.pair, self.done)
        context = {
            "pair": self.pair,
            "done": self.done,
            "moved": duplicates.moved(self.done) if self.done else [],
            "undone": self.pair.merges.exclude(undone_at=None).order_by("-undone_at"),
            "lines": both.lines,
            "keep": both.keep,
            "reasons": duplicates.reason_words(self.pair),
            "stands": not (self.pair.first.merged_into_id or self.pair.second.merged_into_id),
            **told,
        }
        return render(self.request, "students/duplicate_detail.html", context, status=status)

    def refused(self, refusal: services.MergeRefused) -> HttpResponse:
        return self.shown(status=422, refusal=refusal, touched=getattr(refusal, "rows", []))


class DuplicateDetail(PairPage, View):
    def get(self, request: HttpRequest, pair_id: int) -> HttpResponse:
        return self.shown()


class DuplicateMerge(PairPage, View):
    http_method_names = ["post"]

    def post(self, request: HttpRequest, pair_id: int) -> HttpResponse:
        keep = request.POST.get("keep", "")
        try:
            if keep not in _SIDES:
                raise services.MergeRefused("请选定两份记录中保留哪一份。")
            done = services.merge(
                scope=self.request.scope,
                actor=self.request.user,
                pair_id=self.pair.pk,
                kept_id=self.pair.first_id if keep == "first" else self.pair.second_id,
                chosen=_chosen(request, keep),
                now=timezone.now(),
                note=request.POST.get("note", "")[:200],
            )
        except services.MergeRefused as refusal:
            return self.refused(refusal)
        messages.success(
            request, f"已合并为一份记录：{done.kept.full_name}。发现有误可在本页撤销。"
        )
        return redirect("students:duplicate-detail", pair_id=pair_id)


def _chosen(request: HttpRequest, keep: str) -> dict[str, str]:
    said = {name: request.POST.get(f"field-{name}", "") for name in FIELDS}
    return {
        name: KEPT if side == keep else ABSORBED for name, side in said.items() if side in _SIDES
    }


class DuplicateReject(PairPage, View):
    http_method_names = ["post"]

    def post(self, request: HttpRequest, pair_id: int) -> HttpResponse:
        try:
            services.reject(
                scope=self.request.scope,
                actor=self.request.user,
                pair_id=self.pair.pk,
                now=timezone.now(),
                note=request.POST.get("note", "")[:200],
            )
        except services.MergeRefused as refusal:
            return self.refused(refusal)
        messages.success(request, "已记为不是同一人。两份记录的内容不变，就不会再提示这一对。")
        return redirect("students:duplicate-list")


class DuplicateUndo(PairPage, View):
    http_method_names = ["post"]

    def post(self, request: HttpRequest, pair_id: int) -> HttpResponse:
        try:
            services.undo(
                scope=self.request.scope,
                actor=self.request.user,
                pair_id=self.pair.pk,
                now=timezone.now(),
            )
        except services.MergeRefused as refusal:
            return self.refused(refusal)
        messages.success(request, "已撤销合并，两份记录恢复为合并前的内容。")
        return redirect("students:duplicate-detail", pair_id=pair_id)
