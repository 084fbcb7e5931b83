"""The demo county from nothing: places, people, cases, logins; then its first ledgers."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from random import Random

from django.db.models import Max, Min

from accounts.models import User
from core import tenancy
from ledgers.build import build
from ledgers.demo import cases, duties, moves, papers, users
from ledgers.demo.county import COUNTY, ensure_divisions, fill_county
from ledgers.demo.places import JUNIOR_GRADES, PRIMARY_GRADES
from ledgers.kinds import KINDS
from ledgers.periods import Period
from schools.models import ClassGroup, Division
from students.models import Student

FEWEST, MOST = 300, 1_000_000
# The schools of the head and of the two teachers, and the grades of their classes.
_CLASSES = (("3162990021", 22), ("2162990001", 14))
OWN_SCHOOLS = tuple(school for school, _ in _CLASSES)


class CountyNotEmpty(Exception):
    """There are students already: the demo never mixes with records."""


def is_empty() -> bool:
    with tenancy.inside(COUNTY):
        return not (
            Student.objects.filter(county=COUNTY).exists()
            or ClassGroup.objects.filter(county=COUNTY).exists()
        )


def make_demo(
    *,
    students: int,
    seed: int,
    now: datetime,
    today: date,
    credentials: Path,
    progress: Callable[[int], None],
) -> list[str]:
    """All or nothing. The lines of the credentials file. Errors: CountyNotEmpty."""
    # Invented people need repeatable draws, not secret ones.
    rng = Random(seed)  # noqa: S311
    start_year = today.year if today.month >= 9 else today.year - 1
    if not is_empty():
        raise CountyNotEmpty(COUNTY)
    with tenancy.inside(COUNTY):
        ensure_divisions()
        fill_county(students=students, rng=rng, start_year=start_year, progress=progress)
        classes = _classes(start_year)
        county = Division.objects.get(pk=COUNTY)
        since = date(start_year - 1, 9, 1)
        staff = users.hire(
            users.posts(county=county, classes=classes), county=county, since=since, now=now
        )
        cases.tell_cases(
            officer=staff.officer,
            signers=users.Signers(staff.officer, since),
            students=_at_risk(classes, count=60 + students // 10_000, rng=rng),
            rng=rng,
            today=today,
            year_began=date(start_year, 9, 1),
        )
        for post in ("township", "county"):
            papers.tell_papers(officer=User.objects.get(username=post), rng=rng, today=today)
        # Draws of its own: whom the cases and moves speak of does not hang on it.
        duties.tell_duties(
            officer=staff.officer,
            rng=Random(seed + 1),  # noqa: S311
            today=today,
            year_began=date(start_year, 9, 1),
        )
        moves.tell_moves(officer=staff.officer, county=COUNTY, rng=rng, today=today, now=now)
        users.write_credentials(credentials, staff.lines)
    return staff.lines


def build_ledgers(*, today: date) -> None:
    """All kinds for the last two complete months, as the month's end would have built them."""
    newest = Period.of(today.replace(day=1) - timedelta(days=1))
    for period in (Period.of(newest.first - timedelta(days=1)), newest):
        for kind in KINDS.values():
            with tenancy.inside(COUNTY):
                build(
                    kind,
                    county=COUNTY,
                    period=period,
                    unit=COUNTY,
                    as_of=period.last,
                    actor=None,
                )


def _classes(start_year: int) -> list[ClassGroup]:
    found = []
    for school, grade in _CLASSES:
        groups = ClassGroup.objects.select_related("school__township").order_by("number")
        entry_year = start_year - grade % 10 + 1
        found.append(groups.filter(school__code=school, entry_year=entry_year)[0])
    return found


def _at_risk(classes: list[ClassGroup], *, count: int, rng: Random) -> list[int]:
    """Some of the teachers' own classes, some without a school, the others from anywhere."""
    # Entrants have no year before this one to have been absent in.
    compulsory = Student.objects.filter(grade__in=[*PRIMARY_GRADES[1:], *JUNIOR_GRADES])
    first, second = (
        compulsory.filter(class_group=group).order_by("pk").values_list("pk", flat=True)
        for group in classes
    )
    nowhere = Student.objects.filter(school=None).order_by("pk").values_list("pk", flat=True)
    chosen = [*first[:4], *nowhere[:1], *second[:2], *first[4:5]]
    ends = Student.objects.aggregate(low=Min("pk"), high=Max("pk"))
    drawn = [rng.randrange(ends["low"], ends["high"] + 1) for _ in range(6 * count)]
    known = set(compulsory.filter(pk__in=drawn[: count // 3]).values_list("pk", flat=True))
    # Older children leave school far more often: two in three places are theirs.
    known |= set(
        compulsory.filter(pk__in=drawn[count // 3 :], grade__gte=16).values_list("pk", flat=True)
    )
    others = [pk for pk in dict.fromkeys(drawn) if pk in known and pk not in chosen]
    return [*chosen, *others][:count]
