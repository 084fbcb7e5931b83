import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from core import tenancy
from students.models import RollOver, RollOverGroup
from students.rollover import services
from students.rollover.plan import totals
from students.rollover.services import RollOverRefused


class Command(BaseCommand):
    help = "Roll a county over from school year YEAR into the next; once written, never twice."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("year", type=int, metavar="YEAR", help="first year of the one ending")
        parser.add_argument("--county", default="620602", help="six digits of the division code")
        parser.add_argument("--dry-run", action="store_true", help="preview only")
        parser.add_argument("--json", action="store_true", help="the outcome as JSON")

    def handle(self, *, year: int, county: str, **options: Any) -> None:
        with tenancy.inside(county):
            found = services.open_roll_over(county=county, from_year=year, actor=None)
        try:
            roll_over = _roll(found, write=not options["dry_run"])
        except RollOverRefused as refusal:
            raise CommandError(str(refusal)) from refusal
        groups = totals(roll_over).groups
        if options["json"]:
            outcome = {
                "county": county,
                "from_year": year,
                "state": roll_over.state,
                "children": totals(roll_over).children,
                "groups": groups,
                "steps": roll_over.counts,
            }
            self.stdout.write(json.dumps(outcome, ensure_ascii=False))
        else:
            self._tell(roll_over, groups)

    def _tell(self, roll_over: RollOver, groups: dict[str, int]) -> None:
        parts = "，".join(f"{group.label} {groups[group]}" for group in RollOverGroup)
        self.stdout.write(
            f"{roll_over}（{roll_over.get_state_display()}）："
            f"共 {totals(roll_over).children} 人，{parts}"
        )


def _roll(roll_over: RollOver, *, write: bool) -> RollOver:
    """Measured here and written at once, so the preview cannot grow old in between."""
    county, pk = roll_over.county, roll_over.pk
    if roll_over.state == RollOver.State.COMMITTED:
        return roll_over
    measured = services.preview(county=county, roll_over_id=pk)
    if not write:
        return measured
    services.refuse_commit(measured, today=timezone.localdate())
    return services.commit(county=county, roll_over_id=pk, actor=None)
