"""Correcting cells of a roster in its preview: kept beside the file, judged by another check.

Nothing of it reaches the children before the roster is submitted.
"""

import json
import re
import uuid
from collections.abc import Iterable
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
MASKED = "这是遮盖后的内容，不是完整的号码。请填完整的号码"
_IS_MASKED = re.compile(r"\w{0,6}\*{3,}\w{0,6}").fullmatch
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


@dataclass(frozen=True, slots=True)
class Change:
    """One cell as it is to be corrected."""

    place: Place
    field: str
    label: str
    seen: str
    new: str


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
            for target, _, new in one.changes():
                standing = Standing(new, one.made_by_name, is_waiting=True)
                for place in places_of(target):
                    self._cells[place] = standing

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
    batch = held(county=county, batch_id=batch_id)
    now = standings(batch, [place]).get(place)
    change = judged(batch, place, text=text, seen=seen, now=now)
    if change:
        keep(batch, [change], actor=actor)
    return change.new if change else clean(text)


def judged(
    batch: ImportBatch, place: Place, *, text: str, seen: str, now: Standing | None
) -> Change | None:
    """The change to keep; none where the cell holds the text already.

    Errors: BatchRefused, CellRefused, ChangedMeanwhile.
    """
    label, field = _head(batch, place)
    text = checked(field, text)
    if now is None:
        raise services.BatchRefused("这一行已经改好，不再退回。请刷新本页查看。")
    if now.text == text:
        return None
    if now.token != seen:
        raise ChangedMeanwhile(field=field, standing=now)
    return Change(place, field, label, now.text, text)


def standings(batch: ImportBatch, places: Iterable[Place]) -> dict[Place, Standing]:
    """Without the cells of rows that are in order by now, if nobody corrected these cells."""
    wanted = set(places)
    rows = {(place.sheet, place.row) for place in wanted}
    marked = RosterMark.objects.filter(batch=batch, row_no__in={row for _, row in rows})
    read = {
        (mark.sheet_no, mark.row_no): mark.cells()
        for mark in marked
        if (mark.sheet_no, mark.row_no) in rows
    }
    found = {
        place: Standing(_at(read[place.sheet, place.row], place.column))
        for place in wanted
        if (place.sheet, place.row) in read
    }
    return found | _corrected(batch, wanted)


def _corrected(batch: ImportBatch, wanted: set[Place]) -> dict[Place, Standing]:
    """The last correction of each cell stands; only those that are asked for are unsealed."""
    rows: dict[tuple[int, int], set[int]] = {}
    for place in wanted:
        rows.setdefault((place.sheet, place.column), set()).add(place.row)
    last: dict[Place, tuple[RosterCorrection, int]] = {}
    for one in RosterCorrection.objects.filter(batch=batch, undone_at=None).order_by("pk"):
        for number, target in enumerate(one.targets):
            asked = rows.get((target["sheet"], target["column"]), set())
            for row in asked.intersection(target["rows"]):
                last[Place(target["sheet"], row, target["column"])] = (one, number)
    texts = {one.pk: one.texts() for one, _ in last.values()}
    return {
        place: Standing(texts[one.pk][number][1], one.made_by_name, not one.is_judged)
        for place, (one, number) in last.items()
    }


def standing(batch: ImportBatch, place: Place) -> Standing | None:
    """None where the row is in order by now and nobody corrected this cell of it."""
    return standings(batch, [place]).get(place)


def places_of(target: dict[str, Any]) -> list[Place]:
    return [Place(target["sheet"], row, target["column"]) for row in target["rows"]]


def _at(texts: list[str], column: int) -> str:
    return texts[column] if column < len(texts) else ""


def correct_all(
    *, county: str, batch_id: int, code: str, field: str, value: str, text: str, actor: "_User"
) -> int:
    """All cells with this fault and this content; `value` is its token. The number of cells.

    Errors: ImportBatch.DoesNotExist, BatchRefused, CellRefused, ChangedMeanwhile.
    """
    batch = held(county=county, batch_id=batch_id)
    text = checked(field, text)
    marks = list(marks_of(batch, code=code, field=field, value=value))
    if code not in SAME_EVERYWHERE or not marks:
        raise services.BatchRefused("这些单元格已经改过。请刷新本页查看。")
    places = [Place(m.sheet_no, m.row_no, m.column) for m in marks if m.column is not None]
    first = places[0]
    seen = marks[0].cells()[first.column]
    now = Waiting(batch).standing(first, seen)
    if now.text == text:
        return len(marks)
    if now.is_waiting:
        raise ChangedMeanwhile(field=field, standing=now)
    label, _ = _head(batch, first)
    keep(batch, [Change(place, field, label, seen, text) for place in places], actor=actor)
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


def take_back(
    *, county: str, batch_id: int, correction_id: int, actor: "_User"
) -> dict[Place, Standing]:
    """What stands in the cells of it now. Of two who take it back, the second changes nothing.

    Errors: ImportBatch.DoesNotExist, RosterCorrection.DoesNotExist, BatchRefused.
    """
    batch = held(county=county, batch_id=batch_id)
    correction = RosterCorrection.objects.get(pk=correction_id, batch=batch)
    if not correction.undone_at:
        correction.undone_at, correction.undone_by_name = timezone.now(), actor.full_name
        correction.save(update_fields=["undone_at", "undone_by_name"])
        _record(batch, "roster.correction_undone", correction, actor=actor)
        services.check_again(batch, actor=actor)
    return standings(batch, [p for target in correction.targets for p in places_of(target)])


def judge_anew(*, county: str, batch_id: int, actor: "_User") -> None:
    """After a check that broke down, or when the county's schools have changed since.

    Errors: ImportBatch.DoesNotExist, BatchRefused.
    """
    services.check_again(held(county=county, batch_id=batch_id), actor=actor)


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


def held(*, county: str, batch_id: int) -> ImportBatch:
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
    if _IS_MASKED(text):
        raise CellRefused(MASKED)
    if field == Field.ID_NUMBER and cells.is_damaged(cells.number(text)):
        raise CellRefused(REMEDIES[Reason.ID_DAMAGED])
    return text


def keep(batch: ImportBatch, changes: list[Change], *, actor: "_User") -> RosterCorrection:
    """One act, however many cells: one entry of the history, taken back as a whole."""
    alike: dict[tuple[int, int, str, str, str], list[int]] = {}
    for one in changes:
        key = (one.place.sheet, one.place.column, one.field, one.seen, one.new)
        alike.setdefault(key, []).append(one.place.row)
    fields = dict.fromkeys(one.field for one in changes)
    labels = dict.fromkeys(one.label for one in changes)
    seal_id = uuid.uuid4()
    texts = json.dumps([key[3:] for key in alike], ensure_ascii=False)
    correction = RosterCorrection.objects.create(
        county=batch.county,
        batch=batch,
        field=next(iter(fields)) if len(fields) == 1 else "",
        label="、".join(labels)[:MAX_TEXT],
        targets=[
            {"sheet": sheet, "column": column, "field": field, "rows": rows}
            for (sheet, column, field, _, _), rows in alike.items()
        ],
        cells=len(changes),
        seal_id=seal_id,
        sealed=crypto.seal(texts, field=RosterCorrection.FIELD, row=seal_id),
        made_by=actor.pk,
        made_by_name=actor.full_name,
    )
    _record(batch, "roster.correct", correction, actor=actor)
    services.check_again(batch, actor=actor)
    return correction


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
