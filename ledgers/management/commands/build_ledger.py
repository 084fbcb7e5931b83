import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from core import tenancy
from ledgers import services
from ledgers.build import build
from ledgers.periods import LedgerRefused, Period


class Command(BaseCommand):
    help = "Build one ledger of one month now; a month without a change keeps its version."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("kind", help="school_age, suspected or dropout")
        parser.add_argument("period", help="like 2026-11")
        parser.add_argument("--unit", default="", help="township or school code; default: county")
        parser.add_argument("--county", default="620602", help="six digits of the division code")
        parser.add_argument("--json", action="store_true", help="the version as JSON")

    def handle(self, *, kind: str, period: str, unit: str, county: str, **options: Any) -> None:
        try:
            asked = Period.parse(period)
            with tenancy.inside(county):
                built = build(
                    services.kind_named(kind),
                    county=county,
                    period=asked,
                    unit=unit or county,
                    as_of=asked.as_of(timezone.localdate()),
                    actor=None,
                )
        except LedgerRefused as refusal:
            raise CommandError(str(refusal)) from refusal
        told = services.summary(built)
        if options["json"]:
            self.stdout.write(json.dumps(told, ensure_ascii=False))
            return
        news = (
            f"新增或变更 {told['born']} 行，变更或减少 {told['died']} 行"
            if built.is_new
            else "与上次生成相比没有变化，版本不变"
        )
        zero = "" if told["rows"] else "（零报告）"
        self.stdout.write(
            f"{services.kind_named(kind).title} {asked} 第 {told['version']} 版："
            f"截至 {told['as_of']} 共 {told['rows']} 行{zero}，{news}"
        )
