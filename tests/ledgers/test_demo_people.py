from datetime import date
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.sheets import gate, reader
from ledgers.demo import make, places
from ledgers.demo.people import Invention

WORKBOOKS = Path(__file__).parents[1] / "fixtures" / "workbooks"


def test_the_roster_files_find_their_schools():
    with reader.sheets(gate.inspect(WORKBOOKS / "schools.xlsx")) as sheets:
        listed = {row[0]: row[1] for sheet in sheets for _, row in sheet.rows() if row[0].isdigit()}

    ours = {school.code: school.name for school in places._listed()}

    assert ours == listed


@settings(max_examples=60, deadline=None)
@given(st.integers(make.FEWEST, 60_000))
def test_every_planned_child_has_a_class(students):
    towns = {f"62060210{digit}": f"{digit}号镇" for digit in range(9)}
    schools = places.demo_schools(students=students, townships=sorted(towns), town_names=towns)

    classes = list(places.plan_classes(schools, students=students))

    assert sum(each.size for each in classes) == students
    assert all(0 < each.size <= 45 for each in classes)
    assert all(each.stage in each.school.stages for each in classes)
    assert len({school.code for school in schools}) == len(schools)
    places_of_posts = {(each.school.code, each.grade) for each in classes}
    assert set(make._CLASSES) <= places_of_posts


def test_invented_names_try_what_real_ones_try():
    invention = Invention(Random(1))
    lineages = [invention.lineage() for _ in range(6000)]
    names = [invention.name(lineage, "女") for lineage in lineages]

    assert any("·" in name for name in names)
    assert any(ord(character) > 0xFFFF for name in names for character in name)
    assert {"单", "曾", "解", "仇", "查"} <= {name[0] for name in names}
    assert any(name.startswith(("尉迟", "万俟", "欧阳")) for name in names)
    assert {"01", "03", "04"} <= {lineage.ethnicity for lineage in lineages}


def test_a_million_children_never_share_a_number():
    invention = Invention(Random(1))
    born = date(2016, 2, 29)

    numbers = {invention.child_number(born, sex) for sex in ("男", "女") for _ in range(245)}

    assert len(numbers) == 490
    with pytest.raises(ValueError, match="2016-02-29"):
        invention.child_number(born, "男")
