from datetime import date

import pytest

from core import codes

TODAY = date(2026, 11, 21)


@pytest.mark.parametrize("text", ["藏", "藏族", "04", "4"])
def test_an_ethnicity_is_known_by_every_usual_spelling(text):
    assert codes.ethnicity_code(text) == "04"


@pytest.mark.parametrize("text", ["穿青人", "其他"])
def test_peoples_without_a_code_are_counted_as_others(text):
    assert codes.ethnicity_code(text) == "97"


def test_what_the_list_does_not_know_has_no_code():
    assert codes.ethnicity_code("火星") is None


def test_the_list_of_peoples_is_whole():
    assert len(codes.codes("ethnicity")) == 58


def test_names_are_told_by_code():
    assert codes.name("grade", "22") == "八年级"
    assert codes.name("ethnicity", "") == ""
    with pytest.raises(codes.UnknownCode):
        codes.name("grade", "77")


def test_a_withdrawn_code_keeps_its_name_but_is_no_choice(monkeypatch):
    withdrawn = codes.Code("x", "旧", None, date(2020, 12, 31))

    assert withdrawn.holds_on(date(2020, 12, 31))
    assert not withdrawn.holds_on(TODAY)
    assert codes.choices("sex", on=TODAY) == [("1", "男"), ("2", "女")]
