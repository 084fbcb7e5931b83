from functools import cached_property
from typing import Any, cast
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.generic import TemplateView

from casework import forms, services
from casework.models import HeldOp, HomeVisit, VisitPhoto
from casework.services import VisitConflict
from casework.services import content as contents
from casework.services import photos as photo_services
from casework.states import Action, TransitionRefused
from casework.views.case import ActOnCase
from core import crypto
from core.access import Permission
from core.web import Requires


class LogVisit(ActOnCase):
    permission = Permission.VISIT_LOG
    template_name = "casework/visit_form.html"
    action, form_class = Action.VISIT, forms.VisitForm
    days = ("visited_on",)

    def get_initial(self) -> dict[str, Any]:
        return super().get_initial() | {"visitors": self.request.user.full_name}

    def form_valid(self, form: forms.CaseForm) -> HttpResponse:
        try:
            visit = services.log_home_visit(case_id=self.case.pk, **self.asked(form))
        except TransitionRefused as refusal:
            form.add_error(None, str(refusal))
            return self.form_invalid(form)
        except VisitConflict as conflict:
            form.add_error(None, str(conflict))
            cast(forms.VisitForm, form).renew_uuid()
            return self.render_to_response(self.get_context_data(form=form), status=409)
        messages.success(self.request, _saved(visit))
        return redirect("casework:case-detail", case_id=self.case.pk)


def _saved(visit: HomeVisit) -> str:
    number = f"第 {visit.attempt_no} 次劝返" if visit.attempt_no else visit.get_kind_display()
    return f"家访已保存：{visit.visited_on:%Y-%m-%d}，{number}，{visit.get_outcome_display()}。"


class VisitDetail(Requires, TemplateView):
    """One visit with its photos and every version of it."""

    permission = Permission.CASE_VIEW
    template_name = "casework/visit_detail.html"

    @cached_property
    def visit(self) -> HomeVisit:
        rows = HomeVisit.objects.within(self.request.scope, self.permission)
        joined = rows.select_related("student__school", "student__class_group", "case")
        return get_object_or_404(joined, pk=self.kwargs["visit_id"])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        told = [(contents.LABELS[n], contents.words(n, v)) for n, v in self._content.items()]
        photos = self.visit.photos.exclude(state=VisitPhoto.State.DELETED).order_by("position")
        held = HeldOp.objects.within(self.request.scope, Permission.VISIT_LOG).still_open()
        return super().get_context_data(
            visit=self.visit,
            told=told,
            photos=list(photos),
            versions=self.versions(),
            held=list(held.filter(visit_uuid=self.visit.pk).order_by("pk")),
            **kwargs,
        )

    @property
    def _content(self) -> dict[str, Any]:
        return contents.of(self.visit)

    def versions(self) -> list[dict[str, Any]]:
        """The newest first, each with what it changed."""
        return [
            {
                "version": version,
                "changed": [
                    (contents.LABELS[name], contents.words(name, version.content.get(name)))
                    for name in version.changed
                ],
                "merged": [contents.LABELS[name] for name in version.merged],
            }
            for version in self.visit.versions.order_by("-number")
        ]


class VisitPhotoFile(Requires):
    """The picture itself, for whoever may see the child's case; each look leaves its trace."""

    permission = Permission.CASE_VIEW

    def get(self, request: HttpRequest, photo_id: UUID) -> StreamingHttpResponse:
        rows = VisitPhoto.objects.within(self.request.scope, self.permission).stored()
        photo = get_object_or_404(rows, pk=photo_id)
        try:
            pieces = photo_services.shown(photo, scope=self.request.scope, actor=self.request.user)
        except (OSError, crypto.CannotOpen):
            raise Http404 from None
        response = StreamingHttpResponse(pieces, content_type="image/jpeg")
        response["Cache-Control"] = "private, no-store"
        response["X-Content-Type-Options"] = "nosniff"
        response["Content-Disposition"] = 'inline; filename="photo.jpg"'
        return response
