from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from core import tenancy
from core.access import Permission, Reach, Scope
from ledgers import services, sheets
from ledgers.models import LedgerVersion
from ledgers.periods import LedgerRefused, Period
from ledgers.queries import versions_of

_EXPORT = frozenset({Permission.LEDGER_EXPORT, Permission.IDENTITY_REVEAL})


class Command(BaseCommand):
    help = "Write the newest version of a month's ledger as an xlsx in the official layout."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("kind", help="school_age, suspected or dropout")
        parser.add_argument("period", help="like 2026-11")
        parser.add_argument("out", type=Path, metavar="OUT.xlsx")
        parser.add_argument("--unit", default="", help="township or school code; default: county")
        parser.add_argument("--county", default="620602", help="six digits of the division code")
        parser.add_argument("--full", action="store_true", help="numbers unmasked; needs --purpose")
        parser.add_argument("--purpose", default="", help="goes into the audit trail")

    def handle(self, *, out: Path, county: str, **options: Any) -> None:
        if options["full"] and not options["purpose"]:
            raise CommandError("导出完整号码须用 --purpose 写明用途，用途会记入审计。")
        scope = Scope(county, (Reach(_EXPORT, region=county),))
        try:
            with tenancy.inside(county):
                version = _newest(scope=scope, **options)
                with out.open("wb") as file:
                    written = sheets.export(
                        file,
                        version=version,
                        kind=services.kind_named(version.kind),
                        scope=scope,
                        actor=None,
                        wish=sheets.Wish(full=options["full"], purpose=options["purpose"]),
                        today=timezone.localdate(),
                    )
        except LedgerRefused as refusal:
            raise CommandError(str(refusal)) from refusal
        except OSError as fault:
            raise CommandError(f"写不了文件 {out}：{fault.strerror}。请换一个目录。") from fault
        self.stdout.write(f"已写入 {out}：{version.period} 第 {version.number} 版，{written} 行")


def _newest(*, scope: Scope, kind: str, period: str, unit: str, **_: Any) -> LedgerVersion:
    found = (
        versions_of(
            services.kind_named(kind),
            scope=scope,
            permission=Permission.LEDGER_EXPORT,
            unit=unit or scope.county,
        )
        .filter(period=str(Period.parse(period)))
        .order_by("-number")
        .first()
    )
    if found is None:
        raise CommandError(f"{period} 还没有生成这份台账，请先运行 build_ledger {kind} {period}。")
    return found
