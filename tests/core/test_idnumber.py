from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import idnumber
from core.idnumber import Fault, check_character, fault_in, is_valid, mask

bodies = st.text("0123456789", min_size=17, max_size=17)
days = st.dates(date(1900, 1, 1), date(2099, 12, 31))


def number_of(born, order):
    body = f"629900{born:%Y%m%d}{order:03d}"
    return body + check_character(body)


@pytest.mark.parametrize(
    "number",
    [
        "629900201308310018",
        "62990020081115234X",
        "810000201205180001",
        "820000201205180003",
        "830000201301010006",
    ],
)
def test_published_vectors_are_valid(number):
    assert is_valid(number)


@given(days, st.integers(0, 999))
def test_a_number_tells_its_day_and_sex(born, order):
    number = number_of(born, order)

    assert is_valid(number)
    assert idnumber.birth_date(number) == born
    assert idnumber.sex(number) == ("男" if order % 2 else "女")


@given(bodies, st.integers(0, 16), st.integers(1, 9))
def test_any_one_wrong_digit_is_noticed(body, place, shift):
    wrong = str((int(body[place]) + shift) % 10)
    spoiled = body[:place] + wrong + body[place + 1 :] + check_character(body)

    assert fault_in(spoiled) is Fault.CHECKSUM


@given(bodies, st.integers(0, 15))
def test_any_two_neighbours_changed_over_are_noticed(body, place):
    swapped = body[:place] + body[place + 1] + body[place] + body[place + 2 :]

    assert (fault_in(swapped + check_character(body)) is Fault.CHECKSUM) == (swapped != body)


@pytest.mark.parametrize(
    "text, fault",
    [
        ("", Fault.FORMAT),
        ("629900130831001", Fault.FORMAT),
        ("6299002013083100188", Fault.FORMAT),
        ("G629900201308310018", Fault.FORMAT),
        ("62990020081115234x", Fault.FORMAT),
        ("６29900201308310018", Fault.FORMAT),
        ("629900201308310019", Fault.CHECKSUM),
    ],
)
def test_faults_are_told_apart(text, fault):
    assert fault_in(text) is fault


def test_a_day_that_never_was_is_a_fault_of_its_own():
    body = "62990020130230001"

    assert fault_in(body + check_character(body)) is Fault.DATE


@pytest.mark.parametrize("letter", "GJL")
def test_a_student_number_is_never_an_id_number(letter):
    assert idnumber.is_student_number(f"{letter}629900201308310018")
    assert not is_valid(f"{letter}629900201308310018")


@pytest.mark.parametrize(
    "number, shown",
    [
        ("629900201308310018", "629***********0018"),
        ("G629900201308310018", "G629***********0018"),
        ("P00000017", "P*******7"),
        ("AB", "A**B"),
    ],
)
def test_masks_keep_what_a_clerk_needs_to_compare(number, shown):
    assert mask(number) == shown


@given(st.text(min_size=3))
def test_no_mask_shows_the_whole_number(number):
    assert mask(number) != number or set(number) == {"*"}
