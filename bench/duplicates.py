"""The search for doubled records on a seeded county with known ones: recall, precision, time.

Into a demo county go second records of children it has, changed as clerks change them, and decoys:
twins, and namesakes of one birthday. A pair counts as found when it is put before a person as one
child; what is marked as twins does not count.
"""

import time
from collections import Counter
from random import Random

from bench.doubles import DECOYS, plant
from bench.harness import Variant, in_turns
from bench.report import Goal, Report

DATABASE = "duplicates"
RECALL, PRECISION = 0.95, 0.90


def bench(run):
    size = run.size or 100_000
    base = run.demo(size)
    run.servers.copy(base, DATABASE)
    per_kind = max(10, size // 1000)
    run.call("bench.duplicates:sow", database=DATABASE, per_kind=per_kind)
    run.servers.settle(DATABASE)
    search = Variant(
        "find_duplicates", lambda _: run.call("bench.duplicates:search", database=DATABASE)
    )
    in_turns([search], run.rounds)
    found = search.facts[-1]
    goals = [
        Goal("duplicates: recall on the seeded set", found["recall"], RECALL, True, ""),
        Goal("duplicates: precision on the seeded set", found["precision"], PRECISION, True, ""),
    ]
    title = f"Search for doubled records among {size:,} children"
    return Report("duplicates", title, size, goals, [search], _notes(found))


def _notes(found):
    kinds = [f"{kind} {hit}/{all_of}" for kind, (hit, all_of) in found["kinds"].items()]
    return [
        "found of each kind: " + ", ".join(kinds),
        f"{found['pairs']} pairs put forward, {found['twins']} more marked as twins;"
        f" wrongly put forward: {found['wrong'] or 'none'}",
    ]


def sow(per_kind, seed=11):
    """As a process of its own; the truth stays in a file beside the county."""
    from core import tenancy
    from ledgers.demo.county import COUNTY

    with tenancy.inside(COUNTY):
        truth = plant(county=COUNTY, per_kind=per_kind, rng=Random(seed))
    _truth_file().write_text(repr(truth))
    return {"seconds": 0, "records": len(truth)}


def search():
    import ast

    from django.utils import timezone

    from core import tenancy
    from ledgers.demo.county import COUNTY
    from students.duplicates import finding

    truth = ast.literal_eval(_truth_file().read_text())
    with tenancy.inside(COUNTY):
        began = time.perf_counter()
        finding.find(county=COUNTY, now=timezone.now())
        seconds = time.perf_counter() - began
        return {"seconds": seconds, **judge(truth)}


def _truth_file():
    from django.conf import settings

    return settings.APP_DATA / "bench-duplicates.txt"


def judge(truth):
    """`truth`: (first, second) -> kind; kinds in DECOYS are two children."""
    from students.models import DuplicatePair

    rows = DuplicatePair.objects.filter(state=DuplicatePair.State.OPEN)
    pairs = {(row.first_id, row.second_id): row.looks_like_twins for row in rows}
    forward = {pair for pair, twins in pairs.items() if not twins}
    wanted = {pair for pair, kind in truth.items() if kind not in DECOYS}
    kinds = Counter(truth[pair] for pair in wanted)
    hits = Counter(truth[pair] for pair in wanted & forward)
    return {
        "recall": len(wanted & forward) / len(wanted),
        "precision": len(wanted & forward) / max(1, len(forward)),
        "pairs": len(forward),
        "twins": len(pairs) - len(forward),
        "kinds": {kind: (hits[kind], kinds[kind]) for kind in sorted(kinds)},
        "wrong": dict(Counter(truth.get(pair, "of the demo itself") for pair in forward - wanted)),
    }
