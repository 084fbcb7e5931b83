"""script/bench [NAME…] [--size N] [--rounds K] [--long]"""

import argparse
import importlib
import sys

from bench import packages, report
from bench.harness import Failed, Run, say
from bench.servers import Servers

MODULES = {
    "import": "bench.imports",
    "build": "bench.builds",
    "export": "bench.exports",
    "pull": "bench.pulls",
    "list": "bench.lists",
    "comparison": "bench.comparison",
    "preview": "bench.previews",
    "duplicates": "bench.duplicates",
    "deadlines": "bench.deadlines",
    "visits": "bench.visits",
}


def main():
    options = argparse.ArgumentParser(prog="script/bench", description=__doc__)
    options.add_argument("names", nargs="*", metavar="NAME", help=", ".join(MODULES))
    options.add_argument("--size", type=int, help="rows, instead of the size of the goals")
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--long", action="store_true", help="also build for 1,000,000 children")
    options.add_argument("--results", help="folder, instead of bench/results")
    asked = options.parse_args()
    unknown = set(asked.names) - set(MODULES)
    if unknown:
        options.error(f"no such bench: {', '.join(sorted(unknown))}")
    packages.install()
    folder = report.Path(asked.results) if asked.results else report.RESULTS
    missed = 0
    with Servers() as servers:
        run = Run(servers=servers, size=asked.size, rounds=asked.rounds, long=asked.long)
        for name in asked.names or MODULES:
            say(name)
            found = importlib.import_module(MODULES[name]).bench(run)
            found.write(folder)
            report.write_table(folder)
            for goal in found.goals:
                print(goal.as_row(), flush=True)
                missed += not goal.is_met
    return 1 if missed else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Failed as failure:
        say(f"bench failed: {failure}")
        sys.exit(2)
