"""A child's record by hand: registering, a number, guardians, household."""

from functools import cached_property
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ObjectDoesNotExist
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.generic import FormView

from core.access import Permission
from core.web import Requires
from schools.models import School
from students.models import Student, StudentGuardian
from students.people import kin, numbers, registering
from students.people.facts import Refused
from students.people.forms import (
    EndForm,
    GuardianForm,
    HouseholdForm,
    NewStudentForm,
    NumberForm,
)
from students.people.numbers import NumberTaken
from students.people.registering import Namesake
from students.views.students import StudentPage

EDIT = Permission.STUDENT_EDIT


class _Deed(FormView):  # type: ignore[type-arg]
    """A form whose service may refuse in words that belong to one of its fields."""

    request: Any

    def deed(self, form: Any) -> HttpResponse:
        raise NotImplementedError

    def form_valid(self, form: Any) -> HttpResponse:
        try:
            return self.deed(form)
        except Refused as refusal:
            form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal))
            return self.form_invalid(form)
        except ObjectDoesNotExist:
            raise Http404 from None

    def form_invalid(self, form: forms.Form) -> HttpResponse:
        return self.render_to_response(self.get_context_data(form=form), status=422)


class _ChildDeed(_Deed, StudentPage):
    permission = EDIT
    template_name = "students/person_form.html"
    title = ""
    sub = ""
    submit = ""
    done = ""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        said = {"title": self.title, "sub": self.sub, "submit": self.submit}
        return super().get_context_data(student=self.student, **said, **kwargs)

    @property
    def asked(self) -> dict[str, Any]:
        """Who asks, about whom."""
        return {
            "scope": self.request.scope,
            "actor": self.request.user,
            "student_id": self.student.pk,
            "now": timezone.now(),
        }

    def back(self) -> HttpResponse:
        messages.success(self.request, self.done)
        return redirect("students:student-detail", student_id=self.student.pk)


@method_decorator(never_cache, name="dispatch")
class StudentNew(Requires, _Deed):
    permission = EDIT
    template_name = "students/student_new.html"
    form_class = NewStudentForm

    def get_form_kwargs(self) -> dict[str, Any]:
        scope, today = self.request.scope, timezone.localdate()
        schools = School.objects.within(scope, EDIT).open_on(today).distinct().order_by("name")
        return super().get_form_kwargs() | {
            "county": scope.county,
            "today": today,
            "schools": schools,
            "may_be_nowhere": scope.whole_county(EDIT),
        }

    def deed(self, form: NewStudentForm) -> HttpResponse:
        try:
            student = registering.register(
                scope=self.request.scope,
                actor=self.request.user,
                newcomer=form.newcomer,
                is_another=form.cleaned_data["is_another"],
                now=timezone.now(),
            )
        except NumberTaken as taken:
            form.add_error("number", str(taken))
            return self._again(form, holder=taken.holder.student)
        except Namesake as known:
            form.add_error(None, f"{known}，请先核对下面列出的孩子是不是同一人")
            return self._again(form, namesakes=known.children)
        messages.success(self.request, f"{student.full_name}已登记。")
        return redirect("students:student-detail", student_id=student.pk)

    def _again(self, form: NewStudentForm, **found: Any) -> HttpResponse:
        return self.render_to_response(self.get_context_data(form=form, **found), status=409)


@method_decorator(never_cache, name="dispatch")
class NumberNew(_ChildDeed):
    template_name = "students/number_form.html"
    form_class = NumberForm
    title = "登记证件号"
    sub = "原来的号码会保留为曾用号码"
    submit = "登记证件号"
    done = "证件号已登记，改动已记入变更记录。"

    def deed(self, form: NumberForm) -> HttpResponse:
        reason = form.cleaned_data["reason"]
        try:
            numbers.add_number(paper=form.paper, reason=reason, **self.asked)
        except NumberTaken as taken:
            form.add_error("number", str(taken))
            return self._again(form, taken.holder.student)
        return self.back()

    def _again(self, form: NumberForm, holder: Student | None) -> HttpResponse:
        pair = None
        if holder:
            pair = numbers.ask_merge(
                scope=self.request.scope,
                student_id=self.student.pk,
                other=holder,
                now=timezone.now(),
            )
        context = self.get_context_data(form=form, holder=holder, pair=pair)
        return render(self.request, self.template_name, context, status=409)


class GuardianNew(_ChildDeed):
    form_class = GuardianForm
    title = "添加监护人"
    submit = "添加监护人"
    done = "监护人已添加，改动已记入变更记录。"

    def get_form_kwargs(self) -> dict[str, Any]:
        known = kin.known_guardians(self.student)
        return super().get_form_kwargs() | {"today": timezone.localdate(), "known": known}

    def deed(self, form: GuardianForm) -> HttpResponse:
        said, known = form.cleaned_data, form.known_id
        kin.add_guardian(
            relation=said["relation"],
            since=said["since"],
            known=known,
            person=None if known else form.person,
            **self.asked,
        )
        return self.back()


class _TieDeed(_ChildDeed):
    """About one guardian of today."""

    @cached_property
    def tie(self) -> StudentGuardian:
        ties = self.student.guardianships.select_related("guardian").filter(valid_to=None)
        tie = ties.filter(pk=self.kwargs["tie_id"]).first()
        if tie is None:
            raise Http404
        return tie


class GuardianEdit(_TieDeed):
    form_class = GuardianForm
    title = "修改监护人"
    sub = "监护人还照看别的孩子的，姓名、电话和务工地一并更新"
    submit = "保存监护人"
    done = "监护人资料已保存，改动已记入变更记录。"

    def get_initial(self) -> dict[str, Any]:
        person = self.tie.guardian
        return {
            "full_name": person.full_name,
            "relation": self.tie.relation_code,
            "work_place": person.work_place,
        }

    def get_form_kwargs(self) -> dict[str, Any]:
        more = {"today": timezone.localdate(), "guardian": self.tie.guardian}
        return super().get_form_kwargs() | more

    def deed(self, form: GuardianForm) -> HttpResponse:
        kin.change_guardian(
            tie_id=self.tie.pk,
            relation=form.cleaned_data["relation"],
            person=form.person,
            **self.asked,
        )
        return self.back()


class GuardianEnd(_TieDeed):
    form_class = EndForm
    title = "结束监护关系"
    submit = "结束监护关系"
    done = "监护关系已结束，记录仍可查看。"

    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | {"today": timezone.localdate()}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        words = kin.guardian_words(self.tie.guardian, self.tie.relation_code)
        return super().get_context_data(about=words, **kwargs)

    def deed(self, form: EndForm) -> HttpResponse:
        kin.end_guardian(tie_id=self.tie.pk, on=form.cleaned_data["on"], **self.asked)
        return self.back()


class HouseholdJoin(_ChildDeed):
    form_class = HouseholdForm
    title = "登记户籍"
    sub = "换到另一户时，原户籍到起始日期的前一天止"
    submit = "保存户籍"
    done = "户籍已登记，改动已记入变更记录。"

    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | {"today": timezone.localdate()}

    def get_initial(self) -> dict[str, Any]:
        member = self.student.memberships.select_related("household").filter(valid_to=None).first()
        if member is None:
            return {}
        return {
            "household_no": member.household.household_no,
            "head_name": member.household.head_name,
            "relation": member.relation_to_head,
        }

    def deed(self, form: HouseholdForm) -> HttpResponse:
        kin.join_household(**form.cleaned_data, **self.asked)
        return self.back()


class HouseholdLeave(_ChildDeed):
    form_class = EndForm
    title = "迁出户籍"
    submit = "迁出户籍"
    done = "户籍已结束，记录仍可查看。"

    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | {"today": timezone.localdate()}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        member = self.student.memberships.select_related("household").filter(valid_to=None).first()
        if member is None:
            raise Http404
        return super().get_context_data(about=kin.home_words(member), **kwargs)

    def deed(self, form: EndForm) -> HttpResponse:
        kin.leave_household(on=form.cleaned_data["on"], **self.asked)
        return self.back()
