"""The step 对应列: the heads of a file with a proposal each, and what a person made of them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from core import idnumber
from core.sheets import gate, reader
from core.sheets.gate import FileRefused, Refusal
from students.models import ImportBatch, SheetColumns
from students.rosters import fields, guessing, profiles
from students.rosters.header import Column, Header, Meaning, field_of, find_header, header_at
from students.rosters.labels import RUNNING_NUMBER, Field
from students.rosters.profiles import Layout, Memory
from students.rosters.reading import HeaderOf, by_contract
from students.rosters.reasons import RETURNED
from students.rosters.rows import RowKind, RowSorter, with_merged

Row = list[str]
# Enough to find the header and some children below it.
_TOP = 200
_SAMPLED_ROWS, _SAMPLES, _LONGEST = 40, 3, 16

# Why a field stands at a column.
KNOWN, OFFICE, LAYOUT, SIMILAR, NOTHING = "known", "office", "layout", "similar", ""
CHOSEN = "chosen"
# What these columns hold tells nothing about a person by itself.
_OPEN = {
    *(Field.SEX, Field.ETHNICITY, Field.ID_TYPE, Field.SCHOOL_CODE, Field.SCHOOL, Field.STAGE),
    *(Field.SCHOOL_TOWNSHIP, Field.GRADE, Field.CLASS, Field.GRADE_AND_CLASS, Field.BOARDING),
    *(Field.BOARDING_MODE, Field.CATEGORY, Field.CATEGORY_LIST, Field.NO_NUMBER),
}


@dataclass(slots=True)
class SheetHeads:
    """The header of one sheet and the first values below it."""

    name: str
    header: Header
    layout: Layout | None
    values: list[list[str]] = field(default_factory=list)  # by column of the header
    is_empty: bool = True


# -- reading -----------------------------------------------------------------------------------


def read_heads(path: Path, *, memory: Memory, layouts: list[Layout]) -> list[SheetHeads]:
    """The sheets with a header, each with its proposal. Nothing: the file has no header.

    Errors: FileRefused, OSError.
    """
    found: list[SheetHeads] = []
    with reader.sheets(gate.inspect(path), most=_TOP) as sheets:
        for sheet in sheets:
            rows = dict(sheet.rows())
            header = propose(rows, sheet.merged, memory=memory)
            if header is not None:
                layout = profiles.layout_of((c.label for c in header.columns), layouts)
                heads = SheetHeads(sheet.name, _by_layout(header, layout, memory), layout)
                _look_below(heads, rows, sheet.merged)
                found.append(heads)
    if found and all(heads.is_empty for heads in found):
        raise FileRefused(Refusal.EMPTY)
    return found


def propose(rows: dict[int, Row], merged: list[reader.Merged], *, memory: Memory) -> Header | None:
    """The office's own words first, then the contract's, then heads that are near to these."""
    remembered = partial(_meaning, memory)
    guess = partial(_guess, memory)
    attempts: list[tuple[Meaning, Meaning]] = [
        (remembered, guess),
        (lambda label: remembered(label) or guess(label), guess),
        # What the office once said of its name column may not hold for this file.
        (field_of, guessing.similar),
    ]
    for meaning, further in attempts:
        header = find_header(rows, merged, meaning=meaning, guess=further)
        if header:
            return header.with_meanings(memory) if meaning is not field_of else header
    return None


def _meaning(memory: Memory, label: str) -> tuple[Field, str] | None:
    if label not in memory:
        return field_of(label)
    said, category = memory[label]
    return (said, category) if said else None


def _guess(memory: Memory, label: str) -> tuple[Field, str] | None:
    return None if label in memory else guessing.similar(label)


def _by_layout(header: Header, layout: Layout | None, memory: Memory) -> Header:
    return header.with_meanings(layout.meanings | memory) if layout else header


def _look_below(heads: SheetHeads, rows: dict[int, Row], merged: list[reader.Merged]) -> None:
    header = heads.header
    sorter = RowSorter(header)
    heads.values = [[] for _ in header.columns]
    heads.is_empty = len(rows) < _TOP
    for row in islice(_data_rows(sorter, header, rows, merged), _SAMPLED_ROWS):
        heads.is_empty = False
        for column, values in zip(header.columns, heads.values, strict=True):
            if column.index < len(row) and row[column.index]:
                values.append(row[column.index])


def _data_rows(
    sorter: RowSorter, header: Header, rows: dict[int, Row], merged: list[reader.Merged]
) -> Iterator[Row]:
    for number, row in with_merged(rows.items(), merged):
        if number > header.last_row and sorter.kind(row) is RowKind.DATA:
            yield row


# -- keeping -----------------------------------------------------------------------------------


def keep(batch: ImportBatch, found: list[SheetHeads], *, memory: Memory) -> None:
    SheetColumns.objects.filter(batch=batch).delete()
    SheetColumns.objects.bulk_create(
        SheetColumns(
            county=batch.county,
            batch=batch,
            position=position,
            name=heads.name[:200],
            first_row=heads.header.first_row,
            last_row=heads.header.last_row,
            columns=_columns(heads, memory),
        )
        for position, heads in enumerate(found)
    )


def _columns(heads: SheetHeads, memory: Memory) -> list[dict[str, Any]]:
    told = zip(heads.header.columns, heads.values, strict=True)
    return [_column(column, values, heads.layout, memory) for column, values in told]


def _column(
    column: Column, values: list[str], layout: Layout | None, memory: Memory
) -> dict[str, Any]:
    code = fields.code_of(column.field, column.category)
    return {
        "index": column.index,
        "label": column.label,
        "field": code,
        "why": _why(column, layout, memory),
        "unlike": guessing.looks_unlike(code, values),
        "samples": [masked(text, column.field) for text in list(dict.fromkeys(values))[:_SAMPLES]],
    }


def _why(column: Column, layout: Layout | None, memory: Memory) -> str:
    if memory.get(column.label) == (column.field, column.category):
        return OFFICE
    if layout and column.label in layout.meanings:
        return LAYOUT
    known = field_of(column.label.rstrip("0123456789"))
    if column.label in (RUNNING_NUMBER, RETURNED) or known == (column.field, column.category):
        return KNOWN
    return SIMILAR if column.field else NOTHING


def masked(text: str, of: Field | None) -> str:
    """A sample shows what a column holds, not whom it is about."""
    short = text[:_LONGEST]
    if of in _OPEN or len(text) == 1:
        return short
    if of in (Field.ID_NUMBER, Field.STUDENT_NO):
        return idnumber.mask(text[:24])
    if of is Field.BIRTH_DATE:
        return short[:4] + "".join("*" if sign.isdecimal() else sign for sign in short[4:])
    return short[0] + "*" * min(len(text) - 1, 5)


def confirmed(
    sheets: list[SheetColumns], *, chosen: Mapping[tuple[int, str], str]
) -> dict[str, tuple[str, str]]:
    """Put the choices, by sheet and label, into the sheets; what was proposed and chosen before.

    Errors: fields.UnknownField.
    """
    changed: dict[str, tuple[str, str]] = {}
    for sheet in sheets:
        for column in sheet.columns:
            code = chosen.get((sheet.position, column["label"]), column["field"])
            fields.meaning_of(code)
            if code != column["field"]:
                changed[column["label"]] = (column["field"], code)
                column |= {"field": code, "why": CHOSEN, "unlike": False}
    return changed


def to_remember(sheets: list[SheetColumns]) -> dict[str, str]:
    """By label, what the contract alone would not have known of these files."""
    found: dict[str, str] = {}
    for sheet in (sheet for sheet in sheets if not sheet.is_left_out):
        for column in sheet.columns:
            label, code = column["label"], column["field"]
            known = field_of(label.rstrip("0123456789"))
            by_contract_alone = fields.code_of(*known) if known else fields.EXTRA
            if code != by_contract_alone or column["why"] in (SIMILAR, OFFICE, CHOSEN):
                found[label] = code
    return found


def nameless(sheets: list[SheetColumns]) -> list[str]:
    """Sheets in which no column is the name: without one there is nobody to check."""
    name = str(Field.NAME)
    return [
        sheet.name
        for sheet in sheets
        if not sheet.is_left_out and all(column["field"] != name for column in sheet.columns)
    ]


# -- using -------------------------------------------------------------------------------------


def header_of(batch: ImportBatch) -> HeaderOf:
    """How the check finds the headers of this batch: as agreed, else by office and contract."""
    agreed = {sheet.name: sheet for sheet in SheetColumns.objects.filter(batch=batch)}
    if agreed:
        return partial(_as_agreed, agreed)
    memory = profiles.memory(county=batch.county, office=batch.office)
    return partial(_by_profile, memory) if memory else by_contract


def _as_agreed(
    agreed: dict[str, SheetColumns],
    sheet: str,
    rows: dict[int, Row],
    merged: list[reader.Merged],
) -> Header | None:
    kept = agreed.get(sheet[:200])
    if kept is None or kept.is_left_out:
        return None
    columns = [
        Column(column["index"], column["label"], *fields.meaning_of(column["field"]))
        for column in kept.columns
    ]
    return header_at(
        rows, merged, first_row=kept.first_row, last_row=kept.last_row, columns=columns
    )


def _by_profile(
    memory: Memory, _sheet: str, rows: dict[int, Row], merged: list[reader.Merged]
) -> Header | None:
    header = find_header(rows, merged, meaning=partial(_meaning, memory))
    return header.with_meanings(memory) if header else find_header(rows, merged)
