"""Correcting cells of a roster in its preview: kept beside the file, judged by another check.

Nothing of it reaches the children before the roster is submitted.
"""

import json
import re
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import QuerySet
from django.utils import timezone

from core import audit, crypto
from core.sheets.text import clean, squeeze
from students.models import ImportBatch, RosterCorrection, RosterMark
from students.rosters import cells, files, services
from students.rosters.labels import Field
from students.rosters.marks import Note
from students.rosters.reasons import REMEDIES, Reason

if TYPE_CHECKING:
    from django.contrib.auth.models import _User

State = ImportBatch.State
_OPEN = (State.CHECKED, State.CHECKING)
MAX_TEXT = 200
# U017 of the user experience: the wording every page uses for such a number.
SCIENTIFIC = "证件号被 Excel 变成了科学计数，后几位已丢失，请把该列设为文本后重新复制"
_SCIENTIFIC = re.compile(r"[+-]?\d+(?:\.\d*)?E[+-]?\d+|\d+\.\d+", re.IGNORECASE).fullmatch
_TO_LETTERS = str.maketrans("0123456789abcdef", "abcdefghijklmnop")
_TO_DIGITS = str.maketrans("abcdefghijklmnop", "0123456789abcdef")
_TOKEN = re.compile(r"[a-p]{16}").fullmatch
# Faults of the content itself: whoever wrote it once wrote it again, and one answer holds for all.
SAME_EVERYWHERE = frozenset(
    (
        Reason.SCHOOL_UNKNOWN,
        Reason.SCHOOL_AMBIGUOUS,
        Reason.BIRTH_DATE_INVALID,
        Reason.GRADE_UNKNOWN,
        Note.SEX_UNREAD,
        Note.ETHNICITY_UNREAD,
    )
)


class CellRefused(Exception):
    """What was typed cannot stand in this cell; the text says what to do."""


class ChangedMeanwhile(Exception):
    """Somebody else corrected the cell after it was shown: what stands there, and by whom."""

    def __init__(self, *, field: str, standing: "Standing") -> None:
        super().__init__()
        self.field, self.standing = field, standing


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
    return token_of(crypto.blind_index(text))


def token_of(blind: bytes) -> str:
    """Letters only: no address of ours holds what looks like a number of a person."""
    return blind[:8].hex().translate(_TO_LETTERS)


class Waiting:
    """What was corrected in a batch since its last check."""

    def __init__(self, batch: ImportBatch) -> None:
        self._cells: dict[Place, Standing] = {}
        waiting = RosterCorrection.objects.filter(batch=batch, undone_at=None, is_judged=False)
        for one in waiting.order_by("pk"):
            standing = Standing(one.texts()[1], one.made_by_name, is_waiting=True)
            for target in one.targets:
                for row in target["rows"]:
                    self._cells[Place(target["sheet"], row, target["column"])] = standing

    def __len__(self) -> int:
        return len(self._cells)

    def standing(self, place: Place, text: str) -> Standing:
        """`text` is what the last check read there."""
        return self._cells.get(place) or Standing(text)


# -- correcting --------------------------------------------------------------------------------


def correct(
    *, county: str, batch_id: int, place: Place, text: str, seen: str, actor: "_User"
) -> str:
    """Set one cell; `seen` is the token of what the person saw there. Gives the kept text.

    Errors: ImportBatch.DoesNotExist, BatchRefused, CellRefused, ChangedMeanwhile.
    """
    batch = _held(county=county, batch_id=batch_id)
    label, field = _head(batch, place)
    text = checked(field, text)
    now = standing(batch, place)
    if now is None:
        raise services.BatchRefused("这一行已经改好，不再退回。请刷新本页查看。")
    if now.text == text:
        return text
    if now.token != seen:
        raise ChangedMeanwhile(field=field, standing=now)
    targets = [{"sheet": place.sheet, "column": place.column, "rows": [place.row]}]
    _keep(batch, field=field, label=label, targets=targets, seen=now.text, new=text, actor=actor)
    return text


def standing(batch: ImportBatch, place: Place) -> Standing | None:
    """None where the row is in order by now and nobody corrected this cell of it."""
    mark = RosterMark.objects.filter(batch=batch, sheet_no=place.sheet, row_no=place.row).first()
    last = _last_of_cell(batch, place)
    if last:
        return Standing(last.texts()[1], last.made_by_name, is_waiting=not last.is_judged)
    if mark is None:
        return None
    read = mark.cells()
    return Standing(read[place.column] if place.column < len(read) else "")


def _last_of_cell(batch: ImportBatch, place: Place) -> RosterCorrection | None:
    cell = [{"sheet": place.sheet, "column": place.column, "rows": [place.row]}]
    made = RosterCorrection.objects.filter(batch=batch, undone_at=None, targets__contains=cell)
    return made.order_by("-pk").first()


def correct_all(
    *, county: str, batch_id: int, code: str, field: str, value: str, text: str, actor: "_User"
) -> int:
    """All cells with this fault and this content; `value` is its token. The number of cells.

    Errors: ImportBatch.DoesNotExist, BatchRefused, CellRefused, ChangedMeanwhile.
    """
    batch = _held(county=county, batch_id=batch_id)
    text = checked(field, text)
    marks = list(marks_of(batch, code=code, field=field, value=value))
    if code not in SAME_EVERYWHERE or not marks:
        raise services.BatchRefused("这些单元格已经改过。请刷新本页查看。")
    targets = _targets(marks)
    first = Place(targets[0]["sheet"], targets[0]["rows"][0], targets[0]["column"])
    seen = marks[0].cells()[first.column]
    now = Waiting(batch).standing(first, seen)
    if now.text == text:
        return len(marks)
    if now.is_waiting:
        raise ChangedMeanwhile(field=field, standing=now)
    label, _ = _head(batch, first)
    _keep(batch, field=field, label=label, targets=targets, seen=seen, new=text, actor=actor)
    return len(marks)


def marks_of(
    batch: ImportBatch, *, code: str, field: str = "", value: str = ""
) -> QuerySet[RosterMark]:
    """Rows with one fault, and if asked those of one content, in the order of the file."""
    marks = RosterMark.objects.filter(batch=batch, code=code)
    if field and _TOKEN(value):
        start = bytes.fromhex(value.translate(_TO_DIGITS))
        end = start + b"\xff" * 8
        marks = marks.filter(field=field, column__isnull=False, seen_blind__range=(start, end))
    return marks.order_by("sheet_no", "row_no")


def _targets(marks: list[RosterMark]) -> list[dict[str, Any]]:
    rows: dict[tuple[int, int | None], list[int]] = {}
    for mark in marks:
        rows.setdefault((mark.sheet_no, mark.column), []).append(mark.row_no)
    return [{"sheet": s, "column": column, "rows": own} for (s, column), own in rows.items()]


def take_back(*, county: str, batch_id: int, correction_id: int, actor: "_User") -> None:
    """Errors: ImportBatch.DoesNotExist, RosterCorrection.DoesNotExist, BatchRefused."""
    batch = _held(county=county, batch_id=batch_id)
    correction = RosterCorrection.objects.get(pk=correction_id, batch=batch)
    if correction.undone_at:
        return
    correction.undone_at, correction.undone_by_name = timezone.now(), actor.full_name
    correction.save(update_fields=["undone_at", "undone_by_name"])
    _record(batch, "roster.correction_undone", correction, actor=actor)
    services.check_again(batch, actor=actor)


def judge_anew(*, county: str, batch_id: int, actor: "_User") -> None:
    """After a check that broke down, or when the county's schools have changed since.

    Errors: ImportBatch.DoesNotExist, BatchRefused.
    """
    services.check_again(_held(county=county, batch_id=batch_id), actor=actor)


def reveal(
    *, batch: ImportBatch, place: Place, label: str, mask: str, purpose: str, actor: "_User"
) -> str:
    """What stands in a masked cell, and an entry saying who saw it and why."""
    sheet = batch.sheets[place.sheet]["sheet"]
    audit.record(
        county=batch.county,
        actor=actor,
        action="identity.reveal",
        target=batch,
        after={"shown": label, "mask": mask, "sheet": sheet, "row": place.row},
        purpose=purpose,
    )
    found = standing(batch, place)
    return found.text if found else ""


def is_open(batch: ImportBatch) -> bool:
    """Checked and not yet submitted, with the file at hand to be read once more."""
    return batch.state in _OPEN and bool(batch.sheets) and files.is_kept(batch.stored_as)


# -- parts -------------------------------------------------------------------------------------


def _held(*, county: str, batch_id: int) -> ImportBatch:
    """Held until the end of the transaction: a check that ends waits, or is waited for."""
    batch = ImportBatch.objects.select_for_update(of=("self",)).get(pk=batch_id, county=county)
    if is_open(batch):
        return batch
    why = batch.get_state_display() if batch.state not in _OPEN else "的原文件已过保存期限"
    raise services.BatchRefused(f"这份名册{why}，不能再改正单元格。请改好原文件后重新导入。")


def _head(batch: ImportBatch, place: Place) -> tuple[str, str]:
    """Label and field of the cell's column."""
    if place.sheet < len(batch.sheets):
        for index, label, field in batch.sheets[place.sheet].get("heads", ()):
            if index == place.column and field:
                return label, field
    raise CellRefused("这一列不参加核对，不能在这里改。请改原文件后重新导入。")


def field_of(batch: ImportBatch, place: Place) -> str:
    return _head(batch, place)[1]


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
    targets: list[dict[str, Any]],
    seen: str,
    new: str,
    actor: "_User",
) -> None:
    seal_id = uuid.uuid4()
    both = json.dumps({"seen": seen, "new": new}, ensure_ascii=False)
    correction = RosterCorrection.objects.create(
        county=batch.county,
        batch=batch,
        field=field,
        label=label,
        targets=targets,
        cells=sum(len(target["rows"]) for target in targets),
        seal_id=seal_id,
        sealed=crypto.seal(both, field=RosterCorrection.FIELD, row=seal_id),
        made_by=actor.pk,
        made_by_name=actor.full_name,
    )
    _record(batch, "roster.correct", correction, actor=actor)
    services.check_again(batch, actor=actor)


def _record(
    batch: ImportBatch, action: str, correction: RosterCorrection, *, actor: "_User"
) -> None:
    """Which cells, and never what stands in them: who reads the trail may hold no case data."""
    after: dict[str, Any] = {"column": correction.label, "cells": correction.cells}
    if correction.cells == 1:
        [target] = correction.targets
        [row] = target["rows"]
        after |= {"sheet": batch.sheets[target["sheet"]]["sheet"], "row": row}
    audit.record(county=batch.county, actor=actor, action=action, target=batch, after=after)
