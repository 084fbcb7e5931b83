"""文号: one series for each body and year, without gaps, whoever asks at the same moment."""

from django.db import connection


def next_serial(*, county: str, body_code: str, year: int) -> int:
    """Call last in the transaction that writes the paper.

    The row is held until that transaction ends: rolled back, its number goes to the next one.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO casework_legalnumber AS held (county, body_code, year, last)"
            " VALUES (%s, %s, %s, 1)"
            " ON CONFLICT (county, body_code, year) DO UPDATE SET last = held.last + 1"
            " RETURNING last",
            [county, body_code, year],
        )
        return int(cursor.fetchone()[0])


def in_words(sign: str, *, year: int, serial: int) -> str:
    """发文字号 after GB/T 9704—2012, 7.2.5: 机关代字, year in 〔〕, number without zeros."""
    return f"{sign}〔{year}〕{serial}号"
