"""Many responsible persons at once: from the grants of class teachers, from a workbook."""

import io
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.generic import View

from casework import duty_forms as forms
from casework.duties import DutyRefused
from casework.queries import duties as queries
from casework.services import class_teachers, duty_sheet
from casework.views.duties import ASSIGN, DutyDeed
from core.sheets.gate import FileRefused
from core.web import Requires

_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class DutyTeachers(DutyDeed):
    """班主任包班: what the grants say beside what is written, before anything is."""

    form_class = forms.TeachersForm
    template_name = "casework/duty_teachers.html"
    title = "班主任包班"
    submit = "按授权登记"

    @property
    def school(self) -> int | None:
        asked = self.request.GET.get("school", "")
        return int(asked) if asked.isascii() and asked.isdecimal() and len(asked) < 13 else None

    def get_initial(self) -> dict[str, Any]:
        return super().get_initial() | {"on": timezone.localdate()}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        scope, today = self.request.scope, timezone.localdate()
        schools = queries.school_choices(scope)
        school = self.school
        # A county has thousands of classes: there a school is chosen first.
        known = school is not None or len(schools) <= 1 or not scope.whole_county(ASSIGN)
        lines = class_teachers.class_lines(scope, on=today, school=school) if known else []
        counts = [
            (words, sum(line.verdict == verdict for line in lines))
            for verdict, words in (
                ("new", "将登记"),
                ("replace", "将更换"),
                ("same", "不变"),
                ("no_grant", "没有班主任授权"),
            )
        ]
        return super().get_context_data(
            lines=lines, counts=counts, schools=schools, school=school, known=known, **kwargs
        )

    def act(self, form: forms.TeachersForm) -> str:
        done = class_teachers.assign_class_teachers(
            on=form.cleaned_data["on"], school=self.school, **self.who
        )
        return f"班主任包班：{done.words}"


class DutySheet(DutyDeed):
    form_class = forms.SheetForm
    template_name = "casework/duty_sheet.html"
    title = "用名单登记责任人"
    submit = "核对并登记"

    def get_initial(self) -> dict[str, Any]:
        return super().get_initial() | {"on": timezone.localdate()}

    def form_valid(self, form: Any) -> HttpResponse:
        try:
            read = duty_sheet.assign_from_sheet(
                content=form.cleaned_data["file"], on=form.cleaned_data["on"], **self.who
            )
        except (FileRefused, duty_sheet.SheetRefused) as refusal:
            form.add_error("file", str(refusal))
            return self.form_invalid(form)
        except DutyRefused as refusal:
            form.add_error(None, str(refusal))
            return self.form_invalid(form)
        if read.assigned is not None:
            return self.done(f"名单已全部登记：{read.assigned.words}")
        form.add_error("file", f"名单有 {len(read.faults)} 行需要改正，一行也没有写入")
        shown = read.faults[: duty_sheet.MOST_FAULTS]
        return self.render_to_response(self.get_context_data(form=form, faults=shown))


class DutyTemplate(Requires, View):
    permission = ASSIGN

    def get(self, request: HttpRequest) -> HttpResponse:
        book = io.BytesIO()
        duty_sheet.write_template(book, county=self.request.scope.county, on=timezone.localdate())
        response = HttpResponse(book.getvalue(), content_type=_XLSX)
        response["Content-Disposition"] = 'attachment; filename="duties.xlsx"'
        return response
