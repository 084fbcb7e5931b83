"""Correcting cells of a roster in its preview: kept beside the file, judged by another check.

Nothing of it reaches the children before the roster is submitted.
"""

import json
import re
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import QuerySet
from django.utils import timezone

from core import audit, crypto
from core.sheets.text import clean, squeeze
from students.models import ImportBatch, RosterCorrection, RosterMark
from students.rosters import cells, services
from students.rosters.labels import Field
from students.rosters.reasons import REMEDIES, Reason

if TYPE_CHECKING:
    from django.contrib.auth.models import _User

State = ImportBatch.State
MAX_TEXT = 200
SCIENTIFIC = "证件号被 Excel 变成了科学计数，后几位已丢失，请把该列设为文本后重新复制"  # U017
_SCIENTIFIC = re.compile(r"[+-]?\d+(?:\.\d*)?E[+-]?\d+|\d+\.\d+", re.IGNORECASE).fullmatch


class CellRefused(Exception):
    """What was typed cannot stand in this cell; the text says what to do."""


class ChangedMeanwhile(Exception):
    """Somebody else corrected the cell after it was shown: what stands there, and by whom."""

    def __init__(self, *, text: str, token: str, by: str) -> None:
        super().__init__()
        self.text, self.token, self.by = text, token, by


@dataclass(frozen=True, slots=True)
class Place:
    """One cell of a batch."""

    sheet: int
    row: int
    column: int


@dataclass(frozen=True, slots=True)
class Standing:
    """What stands in a cell now, with what was corrected since the last check."""

    text: str
    by: str = ""
    is_waiting: bool = False

    @property
    def token(self) -> str:
        return token(self.text)


def token(text: str) -> str:
    """Says which text somebody saw, and not the text."""
    return crypto.blind_index(text).hex()[:16]


# -- what stands -------------------------------------------------------------------------------


class Waiting:
    """The corrections of a batch that its last check did not know of."""

    def __init__(self, batch: ImportBatch) -> None:
        waiting = RosterCorrection.objects.filter(batch=batch, undone_at=None, is_judged=False)
        self._all = [(one, *one.texts()) for one in waiting.order_by("pk")]

    def __len__(self) -> int:
        return len(self._all)

    def standing(self, place: Place, field: str, text: str) -> Standing:
        """`text` is what the last check read there."""
        found = Standing(text)
        for one, seen, new in self._all:
            here = (one.sheet_no, one.row_no, one.column)
            of_all = one.is_of_all and (one.field, seen) == (field, found.text)
            if of_all or here == (place.sheet, place.row, place.column):
                found = Standing(new, one.made_by_name, is_waiting=True)
        return found


def _standing(batch: ImportBatch, place: Place, field: str) -> Standing | None:
    """None where the row is in order by now, and nobody corrected this cell of it."""
    mark = RosterMark.objects.filter(batch=batch, sheet_no=place.sheet, row_no=place.row).first()
    last = _last_of_cell(batch, place)
    if mark is None:
        return Standing(last.texts()[1], last.made_by_name) if last else None
    read = mark.cells()
    text = read[place.column] if place.column < len(read) else ""
    found = Waiting(batch).standing(place, field, text)
    if not found.by and last:
        return Standing(found.text, last.made_by_name)
    return found


def _last_of_cell(batch: ImportBatch, place: Place) -> RosterCorrection | None:
    made = RosterCorrection.objects.filter(
        batch=batch, sheet_no=place.sheet, row_no=place.row, column=place.column, undone_at=None
    )
    return made.order_by("-pk").first()


# -- correcting --------------------------------------------------------------------------------


def correct(
    *,
    county: str,
    batch_id: int,
    place: Place,
    text: str,
    seen: str,
    actor: "_User",
) -> str:
    """Set one cell; `seen` is the token of what the person saw there. Gives the kept text.

    Errors: ImportBatch.DoesNotExist, BatchRefused, CellRefused, ChangedMeanwhile.
    """
    batch = _held(county=county, batch_id=batch_id)
    label, field = _head(batch, place)
    text = checked(field, text)
    now = _standing(batch, place, field)
    if now is None:
        raise services.BatchRefused("这一行已经改好，不再退回。请刷新本页查看。")
    if now.text == text:
        return text
    if now.token != seen:
        raise ChangedMeanwhile(text=now.text, token=now.token, by=now.by)
    _keep(batch, field=field, label=label, seen=now.text, new=text, place=place, actor=actor)
    return text


def correct_all(
    *, county: str, batch_id: int, code: str, field: str, value: str, text: str, actor: "_User"
) -> int:
    """Every cell of this field that holds this value; `value` is its token. How many are marked.

    Errors: ImportBatch.DoesNotExist, BatchRefused, CellRefused, ChangedMeanwhile.
    """
    batch = _held(county=county, batch_id=batch_id)
    text = checked(field, text)
    marks = marks_of(batch, code=code, field=field, value=value)
    mark = marks.first()
    if mark is None or mark.column is None:
        raise services.BatchRefused("这些单元格已经改过，请刷新本页查看。")
    seen = mark.cells()[mark.column]
    now = Waiting(batch).standing(Place(-1, -1, -1), field, seen)
    if now.is_waiting and now.text != text:
        raise ChangedMeanwhile(text=now.text, token=now.token, by=now.by)
    if text not in (seen, now.text):
        label, _ = _head(batch, Place(mark.sheet_no, mark.row_no, mark.column))
        _keep(batch, field=field, label=label, seen=seen, new=text, place=None, actor=actor)
    return marks.count()


def marks_of(
    batch: ImportBatch, *, code: str, field: str = "", value: str = ""
) -> QuerySet[RosterMark]:
    marks = RosterMark.objects.filter(batch=batch, code=code)
    if field and re.fullmatch(r"[0-9a-f]{16}", value):
        start = bytes.fromhex(value)
        marks = marks.filter(
            field=field, seen_blind__gte=start, seen_blind__lte=start + b"\xff" * 8
        )
    return marks


def take_back(*, county: str, batch_id: int, correction_id: int, actor: "_User") -> None:
    """Errors: ImportBatch.DoesNotExist, RosterCorrection.DoesNotExist, BatchRefused."""
    batch = _held(county=county, batch_id=batch_id)
    correction = RosterCorrection.objects.get(pk=correction_id, batch=batch)
    if correction.undone_at:
        return
    correction.undone_at, correction.undone_by_name = timezone.now(), actor.full_name
    correction.save(update_fields=["undone_at", "undone_by_name"])
    audit.record(
        county=county,
        actor=actor,
        action="roster.correction_undone",
        target=batch,
        before=_trail(correction),
    )
    services.check_again(batch, actor=actor)


def judge_anew(*, county: str, batch_id: int, actor: "_User") -> None:
    """After a check that broke down, or when the county's schools have changed since.

    Errors: ImportBatch.DoesNotExist, BatchRefused.
    """
    services.check_again(_held(county=county, batch_id=batch_id), actor=actor)


# -- parts -------------------------------------------------------------------------------------


def _held(*, county: str, batch_id: int) -> ImportBatch:
    """Held until the end of the transaction: a check that ends waits, or is waited for."""
    batch = ImportBatch.objects.select_for_update(of=("self",)).get(pk=batch_id, county=county)
    if batch.state == State.CHECKED or (batch.state == State.CHECKING and batch.sheets):
        return batch
    raise services.BatchRefused(
        f"这份名册{batch.get_state_display()}，不能再改正单元格。请改好原文件后重新导入。"
    )


def _head(batch: ImportBatch, place: Place) -> tuple[str, str]:
    """Label and field of the cell's column."""
    if place.sheet < len(batch.sheets):
        for index, label, field in batch.sheets[place.sheet].get("heads", ()):
            if index == place.column and field:
                return label, field
    raise CellRefused("这一列不参加核对，不能在这里改。请改原文件后重新导入。")


def checked(field: str, text: str) -> str:
    """The text as a reader of the file would give it. Errors: CellRefused."""
    text = clean(text)
    if len(text) > MAX_TEXT:
        raise CellRefused(f"内容太长，最多 {MAX_TEXT} 字。请只填这一格的内容。")
    if field in (Field.ID_NUMBER, Field.STUDENT_NO) and _SCIENTIFIC(squeeze(text)):
        raise CellRefused(SCIENTIFIC)
    if field == Field.ID_NUMBER and cells.is_damaged(cells.number(text)):
        raise CellRefused(REMEDIES[Reason.ID_DAMAGED])
    return text


def _keep(
    batch: ImportBatch,
    *,
    field: str,
    label: str,
    seen: str,
    new: str,
    place: Place | None,
    actor: "_User",
) -> None:
    seal_id = uuid.uuid4()
    both = json.dumps({"seen": seen, "new": new}, ensure_ascii=False)
    correction = RosterCorrection.objects.create(
        county=batch.county,
        batch=batch,
        field=field,
        label=label,
        sheet_no=place.sheet if place else None,
        row_no=place.row if place else None,
        column=place.column if place else None,
        seal_id=seal_id,
        seen_blind=crypto.blind_index(seen),
        sealed=crypto.seal(both, field=RosterCorrection.FIELD, row=seal_id),
        made_by=actor.pk,
        made_by_name=actor.full_name,
    )
    audit.record(
        county=batch.county,
        actor=actor,
        action="roster.correct",
        target=batch,
        after=_trail(correction),
    )
    services.check_again(batch, actor=actor)


def _trail(correction: RosterCorrection) -> dict[str, object]:
    """Which cell, and never what stands in it: the trail is read by those who hold no case data."""
    where = {"column": correction.label}
    if correction.is_of_all:
        return {**where, "cells": "all"}
    return {**where, "sheet": (correction.sheet_no or 0) + 1, "row": correction.row_no}
