from argparse import ArgumentParser, ArgumentTypeError
from random import Random
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from ledgers.demo import attendance, doubles, lists, make, phones, plans, rosters
from ledgers.demo.county import COUNTY
from schools.ages import school_year_of

CREDENTIALS = "demo-credentials.txt"


def head_count(text: str) -> int:
    count = int(text.replace("_", "").replace(",", ""))
    if not make.FEWEST <= count <= make.MOST:
        raise ArgumentTypeError(f"between {make.FEWEST} and {make.MOST}")
    return count


class Command(BaseCommand):
    help = "Make a synthetic county: 凉州区 with invented schools, children, cases and logins."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--students", type=head_count, default=3000, metavar="N")
        parser.add_argument("--seed", type=int, default=1, help="the same seed, the same people")
        parser.add_argument(
            "--if-empty", action="store_true", help="do nothing where the county has students"
        )

    def handle(self, *, students: int, seed: int, if_empty: bool, **options: Any) -> None:
        if if_empty and not make.is_empty():
            return

        def progress(done: int) -> None:
            self.stderr.write(f"演示数据：学生 {done}/{students}")

        try:
            lines = make.make_demo(
                students=students,
                seed=seed,
                now=timezone.now(),
                today=timezone.localdate(),
                credentials=settings.APP_DATA / CREDENTIALS,
                progress=progress,
            )
        except make.CountyNotEmpty:
            raise CommandError(
                "凉州区已有学生或班级：演示数据只写入空库，请另用一个空的 APP_DATA。"
            ) from None
        make.build_ledgers(today=timezone.localdate())
        doubles.tell_doubles(county=COUNTY, since=timezone.localdate(), now=timezone.now())
        lists.tell_list(county=COUNTY, today=timezone.localdate())
        rosters.tell_roster(county=COUNTY, school_year=school_year_of(timezone.localdate()))
        attendance.tell_attendance(
            county=COUNTY, today=timezone.localdate(), own_classes=make.OWN_SCHOOLS
        )
        phones.tell_phones(county=COUNTY, rng=Random(seed + 2), now=timezone.now())  # noqa: S311
        plans.tell_plans(county=COUNTY, now=timezone.now(), today=timezone.localdate())
        for line in lines:
            self.stdout.write(line)
