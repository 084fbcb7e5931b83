"""The table of a preview worked like a sheet: each act of a script is one request.

What it is told of each cell is what the page would show, masked.
"""

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.generic import View

from students.models import RosterCorrection
from students.rosters import blocks, corrections, marks, services
from students.rosters.blocks import Block, Clash, Edit
from students.rosters.corrections import CellRefused, Place, Standing
from students.views.cells import CLASHED, KEPT, REFUSED, Outcome
from students.views.preview import PreviewPage

_ROW = re.compile(r"(\d{1,4})-(\d{1,9})").fullmatch
_MOST_COLUMNS = 100_000
_UNREADABLE = "这次改动没有传完整，没有保存。请刷新本页后再改。"


class GridAct(PreviewPage, View):
    http_method_names = ["post"]

    def act(self, request: HttpRequest, **kwargs: int) -> JsonResponse:
        raise NotImplementedError

    def post(self, request: HttpRequest, **kwargs: int) -> HttpResponse:
        try:
            return self.act(request, **kwargs)
        except services.BatchRefused as refusal:
            return JsonResponse({"message": str(refusal)}, status=REFUSED)

    def told(self, block: Block) -> JsonResponse:
        """The worst of the cells gives the status of all; each has its own."""
        kept = [_cell(p, field, Standing(text)) for p, (field, text) in block.kept.items()]
        clashed = [_clashed(place, clash) for place, clash in block.clashed.items()]
        refused = [{**_at(p), "status": REFUSED, "message": m} for p, m in block.refused.items()]
        answer: dict[str, Any] = {"cells": [*kept, *clashed, *refused]}
        if block.correction:
            answer |= {
                "undo": self._address("students:import-uncorrect", block.correction),
                "redo": self._address("students:import-recorrect", block.correction),
            }
        return JsonResponse(answer, status=CLASHED if clashed else REFUSED if refused else KEPT)

    def _address(self, name: str, correction: RosterCorrection) -> str:
        return reverse(name, args=[self.batch.pk, correction.pk])


@method_decorator(never_cache, name="dispatch")
class ImportCells(GridAct):
    """Cells to be set: [{"row": "0-7", "column": 4, "text": "四年级", "seen": "..."}]."""

    def act(self, request: HttpRequest, **_batch: int) -> JsonResponse:
        batch = self.batch
        edits = _edits(request.body)
        if edits is None:
            return JsonResponse({"message": _UNREADABLE}, status=400)
        block = blocks.correct_block(
            county=batch.county, batch_id=batch.pk, edits=edits, actor=self.request.user
        )
        return self.told(block)


@method_decorator(never_cache, name="dispatch")
class ImportUncorrect(GridAct):
    """Takes one act back: asked by the table, or by a button of the history."""

    def act(self, request: HttpRequest, correction_id: int = 0, **_batch: int) -> JsonResponse:
        return JsonResponse({"cells": list(self._shown(self._take_back(correction_id)))})

    def _shown(self, now: dict[Place, Standing]) -> Iterator[dict[str, Any]]:
        for place, standing in now.items():
            # A column that was left out since is no cell of the table any more.
            with suppress(CellRefused):
                yield _cell(place, corrections.field_of(self.batch, place), standing)

    def post(self, request: HttpRequest, correction_id: int = 0, **batch: int) -> HttpResponse:
        if "application/json" in request.headers.get("Accept", ""):
            return super().post(request, correction_id=correction_id, **batch)
        try:
            self._take_back(correction_id)
        except services.BatchRefused as refusal:
            messages.error(request, str(refusal))
        else:
            label = RosterCorrection.objects.get(pk=correction_id).label
            messages.success(request, f"已撤销对“{label}”的改正，正在重新核对。")
        return self.back()

    def _take_back(self, correction_id: int) -> dict[Place, Standing]:
        correction = get_object_or_404(RosterCorrection, pk=correction_id, batch=self.batch)
        return corrections.take_back(
            county=self.batch.county,
            batch_id=self.batch.pk,
            correction_id=correction.pk,
            actor=self.request.user,
        )


@method_decorator(never_cache, name="dispatch")
class ImportRecorrect(GridAct):
    """What was taken back is done once more."""

    def act(self, request: HttpRequest, correction_id: int = 0, **_batch: int) -> JsonResponse:
        correction = get_object_or_404(RosterCorrection, pk=correction_id, batch=self.batch)
        block = blocks.make_again(
            county=self.batch.county,
            batch_id=self.batch.pk,
            correction_id=correction.pk,
            actor=self.request.user,
        )
        return self.told(block)


def _at(place: Place) -> dict[str, Any]:
    return {"row": f"{place.sheet}-{place.row}", "column": place.column}


def _cell(place: Place, field: str, standing: Standing) -> dict[str, Any]:
    shown = marks.shown(field, standing.text)
    found = {**_at(place), "status": KEPT, "shown": shown, "seen": standing.token}
    return found | ({"masked": True} if shown != standing.text else {})


def _clashed(place: Place, clash: Clash) -> dict[str, Any]:
    outcome = Outcome.clashed(place.column, "", clash.field, clash.standing)
    told = {"message": outcome.message, "shown": outcome.shown, "seen": outcome.seen}
    return {**_at(place), "status": CLASHED, **told}


def _edits(body: bytes) -> list[Edit] | None:
    """None where it is not what our script sends."""
    try:
        asked = json.loads(body)
        return [_edit(each) for each in asked] if isinstance(asked, list) else None
    except (ValueError, TypeError, KeyError):
        return None


def _edit(asked: dict[str, Any]) -> Edit:
    found = _ROW(asked["row"])
    column, text, seen = asked["column"], asked["text"], asked["seen"]
    if not found or not isinstance(column, int) or not 0 <= column < _MOST_COLUMNS:
        raise ValueError(asked)
    if not isinstance(text, str) or not isinstance(seen, str):
        raise TypeError(asked)
    return Edit(Place(int(found[1]), int(found[2]), column), text, seen)
