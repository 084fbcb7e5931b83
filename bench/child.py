"""One measurement in a fresh process: python -m bench.child MODULE:FUNCTION ARGUMENTS RESULT.

The function gets the arguments as keywords and returns {"seconds": …, …}; Django is set up before
it is called, so no variant pays for that.
"""

import importlib
import json
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import django


@contextmanager
def clock(said, key="seconds"):
    began = time.perf_counter()
    yield
    said[key] = time.perf_counter() - began


def main():
    place, arguments, result = sys.argv[1:]
    django.setup()
    module, function = place.split(":")
    said = getattr(importlib.import_module(module), function)(**json.loads(arguments))
    Path(result).write_text(json.dumps(said))


if __name__ == "__main__":
    main()
