"""The gate: what kind of file this is, by its content, and whether it may be opened at all.

Nothing is unpacked to memory or disk here. Refusals are found in a fixed order, the first one
counts; `empty` and `no_header` are found later, by who reads the sheets.
"""

import codecs
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import IO

import olefile

MB = 1024 * 1024
MAX_UNPACKED = 200 * MB
MAX_SHEET = 100 * MB
# A table of tags grows twenty-fold in memory, a text file hardly at all.
MAX_HTML = 20 * MB
MAX_TEXT = 200 * MB
MAX_XLS = 100 * MB

_CHUNK = 256 * 1024
# The two small parts that are looked into; real ones have a few KB.
_MAX_PART = 4 * MB
# Text has tabs and line ends; a NUL or another control byte is some other format.
_NOT_TEXT = re.compile(rb"[\x00-\x08\x0e-\x19\x1c-\x1f]")
_OTHER_TEXT_FORMATS = ("mime-version:", "{\\rtf", "%pdf", "%!ps")


class Kind(StrEnum):
    XLSX = "xlsx"
    XLS = "xls"
    CSV = "csv"
    HTML = "html"


class Refusal(StrEnum):
    NOT_A_SPREADSHEET = "not_a_spreadsheet"
    ENCRYPTED = "encrypted"
    TOO_LARGE_UNPACKED = "too_large_unpacked"
    MACRO = "macro"
    EXTERNAL_LINK = "external_link"
    EMPTY = "empty"
    NO_HEADER = "no_header"


REMEDIES = {
    Refusal.NOT_A_SPREADSHEET: "这个文件不是电子表格。请在 Excel 或 WPS 中打开原表，"
    "另存为“Excel 工作簿（.xlsx）”后重新导入；从系统导出的表请确认登录未超时。",
    Refusal.ENCRYPTED: "这个文件设有打开密码，无法读取。"
    "请在 Excel 或 WPS 中取消密码，保存后重新导入。",
    Refusal.TOO_LARGE_UNPACKED: "这个文件展开后过大，为保护系统未予打开。"
    "请删去图片和多余的空行空列，或按学校分成几个文件后重新导入。",
    Refusal.MACRO: "这个文件带有宏，为安全起见未予打开。"
    "请另存为不带宏的“Excel 工作簿（.xlsx）”后重新导入。",
    Refusal.EXTERNAL_LINK: "这个文件引用了别的工作簿，其中的数值可能已经过期。"
    "请在 Excel 或 WPS 中断开链接（“数据—编辑链接—断开链接”）并保存，再重新导入。",
    Refusal.EMPTY: "这个文件里没有学生数据。请核对选的是不是填好的那一份，再重新导入。",
    Refusal.NO_HEADER: "没有找到表头。表头须有“姓名”，并至少有“身份证号”“学籍号”“性别”"
    "等另外两栏；请补上表头后重新导入。",
}


class FileRefused(Exception):
    """The file is not read. Its text names the remedy and may be shown to a person."""

    def __init__(self, code: Refusal) -> None:
        super().__init__(REMEDIES[code])
        self.code = code


@dataclass(frozen=True, slots=True)
class Passed:
    """A file that may be opened, with what its reader has to know."""

    path: Path
    kind: Kind
    date1904: bool = False
    encoding: str = ""


def inspect(path: Path) -> Passed:
    """Errors: FileRefused, OSError."""
    with path.open("rb") as file:
        head = file.read(8)
        file.seek(0)
        if not head:
            raise FileRefused(Refusal.EMPTY)
        if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
            return _inspect_zip(path, file)
        if head == olefile.MAGIC:
            return _inspect_ole(path)
        return _inspect_text(path, file)


# -- zip ---------------------------------------------------------------------------------------


def _inspect_zip(path: Path, file: IO[bytes]) -> Passed:
    try:
        with zipfile.ZipFile(file) as archive:
            return _inspect_workbook(path, archive, file)
    except (zipfile.BadZipFile, zlib.error, struct.error, NotImplementedError, EOFError):
        raise FileRefused(Refusal.NOT_A_SPREADSHEET) from None


def _inspect_workbook(path: Path, archive: zipfile.ZipFile, file: IO[bytes]) -> Passed:
    parts = archive.infolist()
    names = {part.filename.lower().replace("\\", "/").lstrip("/") for part in parts}
    if "[content_types].xml" not in names or "xl/workbook.xml" not in names:
        raise FileRefused(Refusal.NOT_A_SPREADSHEET)
    if any(part.flag_bits & 0x1 for part in parts):
        raise FileRefused(Refusal.ENCRYPTED)
    if not _sizes_allowed(_declared_sizes(parts)) or not _sizes_allowed(_real_sizes(parts, file)):
        raise FileRefused(Refusal.TOO_LARGE_UNPACKED)
    types = _part(archive, "[content_types].xml")
    if any(name.endswith("vbaproject.bin") for name in names) or b"macroenabled" in types:
        raise FileRefused(Refusal.MACRO)
    if any(name.startswith("xl/externallinks/") for name in names):
        raise FileRefused(Refusal.EXTERNAL_LINK)
    book = _part(archive, "xl/workbook.xml")
    date1904 = re.search(rb"<[^<>]*workbookpr\b[^>]*\bdate1904\s*=\s*[\"'](1|true|on)[\"']", book)
    return Passed(path, Kind.XLSX, date1904=bool(date1904))


def _part(archive: zipfile.ZipFile, name: str) -> bytes:
    found = [part for part in archive.infolist() if part.filename.lower() == name]
    if not found:
        return b""
    with archive.open(found[-1]) as part:
        return part.read(_MAX_PART).lower()


def _declared_sizes(parts: list[zipfile.ZipInfo]) -> Iterator[tuple[str, int]]:
    for part in parts:
        yield part.filename, part.file_size


def _sizes_allowed(sizes: Iterator[tuple[str, int]]) -> bool:
    """Stops at the first size too many, so a bomb is never unpacked further than the limit."""
    total, by_sheet = 0, 0
    sheet = ""
    for name, size in sizes:
        total += size
        by_sheet = by_sheet + size if name == sheet else size
        sheet = name
        is_sheet = name.lower().lstrip("/").startswith("xl/worksheets/")
        if total > MAX_UNPACKED or (is_sheet and by_sheet > MAX_SHEET):
            return False
    return True


def _real_sizes(parts: list[zipfile.ZipInfo], file: IO[bytes]) -> Iterator[tuple[str, int]]:
    """What the parts really unpack to, chunk by chunk: the directory of a bomb may lie."""
    for part in parts:
        yield from ((part.filename, size) for size in _unpacked_chunks(part, file))


def _unpacked_chunks(part: zipfile.ZipInfo, file: IO[bytes]) -> Iterator[int]:
    file.seek(part.header_offset)
    local = file.read(30)
    name_length, extra_length = struct.unpack("<HH", local[26:30])
    file.seek(name_length + extra_length, 1)
    left = part.compress_size
    if part.compress_type == zipfile.ZIP_STORED:
        yield left
        return
    if part.compress_type != zipfile.ZIP_DEFLATED:
        raise NotImplementedError("compression")
    inflate = zlib.decompressobj(-15)
    while left > 0 and not inflate.eof:
        packed = file.read(min(_CHUNK, left))
        if not packed:
            raise EOFError
        left -= len(packed)
        while packed:
            yield len(inflate.decompress(packed, 16 * _CHUNK))
            packed = inflate.unconsumed_tail


# -- ole ---------------------------------------------------------------------------------------

_EOF, _FILEPASS, _DATEMODE = 0x0A, 0x2F, 0x22


def _inspect_ole(path: Path) -> Passed:
    try:
        with olefile.OleFileIO(path) as ole:
            return _inspect_streams(path, ole)
    except (OSError, IndexError, struct.error, ValueError):
        raise FileRefused(Refusal.NOT_A_SPREADSHEET) from None


def _inspect_streams(path: Path, ole: olefile.OleFileIO) -> Passed:
    if ole.exists("EncryptedPackage"):
        raise FileRefused(Refusal.ENCRYPTED)
    if not ole.exists("Workbook"):
        # Word files, and BIFF5 of 1995, whose stream is called Book.
        raise FileRefused(Refusal.NOT_A_SPREADSHEET)
    records = dict(_globals(ole.openstream("Workbook")))
    if _FILEPASS in records:
        raise FileRefused(Refusal.ENCRYPTED)
    if path.stat().st_size > MAX_XLS:
        raise FileRefused(Refusal.TOO_LARGE_UNPACKED)
    if any(part[0].upper() in ("_VBA_PROJECT_CUR", "VBA") for part in ole.listdir(storages=True)):
        raise FileRefused(Refusal.MACRO)
    return Passed(path, Kind.XLS, date1904=records.get(_DATEMODE, b"")[:1] == b"\x01")


def _globals(stream: IO[bytes]) -> Iterator[tuple[int, bytes]]:
    """The records of the workbook's own part, up to its end."""
    while len(head := stream.read(4)) == 4:
        record, size = struct.unpack("<HH", head)
        yield record, stream.read(size)
        if record == _EOF:
            return


# -- text --------------------------------------------------------------------------------------


def _inspect_text(path: Path, file: IO[bytes]) -> Passed:
    encoding = _encoding(file)
    file.seek(0)
    start = codecs.getincrementaldecoder(encoding)().decode(file.read(4096)).lstrip().lower()
    if start.startswith(_OTHER_TEXT_FORMATS):
        raise FileRefused(Refusal.NOT_A_SPREADSHEET)
    size = path.stat().st_size
    if start.startswith("<"):
        if not _has_table(file):
            raise FileRefused(Refusal.NOT_A_SPREADSHEET)
        if size > MAX_HTML:
            raise FileRefused(Refusal.TOO_LARGE_UNPACKED)
        return Passed(path, Kind.HTML, encoding=encoding)
    if size > MAX_TEXT:
        raise FileRefused(Refusal.TOO_LARGE_UNPACKED)
    return Passed(path, Kind.CSV, encoding=encoding)


def _encoding(file: IO[bytes]) -> str:
    """utf-8-sig or gb18030, whichever the whole file is."""
    for encoding in ("utf-8-sig", "gb18030"):
        decoder = codecs.getincrementaldecoder(encoding)()
        file.seek(0)
        try:
            while chunk := file.read(_CHUNK):
                if _NOT_TEXT.search(chunk):
                    raise FileRefused(Refusal.NOT_A_SPREADSHEET)
                decoder.decode(chunk)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            continue
        return encoding
    raise FileRefused(Refusal.NOT_A_SPREADSHEET)


def _has_table(file: IO[bytes]) -> bool:
    file.seek(0)
    last = b""
    while chunk := file.read(_CHUNK):
        if b"<table" in (last + chunk).lower():
            return True
        last = chunk[-8:]
    return False
