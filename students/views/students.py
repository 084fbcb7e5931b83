from functools import cached_property
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ObjectDoesNotExist
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.generic import FormView, TemplateView, View

from core.access import Permission
from core.web import Requires
from schools.divisions import place_words
from students import services
from students.forms import RevealForm
from students.models import Student
from students.people import editing
from students.people import queries as people
from students.people.facts import WHY_NO_PAPER, Refused
from students.people.forms import StudentForm
from students.queries import children, viewers


class StudentPage(Requires):
    """What the pages of one child share."""

    permission = Permission.STUDENT_VIEW

    @cached_property
    def student(self) -> Student:
        rows = Student.objects.within(self.request.scope, self.permission)
        return get_object_or_404(
            rows.select_related("school", "class_group"), pk=self.kwargs["student_id"]
        )


class StudentDetail(StudentPage, TemplateView):
    template_name = "students/student_detail.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        services.note_look(student=self.student, actor=self.request.user, now=timezone.now())
        return super().get(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        student, today, scope = self.student, timezone.localdate(), self.request.scope
        sees_history = scope.can(Permission.STUDENT_EDIT) or scope.can(Permission.AUDIT_VIEW)
        sees_looks = scope.can(Permission.AUDIT_VIEW) or scope.whole_county(Permission.STUDENT_EDIT)
        places = ("school", "class_group")
        return super().get_context_data(
            student=student,
            today=today,
            identifiers=student.identifiers.order_by("kind", "-valid_from"),
            extra=_extra(student),
            hukou=place_words(student.hukou_division, county=student.county, on=today),
            guardians=people.guardians(student, scope=scope, on=today),
            homes=people.homes(student, scope=scope, on=today),
            categories=[(span, span.is_over(today)) for span in children.category_life(student)],
            enrolments=student.enrolments.select_related(*places).order_by("-valid_from"),
            disabilities=student.disabilities.order_by("-valid_from"),
            left_behind=student.left_behind_facts.order_by("-valid_from"),
            bars=children.bars(student, on=today),
            entries=children.history(student) if sees_history else [],
            may_see_looks=sees_looks,
            looks=viewers.looks_at(student) if sees_looks else [],
            reveal_form=RevealForm(auto_id=False),
            **kwargs,
        )


def _extra(student: Student) -> dict[str, str]:
    """Columns nobody asked for; why a number was missing is past once it came by a roster."""
    past = () if student.has_no_number else (WHY_NO_PAPER,)
    return {label: value for label, value in student.extra.items() if label not in past}


@method_decorator(never_cache, name="dispatch")
class Reveal(StudentPage, View):
    """Shows one number, once, to somebody who says what for."""

    permission = Permission.IDENTITY_REVEAL
    http_method_names = ["post"]
    template_name = "students/reveal.html"

    def post(self, request: HttpRequest, student_id: int, secret_id: UUID) -> HttpResponse:
        form = RevealForm(request.POST)
        if not form.is_valid():
            return self._answer(form, status=422)
        try:
            text = self.reveal(
                scope=self.request.scope,
                actor=self.request.user,
                student_id=student_id,
                purpose=form.cleaned_data["purpose"],
            )
        except ObjectDoesNotExist:
            raise Http404 from None
        return self._answer(form, full=text)

    def reveal(self, **asked: Any) -> str:
        raise NotImplementedError

    def _answer(self, form: RevealForm, *, full: str = "", status: int = 200) -> HttpResponse:
        template = f"{self.template_name}#secret" if self.request.htmx else self.template_name
        context = {
            "student": self.student,
            "secret_id": self.kwargs["secret_id"],
            "address": self.request.path,
            "mask": self.mask(),
            "form": form,
            "full": full,
        }
        return render(self.request, template, context, status=status)

    def mask(self) -> str:
        raise NotImplementedError


class RevealNumber(Reveal):
    def reveal(self, **asked: Any) -> str:
        return services.reveal_number(identifier_id=self.kwargs["secret_id"], **asked)

    def mask(self) -> str:
        return get_object_or_404(self.student.identifiers, pk=self.kwargs["secret_id"]).mask


class RevealPhone(Reveal):
    def reveal(self, **asked: Any) -> str:
        return services.reveal_phone(guardian_id=self.kwargs["secret_id"], **asked)

    def mask(self) -> str:
        ties = self.student.guardianships.select_related("guardian")
        tie = ties.filter(guardian=self.kwargs["secret_id"]).first()
        if tie is None:
            raise Http404
        return tie.guardian.phone_mask


@method_decorator(never_cache, name="dispatch")
class StudentEdit(StudentPage, FormView):  # type: ignore[type-arg]
    permission = Permission.STUDENT_EDIT
    template_name = "students/student_form.html"
    form_class = StudentForm

    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | {
            "student": self.student,
            "today": timezone.localdate(),
        }

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(student=self.student, **kwargs)

    def form_valid(self, form: StudentForm) -> HttpResponse:
        try:
            editing.edit_student(
                scope=self.request.scope,
                actor=self.request.user,
                student_id=self.student.pk,
                seen=form.cleaned_data["seen"],
                said=form.said,
                now=timezone.now(),
            )
        except Refused as refusal:
            form.add_error(refusal.field, str(refusal))
            return self.form_invalid(form)
        except editing.PageTooOld:
            form.add_error(None, "本页打开得太久，系统认不出当时显示的内容，请刷新后再改一次")
            return self.form_invalid(form)
        except editing.ChangedMeanwhile as meanwhile:
            return self._ask(form, meanwhile.clashes)
        messages.success(self.request, "资料已保存，改动已记入变更记录。")
        return redirect("students:student-detail", student_id=self.student.pk)

    def form_invalid(self, form: StudentForm) -> HttpResponse:
        return self.render_to_response(self.get_context_data(form=form), status=422)

    def _ask(self, form: StudentForm, clashes: list[editing.Clash]) -> HttpResponse:
        form.add_error(None, "您打开本页以后，下面几项被他人改过。请逐项选定，再保存一次")
        form.show(clashes, in_words=children.fact_words(self.student, on=timezone.localdate()))
        return self.render_to_response(self.get_context_data(form=form), status=409)
