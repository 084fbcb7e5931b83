"""Who answers for the county's places, with the gaps of a real autumn, and some signed pledges."""

import io
from datetime import date
from random import Random
from typing import Any

from PIL import Image, ImageDraw

from accounts.models import User
from accounts.scope import scope_for
from casework.duties import Level, PledgeKind
from casework.models import ResponsibilityRole
from casework.queries.covers import cover_of, places, with_children
from casework.queries.pledges import this_year
from casework.services.class_teachers import assign_class_teachers
from casework.services.pledges import keep_signed
from casework.services.responsibility import ASSIGN, Entry, Named, assign_many
from core.access import Scope
from ledgers.demo.people import Invention
from schools.models import Division, School

# Post, and which share of its places has somebody: the rest is the list of gaps.
_FILLED = (
    ("county_head", 1.0),
    ("bureau_head", 1.0),
    ("county_leader", 0.9),
    ("bureau_leader", 0.6),
    ("township_head", 0.85),
    ("village_head", 0.7),
    ("village_officer", 0.3),
    ("school_head", 0.9),
    ("class_teacher", 0.8),
)
_OFFICE = {
    "county_leader": "县级领导",
    "bureau_leader": "教育局副局长",
    "village_officer": "乡镇干部",
}
_SIGNED = {PledgeKind.COUNTY_TOWNSHIP: 6, PledgeKind.COUNTY_SCHOOL: 4}


def tell_duties(*, officer: User, rng: Random, today: date, year_began: date) -> None:
    scope = scope_for(officer, on=today)
    posts = {post.code: post for post in ResponsibilityRole.objects.of(scope.county)}
    people = Invention(rng)
    entries = [
        Entry(posts[code], cover_of(place), _person(code, people))
        for code, share in _FILLED
        for place in _places(scope, posts[code].level)
        if rng.random() < share
    ]
    who: dict[str, Any] = {"scope": scope, "actor": officer, "today": today}
    assign_many(entries=entries, on=year_began, **who)
    # The two teachers who can sign in answer for their own classes.
    assign_class_teachers(on=year_began, **who)
    for kind, count in _SIGNED.items():
        _sign(kind, count, rng=rng, signed_on=min(today, year_began.replace(day=10)), **who)


def _places(scope: Scope, level: str) -> list[Any]:
    rows = places(scope, ASSIGN, level)
    return list((with_children(rows) if level == Level.CLASS_GROUP else rows).order_by("pk"))


def _person(code: str, people: Invention) -> Named:
    name = people.name(people.lineage(), people.rng.choice("男女"))
    return Named(name, duty=_OFFICE.get(code, ""), phone=people.phone())


def _sign(
    kind: PledgeKind,
    count: int,
    *,
    scope: Scope,
    actor: User,
    rng: Random,
    signed_on: date,
    today: date,
) -> None:
    level = Level.TOWNSHIP if kind == PledgeKind.COUNTY_TOWNSHIP else Level.SCHOOL
    every: list[Division | School] = _places(scope, level)
    people = Invention(rng)
    for place in rng.sample(every, min(count, len(every))):
        scan = _scan()
        keep_signed(
            scope=scope,
            actor=actor,
            kind=kind,
            key=place.pk,
            year=this_year(today),
            upper_name=actor.full_name,
            lower_name=people.name(people.lineage(), "男"),
            signed_on=signed_on,
            content=scan,
            size=scan.getbuffer().nbytes,
            today=today,
        )


def _scan() -> io.BytesIO:
    """A sheet with two strokes: nobody's signature."""
    sheet = Image.new("L", (620, 877), 255)
    pen = ImageDraw.Draw(sheet)
    for left in (90, 360):
        pen.line([(left, 760), (left + 60, 740), (left + 150, 770)], fill=40, width=4)
    file = io.BytesIO()
    sheet.save(file, "PNG")
    file.seek(0)
    return file
