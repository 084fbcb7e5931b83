import os
import sys

from config.supervisor.command import manage, run_client
from config.supervisor.layout import Refused, from_environment, say
from config.supervisor.serve import serve


def main() -> int:
    try:
        layout = from_environment(os.environ)
        match sys.argv[1:]:
            case ["manage", *arguments]:
                return manage(layout, arguments)
            case ["client", *arguments]:
                return run_client(layout, arguments)
        return serve(layout)
    except Refused as refusal:
        say(f"cannot start: {refusal}")
        return 1


sys.exit(main())
