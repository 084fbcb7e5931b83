"""Every way a file can be refused, and that nothing is unpacked on the way."""

import json
import struct
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.sheets import gate
from core.sheets.gate import FileRefused, Kind, Refusal, inspect

WORKBOOKS = Path(__file__).resolve().parents[1] / "fixtures" / "workbooks"
EXPECTED = json.loads((WORKBOOKS / "expected.json").read_text())
TYPES = "<Types><Override PartName='/xl/workbook.xml' ContentType='{}'/></Types>"
PLAIN = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"


def refusal_of(path):
    try:
        inspect(path)
    except FileRefused as refused:
        return refused.code
    return None


def workbook(path, parts=(), *, book="<workbook/>", types=PLAIN, compression=zipfile.ZIP_DEFLATED):
    with zipfile.ZipFile(path, "w", compression) as archive:
        archive.writestr("[Content_Types].xml", TYPES.format(types))
        archive.writestr("xl/workbook.xml", book)
        for name, content in dict(parts).items():
            archive.writestr(name, content)
    return path


@pytest.fixture
def path(tmp_path):
    return tmp_path / "file"


@pytest.mark.parametrize("entry", EXPECTED["files"], ids=lambda entry: entry["file"][:2])
def test_fixtures_are_told_apart_by_content(entry):
    of_the_gate = set(Refusal) - {Refusal.NO_HEADER, Refusal.EMPTY}
    path = WORKBOOKS / entry["file"]
    if entry["refused"] in of_the_gate or path.stat().st_size == 0:
        assert refusal_of(path) == entry["refused"]
    else:
        assert inspect(path).kind == entry["kind"]


@pytest.mark.parametrize("code", Refusal)
def test_every_refusal_says_what_to_do(code):
    assert "重新导入" in str(FileRefused(code))


@pytest.mark.parametrize(
    "content",
    [
        b"%PDF-1.7 plain enough",
        b"{\\rtf1 text}",
        b"MIME-Version: 1.0\nContent-Type: multipart/related\n<table>",
        b"name,\x00number",
        "姓名,性别".encode("utf-16"),
        b"\x89PNG\r\n\x1a\n" + bytes(range(256)),
        b"<?xml version='1.0'?><Workbook/>",
        b"PK\x03\x04 and then nothing of a zip",
    ],
)
def test_other_formats_are_no_spreadsheets(path, content):
    path.write_bytes(content)

    assert refusal_of(path) is Refusal.NOT_A_SPREADSHEET


@given(st.binary(min_size=1, max_size=600))
def test_any_bytes_are_passed_or_refused_with_a_code(tmp_path_factory, content):
    path = tmp_path_factory.getbasetemp() / "any-bytes"
    for head in (b"", b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"<table>"):
        path.write_bytes(head + content)
        assert refusal_of(path) in {None, *Refusal}


def test_a_zip_without_a_workbook_is_no_spreadsheet(path):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("word/document.xml", "<document/>")

    assert refusal_of(path) is Refusal.NOT_A_SPREADSHEET


def test_the_name_of_a_file_decides_nothing(tmp_path):
    assert inspect(workbook(tmp_path / "photo.jpg")).kind is Kind.XLSX


def test_a_directory_that_hides_the_size_does_not_help_a_bomb(path, monkeypatch):
    monkeypatch.setattr(gate, "MAX_SHEET", 100_000)
    workbook(path, {"xl/worksheets/sheet1.xml": b"0" * 1_000_000})
    content = path.read_bytes()
    declared = struct.pack("<L", 1_000_000)
    assert content.count(declared) == 2
    path.write_bytes(content.replace(declared, struct.pack("<L", 1_000)))

    assert refusal_of(path) is Refusal.TOO_LARGE_UNPACKED


def test_many_small_parts_add_up(path, monkeypatch):
    monkeypatch.setattr(gate, "MAX_UNPACKED", 100_000)
    workbook(path, {f"xl/media/{number}.bin": b"0" * 20_000 for number in range(10)})

    assert refusal_of(path) is Refusal.TOO_LARGE_UNPACKED


def test_an_encrypted_part_is_encryption(path):
    workbook(path)
    content = bytearray(path.read_bytes())
    directory = content.rindex(b"PK\x01\x02")
    content[directory + 8] |= 1
    path.write_bytes(content)

    assert refusal_of(path) is Refusal.ENCRYPTED


@pytest.mark.parametrize(
    "changes",
    [
        {"types": "application/vnd.ms-excel.sheet.macroEnabled.main+xml"},
        {"parts": {"xl/vbaProject.bin": b"x"}},
        {"parts": {"XL/VBAPROJECT.BIN": b"x"}},
    ],
)
def test_macros(path, changes):
    assert refusal_of(workbook(path, **changes)) is Refusal.MACRO


def test_external_links_but_not_hyperlinks(tmp_path):
    linked = workbook(tmp_path / "a", {"xl/externalLinks/externalLink1.xml": "<x/>"})
    hyper = workbook(tmp_path / "b", {"xl/worksheets/_rels/sheet1.xml.rels": "<Relationships/>"})

    assert refusal_of(linked) is Refusal.EXTERNAL_LINK
    assert refusal_of(hyper) is None


def test_the_first_reason_of_the_order_counts(path, monkeypatch):
    monkeypatch.setattr(gate, "MAX_UNPACKED", 1_000)
    parts = {"xl/vbaProject.bin": b"x" * 2_000, "xl/externalLinks/externalLink1.xml": "<x/>"}

    assert refusal_of(workbook(path, parts)) is Refusal.TOO_LARGE_UNPACKED


@pytest.mark.parametrize("value, is_1904", [("1", True), ("true", True), ("0", False)])
def test_the_date_system_is_read(path, value, is_1904):
    workbook(path, book=f'<workbook><workbookPr date1904="{value}"/></workbook>')

    assert inspect(path).date1904 is is_1904


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_text_is_known_by_decoding_all_of_it(path, encoding):
    path.write_bytes(("姓名,性别\n" * 100_000 + "欧阳𤧛,女\n").encode(encoding))

    passed = inspect(path)

    assert passed.kind is Kind.CSV
    with open(path, encoding=passed.encoding) as file:
        assert file.readline() == "姓名,性别\n"
