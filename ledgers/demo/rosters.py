"""A school's roster as it was written: what changed, who is new, and the rows that came back."""

import io
from collections.abc import Iterable

from django.db.models import Count
from openpyxl import Workbook
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.properties import PageSetupProperties

from accounts.models import User
from core import idnumber, tenancy
from students.models import Enrolment, Student
from students.rosters import errorbook, receiving, services

NEWCOMERS = ("柳青禾", "夏初晴", "江一帆")
_TITLE, _SHEET = "学生花名册（补报）", "花名册"
_HEADS = ("序号", "姓名", "身份证号", "性别", "学校", "年级", "班级", "就读方式", "备注")
_WIDTHS = (6, 18, 22, 6, 26, 10, 8, 10, 22)
_GRADES = {10: "一二三四五六", 20: "七八九"}
_CHILDREN, _CHANGED = 18, 4
_LINE = Side(style="thin", color="7F8C8D")


def tell_roster(*, county: str, school_year: int) -> None:
    """Handed in, written, its error workbook asked for. Nothing where no school has children."""
    officer = User.objects.filter(username="county").first()
    with tenancy.inside(county):
        seats = _seats(county)
        if not seats:
            return
        school = str(seats[0].school)
        batch = receiving.receive(
            county=county,
            actor=officer,
            school_year=school_year,
            file_name=f"{school}{_TITLE}.xlsx",
            content=_workbook(school, _rows(seats)),
            office=school,
        )
    _write(batch.pk, county=county, office=school, officer=officer)


def _write(batch_id: int, *, county: str, office: str, officer: User | None) -> None:
    receiving.read_columns(county=county, batch_id=batch_id)
    with tenancy.inside(county):
        receiving.confirm_columns(
            county=county, batch_id=batch_id, actor=officer, chosen={}, office=office
        )
    services.check(county=county, batch_id=batch_id)
    with tenancy.inside(county):
        services.submit(county=county, batch_id=batch_id, actor=officer)
    services.commit(county=county, batch_id=batch_id)
    with tenancy.inside(county):
        errorbook.ask(county=county, batch_id=batch_id, actor=officer)


def _seats(county: str) -> list[Enrolment]:
    """Of the school with most children, some whose numbers are known."""
    rows = Enrolment.objects.filter(county=county, valid_to=None, class_group__isnull=False)
    known = rows.filter(
        student__identifiers__kind="id_number",
        student__identifiers__valid_to=None,
        student__merged_into=None,
        student__grade__lt=30,
        attendance_mode__in=[Enrolment.Mode.DAY, Enrolment.Mode.BOARDING],
    )
    largest = known.values("school_id").annotate(size=Count("pk")).order_by("-size", "school_id")
    of_it = known.filter(school_id__in=largest.values("school_id")[:1])
    placed = of_it.select_related("student", "school", "class_group")
    return list(placed.order_by("student_id")[:_CHILDREN])


def _rows(seats: list[Enrolment]) -> list[list[str]]:
    """As clerks hand them in: some facts are new, some rows have to come back."""
    rows = [_row(seat, place) for place, seat in enumerate(seats)]
    for row in rows[:_CHANGED]:
        row[6] = "住校" if row[6] == "走读" else "走读"
    faulty = rows[_CHANGED : _CHANGED + 5]
    for row, spoil in zip(faulty, (_number, _sex, _school, _grade, _damaged), strict=False):
        spoil(row)
    first = rows[0]
    for place, name in enumerate(NEWCOMERS):
        number = _newcomers_number(seats[place % len(seats)].student, place)
        rows.append([name, number, idnumber.sex(number), *first[3:6], "走读", "本学期转入"])
    return rows


def _row(seat: Enrolment, place: int) -> list[str]:
    child = seat.student
    number = child.identifiers.get(kind="id_number", valid_to=None).reveal()
    words = [child.full_name, number, child.sex, str(seat.school), _grade_words(child)]
    group = seat.class_group.number if seat.class_group else "1"
    return [*words, f"{group}班", seat.get_attendance_mode_display(), ""]


def _grade_words(child: Student) -> str:
    stage, year = divmod(child.grade or 11, 10)
    return f"{_GRADES[stage * 10][year - 1]}年级"


def _newcomers_number(mate: Student, place: int) -> str:
    body = f"629900{mate.birth_date:%Y%m%d}96{place + 1}"
    return body + idnumber.check_character(body)


# -- what clerks get wrong ---------------------------------------------------------------------


def _number(row: list[str]) -> None:
    row[1] = row[1][:17] + ("1" if row[1][17] != "1" else "2")


def _sex(row: list[str]) -> None:
    row[2] = "女" if row[2] == "男" else "男"


def _school(row: list[str]) -> None:
    row[3] = "城东新区实验小学"


def _grade(row: list[str]) -> None:
    row[4] = "初四"


def _damaged(row: list[str]) -> None:
    row[1] = f"{row[1][0]}.{row[1][1:6]}E+17"


# -- the file ----------------------------------------------------------------------------------


def _workbook(school: str, rows: Iterable[list[str]]) -> io.BytesIO:
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.title = _SHEET
    sheet.append([f"{school}{_TITLE}"])
    sheet.merge_cells(start_row=1, start_column=1, end_row=1, end_column=len(_HEADS))
    sheet["A1"].font, sheet["A1"].alignment = Font(bold=True, size=16), Alignment("center")
    sheet.append(_HEADS)
    for number, row in enumerate(rows, start=1):
        sheet.append([str(number), *row])
    for number, width in enumerate(_WIDTHS, start=1):
        sheet.column_dimensions[get_column_letter(number)].width = width
    for cell in sheet[2]:
        cell.font, cell.fill = Font(bold=True), PatternFill("solid", fgColor="DDE7F0")
    for line in sheet.iter_rows(min_row=2):
        for cell in line:
            cell.border = Border(left=_LINE, right=_LINE, top=_LINE, bottom=_LINE)
            cell.number_format = "@"
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    file = io.BytesIO()
    book.save(file)
    file.seek(0)
    return file
