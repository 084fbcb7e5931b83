import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from core import tenancy
from students.duplicates import finding
from students.models import DuplicatePair


class Command(BaseCommand):
    help = "Look for records of one child under two keys; people decide, nothing is merged."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--county", default="620602", help="six digits of the division code")
        parser.add_argument("--json", action="store_true", help="the counts as JSON")

    def handle(self, *, county: str, **options: Any) -> None:
        with tenancy.inside(county):
            finding.find(county=county, now=timezone.now())
            waiting = DuplicatePair.objects.filter(
                county=county, state=DuplicatePair.State.OPEN
            ).standing()
            counts = {
                "county": county,
                "open": waiting.filter(looks_like_twins=False).count(),
                "twins": waiting.filter(looks_like_twins=True).count(),
            }
        if options["json"]:
            self.stdout.write(json.dumps(counts))
        else:
            self.stdout.write(
                f"{county}：待核对 {counts['open']} 对，疑似双胞胎 {counts['twins']} 对"
            )
