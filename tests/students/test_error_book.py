"""The error workbook: the user's own file with marks, and nothing else changed (U032)."""

import json
from pathlib import Path

import pytest

from core.sheets import gate, reader
from students.rosters import errorbook, files
from students.rosters.labels import Field
from students.rosters.reading import open_roster
from students.rosters.reasons import FIELDS_AT_FAULT, RETURNED
from students.rosters.schools import KnownSchool, SchoolFinder
from students.rosters.verdict import Rejected, Setting

WORKBOOKS = Path(__file__).resolve().parents[1] / "fixtures" / "workbooks"
EXPECTED = json.loads((WORKBOOKS / "expected.json").read_text())
GOOD = [entry["file"] for entry in EXPECTED["files"] if not entry["refused"]]


@pytest.fixture(scope="module")
def setting():
    with reader.sheets(gate.inspect(WORKBOOKS / "schools.xlsx")) as sheets:
        [rows] = [list(sheet.rows()) for sheet in sheets]
    stages = {"小学": "primary", "初中": "junior", "中职": "vocational", "特殊教育": "special"}
    schools = [
        KnownSchool(
            id=number,
            code=row[0],
            name=row[1],
            stages=tuple(stages[stage] for stage in row[3].split("、")),
            township=row[4],
        )
        for number, row in rows[1:]
    ]
    return Setting(SchoolFinder(schools, places=["甘肃省", "武威市", "凉州区"]), school_year=2026)


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


def read(path, setting):
    """Sheets and rejected rows, and what every data row holds."""
    rejected, rows = [], []
    with open_roster(path, setting=setting) as roster:
        for judged in roster.rows():
            rows.append((judged.sheet, judged.row, judged.values))
            if isinstance(judged.verdict, Rejected):
                header = roster.sheets[judged.sheet].header
                rejected.append(
                    (judged.sheet, judged.row, judged.verdict.reason, _column(header, judged))
                )
    sheets = [
        {
            "sheet": sheet.name,
            "header_rows": list(sheet.header_rows),
            "data_rows": sheet.data_rows,
            "other_rows": sheet.other_rows,
            "heads": [[c.index, c.label, c.field or ""] for c in sheet.header.columns],
        }
        for sheet in roster.sheets
    ]
    return sheets, rejected, rows


def _column(header, judged):
    fields = FIELDS_AT_FAULT[judged.verdict.reason] or (Field.NAME, Field.ID_NUMBER)
    columns = [c.index for field in fields if (c := header.first(field))]
    filled = [index for index in columns if index < len(judged.values) and judged.values[index]]
    return next(iter(filled or columns), None)


def build(path, tmp_path, found, *, number=7, old=""):
    sheets, rejected, _ = found
    name = errorbook.write(path, errorbook.order_by(sheets, rejected, number=number, old=old))
    target = tmp_path / "订正表.xlsx"
    target.write_bytes(b"".join(files.pieces(name)))
    return target


def without_reasons(found):
    """What a reading says but for the added column."""
    sheets, rejected, rows = found
    added = [{c[0] for c in sheet["heads"] if c[1] == RETURNED} for sheet in sheets]
    bare = [sheet | {"heads": [c for c in sheet["heads"] if c[1] != RETURNED]} for sheet in sheets]
    cells = [
        (n, row, {i: v for i, v in enumerate(values) if v and i not in added[n]})
        for n, row, values in rows
    ]
    return bare, rejected, cells


@pytest.mark.parametrize("file", GOOD, ids=lambda file: file[:2])
def test_u032_read_again_it_is_the_same_file(file, setting, tmp_path):
    found = read(WORKBOOKS / file, setting)

    again = read(build(WORKBOOKS / file, tmp_path, found), setting)

    assert without_reasons(again) == without_reasons(found)
