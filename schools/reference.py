"""Reference data from CSV files into tables: divisions and calendar days. See data/README.md."""

import csv
import io
import re
from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path

from django.db import connection, transaction

from schools.models import CalendarDay

DIVISIONS = Path(__file__).with_name("data") / "divisions"
_CODE = re.compile(r"\d{2}|\d{4}|\d{6}|\d{9}|\d{12}").fullmatch

_STAGE = """
CREATE TEMPORARY TABLE incoming_division
    (line bigserial, code varchar(12) NOT NULL, name varchar(60) NOT NULL, valid_to date)
"""

# A parent's code is the next shorter of the statistical lengths. The last line has the last word.
# A file that does not say until when a unit stood leaves that as it is known.
_MERGE = """
INSERT INTO schools_division (code, name, valid_to, level, parent_id)
SELECT DISTINCT ON (code) code, name, valid_to,
       CASE length(code) WHEN 2 THEN 'province' WHEN 4 THEN 'city' WHEN 6 THEN 'county'
                         WHEN 9 THEN 'township' ELSE 'village' END,
       CASE length(code) WHEN 4 THEN left(code, 2) WHEN 6 THEN left(code, 4)
                         WHEN 9 THEN left(code, 6) WHEN 12 THEN left(code, 9) END
  FROM incoming_division ORDER BY code, line DESC
    ON CONFLICT (code) DO UPDATE
   SET name = excluded.name, valid_to = coalesce(excluded.valid_to, schools_division.valid_to)
 WHERE schools_division.name IS DISTINCT FROM excluded.name
    OR excluded.valid_to <> schools_division.valid_to
    OR (excluded.valid_to IS NOT NULL AND schools_division.valid_to IS NULL)
"""

_WITHOUT_PARENT = """
SELECT child.code FROM schools_division child
 WHERE child.parent_id IS NOT NULL
   AND NOT EXISTS (SELECT FROM schools_division up WHERE up.code = child.parent_id)
 ORDER BY child.code LIMIT 1
"""


class FileRefused(Exception):
    """Nothing of any file was stored; the text names the line and what is wrong with it."""


@transaction.atomic
def load_divisions(paths: Iterable[Path], *, of: str = "") -> int:
    """Rows added or renamed. Codes that a file does not name stay. Errors: FileRefused.

    `of` one division: only itself, what is above it and what is below.
    """
    with connection.cursor() as cursor:
        cursor.execute(_STAGE)
        for path in paths:
            cursor.copy_expert(
                "COPY incoming_division (code, name, valid_to) FROM STDIN",
                _division_lines(path, of=of),
            )
        cursor.execute(_MERGE)
        stored = int(cursor.rowcount)
        cursor.execute("ANALYZE schools_division")
        cursor.execute(_WITHOUT_PARENT)
        orphan = cursor.fetchone()
        cursor.execute("DROP TABLE incoming_division")
    if orphan:
        raise FileRefused(f"区划 {orphan[0]} 的上级不在库中：请先导入省、市、县、乡各级文件")
    return stored


def project_divisions() -> list[Path]:
    """The files that come with the project."""
    return sorted(DIVISIONS.glob("*.csv"))


@transaction.atomic
def load_calendar(paths: Iterable[Path]) -> int:
    """Days read; a day already known takes the file's meaning. Errors: FileRefused."""
    days = {day.day: day for path in paths for day in _calendar_days(path)}
    CalendarDay.objects.bulk_create(
        days.values(),
        update_conflicts=True,
        unique_fields=["day"],
        update_fields=["is_working", "name"],
    )
    return len(days)


def _division_lines(path: Path, *, of: str) -> io.StringIO:
    lines = io.StringIO()
    for number, row in _rows(path, columns=("code", "name")):
        code, name = row["code"].strip(), row["name"].strip()
        if not _CODE(code):
            raise FileRefused(
                f"{path.name} 第 {number} 行：区划代码“{code}”应为 2、4、6、9 或 12 位数字"
            )
        if not 0 < len(name) <= 60 or "\\" in name or not name.isprintable():
            raise FileRefused(f"{path.name} 第 {number} 行：区划 {code} 的名称应为 1 至 60 个字")
        if code.startswith(of) or of.startswith(code):
            until = _withdrawn_on(row, path, number) or "\\N"
            lines.write(f"{code}\t{name}\t{until}\n")
    lines.seek(0)
    return lines


def _withdrawn_on(row: dict[str, str], path: Path, number: int) -> str:
    """The last day of a unit that was withdrawn; empty where the file does not say."""
    text = (row.get("valid_to") or "").strip()
    try:
        return date.fromisoformat(text).isoformat() if text else ""
    except ValueError:
        raise FileRefused(
            f"{path.name} 第 {number} 行：撤销日期“{text}”应写作 2024-12-31"
        ) from None


def _calendar_days(path: Path) -> Iterator[CalendarDay]:
    for number, row in _rows(path, columns=("day", "is_working", "name")):
        try:
            day = date.fromisoformat(row["day"])
            is_working = {"0": False, "1": True}[row["is_working"]]
        except (ValueError, KeyError):
            raise FileRefused(
                f"{path.name} 第 {number} 行：日期应写作 2027-01-01，是否上班应写作 1 或 0"
            ) from None
        yield CalendarDay(day=day, is_working=is_working, name=row["name"])


def _rows(path: Path, *, columns: tuple[str, ...]) -> Iterator[tuple[int, dict[str, str]]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, restval="")
            if not set(columns) <= set(reader.fieldnames or ()):
                raise FileRefused(f"{path.name} 的首行应有这些列：{'、'.join(columns)}")
            for row in reader:
                yield reader.line_num, row
    except OSError as error:
        raise FileRefused(f"{path} 无法打开：{error.strerror}") from error
    except UnicodeDecodeError as error:
        raise FileRefused(f"{path.name} 不是 UTF-8 编码：请另存为“CSV UTF-8”后再导入") from error
