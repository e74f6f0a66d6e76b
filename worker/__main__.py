"""The worker's command line: `python -m worker …`."""

import sys

from worker.health import command as health

if __name__ == "__main__":
    if sys.argv[1:2] == ["health"]:
        # Past the other commands, whose imports take longer than the answer: it is asked every few seconds.
        sys.exit(health.main(sys.argv[2:]))
    from worker.commands import main

    main(prog_name="python -m worker")
