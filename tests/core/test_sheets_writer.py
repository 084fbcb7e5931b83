import io
import tracemalloc

import openpyxl
import pytest

from core.sheets.writer import Column, Layout, write

COLUMNS = (
    Column("序号", width=6, is_number=True),
    Column("姓名", width=10, group="学生"),
    Column("身份证号", width=20, group="学生"),
    Column("姓名", width=10, group="监护人"),
    Column("电话", width=14, group="监护人"),
    Column("次数", width=6, is_number=True),
)
LAYOUT = Layout(
    name="台账",
    title="凉州区辍学学生台账",
    subtitle="2026年11月",
    columns=COLUMNS,
    signature="填表人：　　审核人：",
    frozen_columns=2,
)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "out.xlsx"


def sheet_of(path):
    return openpyxl.load_workbook(path).active


def values(sheet, row):
    return [cell.value for cell in sheet[row]]


def test_title_groups_header_rows_and_signature(path):
    rows = [
        (1, "张三", "629900201308310018", "张一", "14000000000", None),
        (2, "李四", "", None, "", 3),
    ]

    assert write(path, LAYOUT, rows) == 2
    sheet = sheet_of(path)
    assert values(sheet, 1)[0] == "凉州区辍学学生台账"
    assert values(sheet, 2)[0] == "2026年11月"
    assert values(sheet, 3) == [None, "学生", None, "监护人", None, None]
    assert [text.strip() for text in values(sheet, 4)] == [column.title for column in COLUMNS]
    assert values(sheet, 5) == [1, "张三", "629900201308310018", "张一", "14000000000", None]
    assert values(sheet, 6) == [2, "李四", None, None, None, 3]
    assert values(sheet, 7)[1] == "填表人：　　审核人："
    merged = {str(area) for area in sheet.merged_cells.ranges}
    assert merged == {"A1:F1", "A2:F2", "B3:C3", "D3:E3"}
    assert sheet.freeze_panes == "C5"
    assert sheet.column_dimensions["C"].width == pytest.approx(20, abs=1)


@pytest.mark.parametrize("text", ["=1+1", "+86", "-5", "@x", "00012", "2026-09-01", "1E5"])
def test_text_stays_text(path, text):
    write(path, LAYOUT, [(1, text, text, text, text, 0)])

    cell = sheet_of(path)["B5"]
    assert (cell.value, cell.data_type, cell.number_format) == (text, "s", "@")


def test_no_rows_is_a_report_too(path):
    plain = Layout(name="表", title="题", columns=COLUMNS)

    assert write(path, plain, []) == 0
    assert values(sheet_of(path), 3)[0] == "序号"


def test_a_row_of_another_length_is_a_fault(path):
    with pytest.raises(ValueError, match="zip"):
        write(path, LAYOUT, [(1, "张三")])


def test_a_stream_can_be_written_to():
    target = io.BytesIO()

    write(target, LAYOUT, [(1, "张三", "", "", "", 1)])
    assert values(openpyxl.load_workbook(target).active, 5)[1] == "张三"


def test_rows_are_not_gathered(path):
    def peak(count):
        tracemalloc.start()
        write(path, LAYOUT, ((n, "张三", "6299", "", "", n) for n in range(count)))
        size = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return size

    peak(10)
    assert peak(20_000) < peak(200) + 100_000
