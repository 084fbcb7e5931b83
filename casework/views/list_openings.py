"""The list of children hands over whom to open suspected cases for."""

from typing import Any

from django.utils import timezone

from casework.forms import ListOpenForm
from casework.services.list_openings import LIST_TASK, try_openings
from casework.states import TransitionRefused
from core.access import Permission
from core.web import Requires
from students.listing.bulk import BulkRefused
from students.models import BulkAct
from students.views.bulk import BulkCommit, BulkDetail, BulkStart


class _Openings(Requires):
    permission = Permission.CASE_OPEN
    kinds: tuple[BulkAct.Kind, ...] = (BulkAct.Kind.OPEN_CASES,)
    detail = "casework:list-openings"
    commit = "casework:list-openings-commit"
    task = LIST_TASK


class OpeningStart(_Openings, BulkStart):
    pass


class OpeningDetail(_Openings, BulkDetail):
    form_class = ListOpenForm

    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | {"today": timezone.localdate()}

    def dry_run(self, asked: dict[str, Any]) -> None:
        try:
            try_openings(
                scope=self.request.scope, act=self.act, today=timezone.localdate(), **asked
            )
        except TransitionRefused as refusal:
            raise BulkRefused(str(refusal)) from refusal


class OpeningCommit(_Openings, BulkCommit):
    pass
