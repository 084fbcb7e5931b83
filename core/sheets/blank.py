"""Empty forms for people to fill in: drop-downs, a note at each head, text columns, locked heads.

Small files, so openpyxl: the bulk writer beside this one knows no protection.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import IO

from openpyxl import Workbook
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Border, Font, PatternFill, Protection, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

LISTS, GUIDANCE = "选项", "填写说明"
_LAST_ROW = 100_001
_TEXT = "@"
_LINE = Side(style="thin", color="9AA5B1")
_BORDER = Border(left=_LINE, right=_LINE, top=_LINE, bottom=_LINE)
_HEAD = PatternFill("solid", fgColor="E8EEF4")
_REQUIRED = PatternFill("solid", fgColor="FCE8D5")
# What Excel allows in a prompt's title and text.
_MAX_TITLE, _MAX_PROMPT = 32, 255


@dataclass(frozen=True, slots=True)
class BlankColumn:
    """`choices` are what may be written, each with what it means, if that is not plain."""

    title: str
    note: str = ""
    choices: Sequence[tuple[str, str]] = ()
    is_required: bool = False
    example: str = ""


@dataclass(frozen=True, slots=True)
class BlankForm:
    name: str
    title: str
    columns: Sequence[BlankColumn]
    guidance: Sequence[str] = ()
    shows_lists: bool = False


def write(target: IO[bytes], form: BlankForm) -> None:
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.title = form.name
    lists = book.create_sheet(LISTS)
    for number, column in enumerate(form.columns, start=1):
        _head(sheet, number, column)
        _dress(sheet, number, column)
        _limit(sheet, number, column, formula=_listed(lists, column))
    sheet.row_dimensions[1].height = 32
    sheet.freeze_panes = "A2"
    _lock_heads(sheet)
    if not form.shows_lists:
        lists.sheet_state = "hidden"
    _guide(book.create_sheet(GUIDANCE), form)
    book.save(target)


def _head(sheet: Worksheet, number: int, column: BlankColumn) -> None:
    cell = sheet.cell(1, number, column.title)
    cell.font, cell.border = Font(bold=True), _BORDER
    cell.fill = _REQUIRED if column.is_required else _HEAD
    cell.alignment = Alignment(horizontal="center", vertical="center", wrap_text=True)
    cell.number_format, cell.protection = _TEXT, Protection(locked=True)
    if said := _advice(column):
        cell.comment = Comment(said, "填写说明", height=90, width=260)


def _advice(column: BlankColumn) -> str:
    parts = ["必填。" if column.is_required else "", column.note]
    return "".join(part for part in parts if part)


def _dress(sheet: Worksheet, number: int, column: BlankColumn) -> None:
    """The whole column, so that rows nobody has written yet are text and unlocked too."""
    dimension = sheet.column_dimensions[get_column_letter(number)]
    longest = max((len(value) for value, _ in column.choices), default=0)
    dimension.width = min(max(2 * len(column.title) + 2, 2 * longest, 10), 36)
    dimension.number_format = _TEXT
    dimension.protection = Protection(locked=False)


def _listed(lists: Worksheet, column: BlankColumn) -> str:
    """The choices as a column of the second sheet, their meanings beside: as a formula's range.

    Inside the rule itself Excel takes no more than 255 characters.
    """
    if not column.choices:
        return ""
    at = lists.max_column + 1 if lists["A1"].value else 1
    pairs = any(meaning for _, meaning in column.choices)
    lists.cell(1, at, column.title).font = Font(bold=True)
    for row, (value, meaning) in enumerate(column.choices, start=2):
        lists.cell(row, at, value).number_format = _TEXT
        if pairs:
            lists.cell(row, at + 1, meaning or None)
    if pairs:
        lists.cell(1, at + 1, "含义").font = Font(bold=True)
        lists.column_dimensions[get_column_letter(at + 1)].width = 20
    letter = get_column_letter(at)
    return f"'{LISTS}'!${letter}$2:${letter}${len(column.choices) + 1}"


def _limit(sheet: Worksheet, number: int, column: BlankColumn, *, formula: str) -> None:
    if not formula and not column.note:
        return
    rule = DataValidation(type="list" if formula else None, formula1=formula or None)
    rule.allow_blank, rule.errorStyle = True, "stop"
    rule.errorTitle = column.title[:_MAX_TITLE]
    rule.error = f"“{column.title}”请从下拉列表中选择。"
    rule.showErrorMessage = bool(formula)
    rule.promptTitle, rule.prompt = column.title[:_MAX_TITLE], _advice(column)[:_MAX_PROMPT]
    rule.showInputMessage = bool(_advice(column))
    letter = get_column_letter(number)
    rule.add(f"{letter}2:{letter}{_LAST_ROW}")
    sheet.add_data_validation(rule)


def _lock_heads(sheet: Worksheet) -> None:
    """Without a password: it keeps a hand from slipping, not a person from changing the form."""
    lock = sheet.protection
    lock.sheet = True
    for allowed in (
        *("formatCells", "formatColumns", "formatRows", "insertRows", "deleteRows"),
        *("sort", "autoFilter", "selectLockedCells", "selectUnlockedCells"),
    ):
        setattr(lock, allowed, False)


def _guide(sheet: Worksheet, form: BlankForm) -> None:
    sheet.append([form.title])
    sheet["A1"].font = Font(bold=True, size=14)
    for line in form.guidance:
        sheet.append([line])
    sheet.append([])
    sheet.append(["栏目", "要求", "填法", "举例"])
    for cell in sheet[sheet.max_row]:
        cell.font, cell.fill, cell.border = Font(bold=True), _HEAD, _BORDER
    for column in form.columns:
        sheet.append([column.title, _demand(column), _way(column), column.example])
    for letter, width in (("A", 24), ("B", 10), ("C", 72), ("D", 24)):
        sheet.column_dimensions[letter].width = width


def _demand(column: BlankColumn) -> str:
    return "必填" if column.is_required else "选填"


def _way(column: BlankColumn) -> str:
    """The note, and a short list in full."""
    told = [f"{value} {meaning}".strip() for value, meaning in column.choices]
    listed = "，".join(told) if len(told) <= 12 else "从下拉列表中选择"
    return " ".join(part for part in (column.note, listed) if part)
