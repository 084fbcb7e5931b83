"""Spans of days, both ends included; an open end is None. Pure arithmetic."""

from datetime import date, timedelta
from typing import NamedTuple

_DAY = timedelta(days=1)


class Span(NamedTuple):
    begin: date
    end: date | None

    def overlaps(self, other: "Span") -> bool:
        return self.begin <= _last(other.end) and other.begin <= _last(self.end)


def _last(end: date | None) -> date:
    return end or date.max


def left_free(span: Span, taken: list[Span]) -> list[Span]:
    """The parts of a span on which none of the taken ones lies."""
    free, begin = [], span.begin
    for other in sorted(one for one in taken if one.overlaps(span)):
        if other.begin > begin:
            free.append(Span(begin, other.begin - _DAY))
        if other.end is None:
            return free
        begin = max(begin, other.end + _DAY)
    if begin <= _last(span.end):
        free.append(Span(begin, span.end))
    return free


def covering(spans: list[Span]) -> Span:
    """The shortest span that holds them all."""
    ends = [span.end for span in spans]
    known = [end for end in ends if end]
    return Span(min(span.begin for span in spans), None if None in ends else max(known))
