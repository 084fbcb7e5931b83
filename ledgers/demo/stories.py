"""What happens in the cases of the demo county, and how often."""

from collections.abc import Iterator

_BACK = ("check", "confirm", "persuade", "back", "watch")
_FORCED = ("check", "confirm", "persuade", "refuse", "order", "back")
_WATCHED = (*_BACK, "look", "look", "look")
# Step by step, each named in ledgers.demo.cases, and how many of sixty cases end there. The first
# four and the eighth are of the first teacher's class: its head and township have one to sign each.
_OPEN_STORIES: tuple[tuple[tuple[str, ...], int], ...] = (
    ((), 5),
    (("phone",), 4),
    ((*_WATCHED, "head_signs"), 2),
    (("check", "confirm"), 5),
    (("check", "confirm", "persuade", "persuade"), 5),
    (("check", "confirm", "persuade", "persuade", "promise"), 3),
    (("check", "confirm", "persuade", "persuade", "refuse", "order"), 3),
    (_WATCHED, 1),
    (("check", "confirm", "persuade", "promise", "back"), 3),
    ((*_BACK, "look"), 3),
    ((*_BACK, "relapse"), 2),
    (("phone", "unclear"), 2),
    (("check", "confirm", "persuade", "teach_at_home"), 2),
    (("check", "confirm", "persuade", "send_away"), 2),
    (("check", "confirm", "persuade", "propose"), 1),
)
_ENDED_STORIES: tuple[tuple[tuple[str, ...], int], ...] = (
    (("check", "exclude"), 7),
    ((*_WATCHED, "both_sign", "close"), 6),
    ((*_FORCED, "watch", "look", "look", "look", "both_sign", "close"), 2),
    (("check", "confirm", "persuade", "teach_at_home", "both_sign", "close"), 1),
    (("check", "confirm", "persuade", "propose", "both_sign", "lapse"), 1),
)


def stories(count: int) -> Iterator[tuple[tuple[str, ...], bool]]:
    """Spread so that few cases show many states too."""
    both = [(story, share, True) for story, share in _OPEN_STORIES]
    both += [(story, share, False) for story, share in _ENDED_STORIES]
    total = sum(share for _, share, _ in both)
    rounds = -(-count // total)
    given = 0
    for turn in range(max(share for _, share, _ in both) * rounds):
        for story, share, is_open in both:
            if turn < share * rounds and given < count:
                given += 1
                yield story, is_open
