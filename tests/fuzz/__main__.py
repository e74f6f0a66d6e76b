"""`python -m tests.fuzz [--inputs N] [--seed N]`: prints how many inputs each door took; 1 at the end if one failed."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from stack.signals import end_what_was_started
from tests.fuzz.running import run_all


def main() -> None:
    """Runs all doors."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("--inputs", type=int, default=220_000, help="in all (220000)")
    parser.add_argument("--seed", type=int, default=1, help="of the random numbers (1)")
    options = parser.parse_args()
    begun_s, total, different = time.monotonic(), 0, 0
    with tempfile.TemporaryDirectory() as directory:
        for name, checked in run_all(Path(directory), options.inputs, options.seed):
            total, different = total + checked.inputs, different + checked.different
            print(f"{name:<36} {checked.inputs:>9,} {checked.different:>9,} different", flush=True)
    took = f"{time.monotonic() - begun_s:.0f} s, seed {options.seed}"
    print(f"{'all; exceptions: 0':<36} {total:>9,} {different:>9,} different   {took}")
    if total < options.inputs * 0.99:
        sys.exit(f"only {total} inputs were checked, {options.inputs} were asked for")


if __name__ == "__main__":
    end_what_was_started()
    main()
