"""What is to be done and what is late: the list of everybody's reach, and the board of places."""

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.http import urlencode
from django.views.generic import TemplateView

from casework.queries.tasks import WHEN, BoardLine, TaskList, kinds_of, place_choices
from core import paging
from core.access import Permission
from core.forms import OfficeForm
from core.web import Requires


class TaskFilters(OfficeForm):
    when = forms.ChoiceField(required=False, choices=WHEN, widget=forms.HiddenInput)
    due = forms.DateField(required=False, widget=forms.HiddenInput)
    kind = forms.ChoiceField(label="事项", required=False)
    line = forms.ChoiceField(label="责任线", required=False)
    town = forms.ChoiceField(label="乡镇", required=False)
    school = forms.ChoiceField(label="学校", required=False)

    def __init__(
        self, *args: Any, choices: dict[str, list[tuple[str, str]]], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        for name, pairs in choices.items():
            self.fields[name].choices = [("", "全部"), *pairs]  # type: ignore[attr-defined]

    @property
    def chosen(self) -> dict[str, str]:
        """Only what was chosen; an option that is not in the list chooses nothing."""
        self.is_valid()
        return {name: str(value) for name, value in self.cleaned_data.items() if value}


class TaskPage(Requires, TemplateView):
    permission = Permission.CASE_VIEW

    def _list(self) -> tuple[TaskFilters, TaskList]:
        scope = self.request.scope
        filters = TaskFilters(self.request.GET, choices=place_choices(scope))
        return filters, TaskList(scope, timezone.localdate(), filters.chosen)


class TaskIndex(TaskPage):
    template_name = "casework/task_list.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        filters, tasks = self._list()
        page = paging.page(
            tasks.rows, by="due_on", asked=self.request.GET, count=tasks.rows.count()
        )
        return super().get_context_data(
            filters=filters,
            chosen=tasks.chosen,
            chips=self._chips(tasks),
            page=page,
            today=tasks.on,
            **kwargs,
        )

    def _chips(self, tasks: TaskList) -> list[tuple[str, str, int, bool]]:
        kept = {k: v for k, v in tasks.chosen.items() if k not in ("when", "due")}
        here = "due" if "due" in tasks.chosen else tasks.chosen.get("when", "")
        return [
            (urlencode({**kept, "when": value}), label, count, value == here)
            for value, label, count in tasks.chips()
        ]


class TaskBoard(TaskPage):
    """Late tasks by township, and within one by school; never by person (教师厅〔2025〕2号)."""

    template_name = "casework/task_board.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        _, tasks = self._list()
        town = tasks.chosen.get("town", "")
        tasks = TaskList(tasks.scope, tasks.on, {"town": town} if town else {})
        towns = tasks.by("town")
        if not town and len(towns) == 1:
            town = towns[0].key
        lines = tasks.by("at_school") if town else towns
        kinds = kinds_of(lines)
        return super().get_context_data(
            town=towns[0] if town and towns else None,
            is_narrowed="town" in tasks.chosen,
            kinds=kinds,
            rows=[self._row(line, kinds, town) for line in lines],
            sums=[(sum(line.counts.get(kind, 0) for line in lines)) for kind, _ in kinds],
            total=sum(line.total for line in lines),
            today=tasks.on,
            **kwargs,
        )

    def _row(self, line: BoardLine, kinds: list[tuple[str, str]], town: str) -> dict[str, Any]:
        place = {"town": town, "school": line.key} if town else {"town": line.key}
        asked = {"when": "late", **place}
        return {
            "name": line.name,
            "inside": "" if town else urlencode(place),
            "total": line.total,
            "query": urlencode(asked),
            "cells": [
                (label, line.counts.get(kind, 0), urlencode({**asked, "kind": kind}))
                for kind, label in kinds
            ],
        }
