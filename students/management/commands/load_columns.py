import csv
import json
from argparse import ArgumentParser
from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from core import tenancy
from core.sheets.text import clean
from students.rosters import fields, profiles
from students.rosters.fields import UnknownField
from students.rosters.header import bare_label

_KEYS = {"code", "title", "source", "valid_from", "columns"}


class Command(BaseCommand):
    help = (
        "Load what columns mean: with --office a CSV (heads label,field) as the profile of that"
        " office; without it a JSON file as a ready layout for all counties."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE")
        parser.add_argument("--county", default="620602", help="six digits of the division code")
        parser.add_argument("--office", default="", help="whose profile the file is")

    def handle(self, *, file: Path, county: str, office: str, **_options: Any) -> None:
        if not file.is_file():
            raise CommandError(f"找不到文件 {file}，请核对路径。", returncode=2)
        try:
            if office:
                count = _load_profile(file, county=county, office=office)
                self.stdout.write(f"已记住{office}的 {count} 列。")
            else:
                layout = _load_layout(file)
                self.stdout.write(f"模板“{layout}”已载入。")
        except UnknownField as unknown:
            raise CommandError(f"没有“{unknown}”这个项目，可用的有：{_all()}。") from None


def _load_profile(file: Path, *, county: str, office: str) -> int:
    """Errors: CommandError, UnknownField."""
    with file.open(encoding="utf-8-sig", newline="") as rows:
        reader = csv.DictReader(rows)
        if not {"label", "field"} <= set(reader.fieldnames or ()):
            raise CommandError("文件的第一行须是 label,field。")
        chosen = {bare_label(clean(row["label"])): row["field"].strip() for row in reader}
    for code in chosen.values():
        fields.meaning_of(code)
    with tenancy.inside(county):
        return len(profiles.remember(county=county, office=office, chosen=chosen, actor=None))


def _load_layout(file: Path) -> str:
    """Errors: CommandError, UnknownField."""
    told = json.loads(file.read_text(encoding="utf-8"))
    if missing := _KEYS - told.keys():
        raise CommandError(f"文件里缺少：{'、'.join(sorted(missing))}。")
    for column in told["columns"]:
        fields.meaning_of(column["field"])
    days = {key: date.fromisoformat(told[key]) for key in ("valid_from", "valid_to") if key in told}
    return profiles.lay_down(**told | days).title


def _all() -> str:
    return "、".join(fields.CODES)
