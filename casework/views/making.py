"""Making a legal paper for a case: which may be made now, and the form of one."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.utils.functional import cached_property
from django.views.generic import FormView, TemplateView

from casework import paper_forms as forms
from casework.models import DropoutCase, LegalKind
from casework.queries.bodies import bodies_for
from casework.queries.chain import standing_of
from casework.queries.papers import Offer, offers, paper_lines, papers_of, suggestion
from casework.services import legal
from casework.states import TransitionRefused
from casework.views.case import CaseDoor
from core import codes
from core.access import Permission
from schools.deadlines import Deadline, deadline
from schools.models import Division
from students.models import StudentGuardian

_FIELDS = ("addressee", "relation", "address", "facts", "deadline_on", "amount")


class CasePapers(CaseDoor, TemplateView):
    """The papers of one case, for the case's page; a whole page where there is no htmx."""

    permission = Permission.CASE_VIEW
    template_name = "casework/paper_of_case.html"

    def get_template_names(self) -> list[str]:
        return [f"{self.template_name}#papers" if self.request.htmx else self.template_name]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            case=self.case,
            lines=paper_lines(papers_of(self.case), on=timezone.localdate()),
            may_issue=self._may_issue(),
            **kwargs,
        )

    def _may_issue(self) -> bool:
        scope, issue = self.request.scope, Permission.LEGAL_ISSUE
        own = DropoutCase.objects.within(scope, issue).filter(pk=self.case.pk)
        return self.case.is_open and scope.can(issue) and own.exists()

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = super().get(request, *args, **kwargs)
        patch_vary_headers(response, ["HX-Request"])
        response["Cache-Control"] = "no-store"
        return response


class PaperKinds(CaseDoor, TemplateView):
    """Every step of the chain, with what it rests on and why it may not be taken yet."""

    permission = Permission.LEGAL_ISSUE
    template_name = "casework/paper_kinds.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        bodies = bodies_for(self.request.scope, self.case)
        return super().get_context_data(
            case=self.case,
            student=self.case.student,
            offers=list(offers(self.case, bodies, on=timezone.localdate())),
            cancel_href=self.case_href,
            **kwargs,
        )


class IssuePaper(CaseDoor, FormView):  # type: ignore[type-arg]
    permission = Permission.LEGAL_ISSUE
    template_name = "casework/paper_form.html"
    form_class = forms.IssueForm

    @cached_property
    def kind(self) -> LegalKind:
        kinds = LegalKind.objects.valid_on(timezone.localdate())
        return get_object_or_404(kinds, pk=self.kwargs["paper_kind"])

    @cached_property
    def offer(self) -> Offer:
        kind, bodies = self.kind, bodies_for(self.request.scope, self.case)
        every = offers(self.case, bodies, on=timezone.localdate())
        return next(offer for offer in every if offer.kind == kind)

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not self.offer.bodies:
            messages.warning(request, self.offer.why_not)
            return redirect("casework:paper-kinds", case_id=self.case.pk)
        return super().get(request, *args, **kwargs)

    def get_form_kwargs(self) -> dict[str, Any]:
        today, kind = timezone.localdate(), self.kind
        bodies = self.offer.bodies or bodies_for(self.request.scope, self.case)
        return super().get_form_kwargs() | {
            "kind": kind,
            "bodies": [(body.code, body.name) for body in bodies],
            "today": today,
            "days": _days(kind, county=self.case.county),
        }

    def get_initial(self) -> dict[str, Any]:
        today, case = timezone.localdate(), self.case
        standing = standing_of(case, on=today)
        return {
            "issued_on": today,
            "facts": suggestion(case, persuasions=standing.persuasions),
            **_addressee(case, self.kind),
        }

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            case=self.case,
            student=self.case.student,
            kind=self.kind,
            title=f"制作{self.kind.name}",
            submit="制作文书" if self.kind.is_served else "保存记录",
            cancel_href=self.case_href,
            **kwargs,
        )

    def form_valid(self, form: Any) -> HttpResponse:
        said = form.cleaned_data
        asked = {name: said[name] for name in _FIELDS if name in said}
        try:
            paper = legal.issue_paper(
                scope=self.request.scope,
                actor=self.request.user,
                case_id=self.case.pk,
                kind_code=self.kind.pk,
                body_code=said["body_code"],
                form_key=said["form_key"],
                today=timezone.localdate(),
                asked=legal.Asked(issued_on=said["issued_on"], **asked),
            )
        except TransitionRefused as refusal:
            form.add_error(None, str(refusal))
            return self.form_invalid(form)
        after = "请打印、盖章后送达" if paper.kind.is_served else "请打印后由受教育人签名"
        messages.success(self.request, f"{paper}已制作，{after}。")
        return redirect("casework:paper-detail", paper_id=paper.pk)


def _days(kind: LegalKind, *, county: str) -> int | None:
    if not kind.deadline_rule:
        return None
    return deadline(Deadline(kind.deadline_rule), county=county, on=timezone.localdate())


def _addressee(case: DropoutCase, kind: LegalKind) -> dict[str, str]:
    """The first guardian, as far as the record knows one."""
    if kind.to == LegalKind.To.LABOUR:
        county = Division.objects.get(pk=case.county).name
        return {"addressee": f"{county}人力资源和社会保障局"}
    ties = StudentGuardian.objects.filter(student=case.student, valid_to=None)
    tie = ties.order_by("-is_guardian", "relation_code").select_related("guardian").first()
    student = case.student
    where = student.residence_address or student.hukou_address
    if tie is None:
        return {"address": where}
    relation = codes.name("relation", tie.relation_code)
    return {"addressee": tie.guardian.full_name, "relation": relation, "address": where}
