import random
from datetime import date, timedelta

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


# -- what people type --------------------------------------------------------------------------


def table():
    """Two thousand typed numbers with their verdicts: U049's kinds in turn."""
    rng, rows = random.Random(49), []
    for at in range(2000):
        born = date(2005, 1, 1) + timedelta(days=rng.randrange(7000))
        number = number_of(born, rng.randrange(1000))
        rows.append(KINDS[at % len(KINDS)](rng, number))
    return rows


def valid(rng, number):
    return number, None


def one_digit_wrong(rng, number):
    place = rng.randrange(17)
    digit = str((int(number[place]) + rng.randrange(1, 10)) % 10)
    return number[:place] + digit + number[place + 1 :], Fault.CHECKSUM


def transposed(rng, number):
    place = next(at for at in range(16) if number[at] != number[at + 1])
    swapped = number[:place] + number[place + 1] + number[place] + number[place + 2 :]
    return swapped, Fault.CHECKSUM


def bad_date(rng, number):
    body = number[:6] + rng.choice(["20130230", "20131301", "20150001", "20160431"]) + number[14:17]
    return body + check_character(body), Fault.DATE


def leap_day(rng, number):
    year = rng.randrange(2001, 2021)
    body = f"{number[:6]}{year}0229{number[14:17]}"
    return body + check_character(body), None if year % 4 == 0 else Fault.DATE


def lower_x(rng, number):
    order = next(n for n in range(1000) if number_of(date(2013, 8, 31), n).endswith("X"))
    return number_of(date(2013, 8, 31), order).lower(), None


def full_width(rng, number):
    return "".join(chr(ord(sign) + 0xFEE0) for sign in number), None


def spaced(rng, number):
    between = rng.choice([" ", "\u3000", "-", "\u2014", "\u00a0"])
    return f" {number[:6]}{between}{number[6:14]}{between}{number[14:]}\t", None


def fifteen_digits(rng, number):
    return number[:6] + number[8:17], Fault.FORMAT


def residence_permit(rng, number):
    body = rng.choice(["810000", "820000", "830000"]) + number[6:17]
    return body + check_character(body), None


KINDS = [
    valid,
    one_digit_wrong,
    transposed,
    bad_date,
    leap_day,
    lower_x,
    full_width,
    spaced,
    fifteen_digits,
    residence_permit,
]


def test_u049_two_thousand_typed_numbers_get_the_right_verdict():
    wrong = [
        (typed, verdict)
        for typed, verdict in table()
        if fault_in(idnumber.normal(typed)) != verdict
    ]

    assert wrong == []


def test_u049_residence_permits_are_known_as_such():
    permits = [typed for typed, verdict in table() if typed[:2] in ("81", "82", "83")]

    assert len(permits) == 200
    assert all(map(idnumber.is_residence_permit, permits))
