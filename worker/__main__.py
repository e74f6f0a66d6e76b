"""The worker's command line: `python -m worker …`."""

from worker.commands import main

if __name__ == "__main__":
    main(prog_name="python -m worker")
