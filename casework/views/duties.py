"""双线包保: the gaps by place, the persons, and naming, ending and replacing them."""

from functools import cached_property
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.utils.http import urlencode
from django.views.generic import FormView, TemplateView

from casework import duty_forms as forms
from casework.duties import DutyRefused, Level
from casework.models import ResponsibilityAssignment, ResponsibilityRole
from casework.queries import duties as queries
from casework.queries.covers import cover_words, town_names
from casework.queries.gaps import NOWHERE, Gaps, total, with_persons
from casework.queries.responsible import responsible_for
from casework.services import responsibility as services
from core import paging
from core.access import Permission
from core.web import Requires
from schools.models import Division, School
from students.models import Student

VIEW, ASSIGN = Permission.RESPONSIBILITY_VIEW, Permission.RESPONSIBILITY_ASSIGN
_ASKED = ("town", "school", "line")


class GapList(Requires, TemplateView):
    """County, township, school: each count is that of the list it leads to."""

    permission = VIEW
    template_name = "casework/duty_gaps.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        scope, on = self.request.scope, timezone.localdate()
        chosen = {name: self._asked(name) for name in _ASKED if self._asked(name)}
        gaps = Gaps(scope, on, chosen)
        shows_list = "school" in chosen or self.request.GET.get("show") == "list"
        context: dict[str, Any] = {"on": on, "chosen": chosen, "trail": _trail(chosen)}
        if shows_list:
            page = paging.page(gaps.rows, by="name_key", asked=self.request.GET)
            children = list(with_persons(page.rows, county=scope.county, on=on))
            return super().get_context_data(page=page, children=children, **context, **kwargs)
        by = "school" if "town" in chosen or not scope.whole_county(VIEW) else "town"
        lines = gaps.lines(by)
        return super().get_context_data(by=by, lines=lines, total=total(lines), **context, **kwargs)

    def _asked(self, name: str) -> str:
        """Anything that names no place or line chooses nothing."""
        value: str = self.request.GET.get(name, "")
        if name == "line":
            return value if value in ("education", "government") else ""
        is_key = value.isascii() and value.isdecimal() and len(value) < 13
        return value if value == NOWHERE or is_key else ""


def _trail(chosen: dict[str, str]) -> list[tuple[str, str]]:
    """Words and query of every place above the page."""
    trail = []
    if town := chosen.get("town"):
        unit = Division.objects.filter(pk=town).first()
        trail.append((unit.name if unit else "未确定乡镇", urlencode({"town": town})))
    if school := chosen.get("school"):
        place = School.objects.filter(pk=school).first() if school != NOWHERE else None
        trail.append((place.name if place else "未就读", urlencode(chosen)))
    return trail


class DutyList(Requires, TemplateView):
    permission = VIEW
    template_name = "casework/duty_list.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        scope, on = self.request.scope, timezone.localdate()
        filters = forms.DutyFilters(self.request.GET, choices=queries.filter_choices(scope, on=on))
        rows = queries.duties(scope, chosen=filters.chosen, on=on)
        page = paging.page(rows, by=("role", "full_name"), asked=self.request.GET)
        return super().get_context_data(
            filters=filters,
            chosen=filters.chosen,
            page=page,
            lines=queries.duty_lines(page.rows, scope=scope, on=on),
            **kwargs,
        )


class DutyOfStudent(Requires, TemplateView):
    """Who answers for one child, for the child's page and its case; without htmx a whole page."""

    permission = VIEW
    template_name = "casework/duty_of_student.html"

    def get_template_names(self) -> list[str]:
        return [f"{self.template_name}#duty" if self.request.htmx else self.template_name]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        scope, on = self.request.scope, timezone.localdate()
        rows = Student.objects.within(scope, self.permission).filter(pk=self.kwargs["student_id"])
        student = get_object_or_404(rows)
        found = responsible_for(rows, county=scope.county, on=on)[student.pk]
        return super().get_context_data(
            student=student, found=found, chain=queries.chain(student, on=on), **kwargs
        )

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = super().get(request, *args, **kwargs)
        patch_vary_headers(response, ["HX-Request"])
        response["Cache-Control"] = "no-store"
        return response


class DutyDeed(Requires, FormView):  # type: ignore[type-arg]
    """A form, one service, back to the list; a refusal keeps every answer."""

    permission = ASSIGN
    template_name = "casework/duty_form.html"
    title = ""
    submit = ""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        back = reverse("casework:duty-list")
        words = {"title": self.title, "submit": self.submit or self.title, "cancel_href": back}
        return super().get_context_data(**words, **kwargs)

    def form_valid(self, form: Any) -> HttpResponse:
        try:
            said = self.act(form)
        except DutyRefused as refusal:
            form.add_error(None, str(refusal))
            return self.form_invalid(form)
        return self.done(said)

    def done(self, said: str) -> HttpResponse:
        messages.success(self.request, said)
        return redirect(_then(self.request) or reverse("casework:duty-list"))

    @property
    def who(self) -> dict[str, Any]:
        return {
            "scope": self.request.scope,
            "actor": self.request.user,
            "today": timezone.localdate(),
        }

    def act(self, form: Any) -> str:
        """Does it and tells what was done. Errors: DutyRefused."""
        raise NotImplementedError


def _then(request: Any) -> str:
    """A child's page, where the form was opened from there."""
    student: str = request.GET.get("student", "")
    if request.GET.get("then") == "student" and student.isdecimal():
        return reverse("students:student-detail", args=[student])
    return ""


class DutyNew(DutyDeed):
    """First the post, which says what it covers; then the place and the person."""

    form_class = forms.DutyForm
    title = "登记责任人"

    @cached_property
    def post_chosen(self) -> ResponsibilityRole | None:
        posts = queries.posts_of(self.request.scope.county)
        post = posts.get(self.request.GET.get("post", ""))
        return None if post is None or post.level == Level.FAMILY else post

    @cached_property
    def school(self) -> str:
        """The one asked for, else the only one there is."""
        asked: str = self.request.GET.get("school", "")
        known = dict(queries.school_choices(self.request.scope))
        return asked if asked in known else next(iter(known)) if len(known) == 1 else ""

    def get_initial(self) -> dict[str, Any]:
        asked = {"on": timezone.localdate(), "cover": self.request.GET.get("cover", "")}
        return super().get_initial() | asked

    def get_form_kwargs(self) -> dict[str, Any]:
        scope, on, post = self.request.scope, timezone.localdate(), self.post_chosen
        level = post.level if post else Level.STUDENT
        student = self.request.GET.get("student", "")
        school = self.school if level in (Level.CLASS_GROUP, Level.STUDENT) else ""
        return super().get_form_kwargs() | {
            "covers": queries.cover_choices(
                scope, level, on=on, school=self.school, student=student
            ),
            "users": queries.user_choices(scope.county, level, on=on, school=school),
        }

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        scope, post = self.request.scope, self.post_chosen
        needs_school = post is not None and post.level == Level.CLASS_GROUP and not self.school
        return super().get_context_data(
            post=post,
            posts=queries.post_choices(scope, on=timezone.localdate()),
            needs_school=needs_school,
            needs_student=post is not None
            and post.level == Level.STUDENT
            and not self.request.GET.get("student"),
            schools=queries.school_choices(scope) if needs_school else [],
            kept={name: self.request.GET.get(name, "") for name in ("student", "then")},
            **kwargs,
        )

    def act(self, form: forms.DutyForm) -> str:
        if self.post_chosen is None:
            raise DutyRefused("请先选择岗位。")
        made = services.assign(
            post=self.post_chosen.code,
            key=form.cleaned_data["cover"],
            person=form.person,
            on=form.cleaned_data["on"],
            **self.who,
        )
        return f"已登记{made.full_name}为{self.post_chosen.name}。"


class OneDuty(DutyDeed):
    """A deed on an assignment in reach; any other is 404, one of the other line told why."""

    @cached_property
    def duty(self) -> ResponsibilityAssignment:
        rows = ResponsibilityAssignment.objects.within(self.request.scope, self.permission)
        places = ("division", "school", "class_group__school", "student")
        return get_object_or_404(rows.select_related(*places), pk=self.kwargs["duty_id"])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        posts = queries.posts_of(self.duty.county)
        return super().get_context_data(
            duty=self.duty,
            post_name=posts[self.duty.role].name if self.duty.role in posts else self.duty.role,
            cover=cover_words(self.duty, town_names([self.duty])),
            post=None,
            **kwargs,
        )


class DutyEnd(OneDuty):
    form_class = forms.EndForm
    title = "结束责任"

    def get_initial(self) -> dict[str, Any]:
        return super().get_initial() | {"last_day": timezone.localdate()}

    def act(self, form: forms.EndForm) -> str:
        last_day = form.cleaned_data["last_day"]
        services.end(duty_id=self.duty.pk, last_day=last_day, **self.who)
        return f"{self.duty.full_name}的责任到 {last_day:%Y-%m-%d} 为止。"


class DutyReplace(OneDuty):
    form_class = forms.ReplaceForm
    title = "更换责任人"

    def get_initial(self) -> dict[str, Any]:
        return super().get_initial() | {"on": timezone.localdate()}

    def get_form_kwargs(self) -> dict[str, Any]:
        duty = self.duty
        school = duty.school_id or (duty.class_group.school_id if duty.class_group else None)
        users = queries.user_choices(
            duty.county,
            duty.level,
            on=timezone.localdate(),
            school=str(school or (duty.student.school_id if duty.student else "") or ""),
            cover=duty.cover,
        )
        return super().get_form_kwargs() | {"users": users}

    def act(self, form: forms.ReplaceForm) -> str:
        made = services.replace(
            duty_id=self.duty.pk,
            person=form.person,
            on=form.cleaned_data["on"],
            **self.who,
        )
        return f"已由{made.full_name}接任，{self.duty.full_name}的责任保留在历史中。"
