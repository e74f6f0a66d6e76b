"""`python -m tests.openapi [--seed N] [--examples N]`: exit code 0 when nothing was found."""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from sandbox.client import SandboxClient
from stack.ports import free_port
from stack.services import PROJECT, environment, start_sandbox
from stack.signals import end_what_was_started

HERE = Path(__file__).parent
CALLER = 8_675_309_012_345  # a number that is not made up by chance


@dataclass(frozen=True)
class Run:
    """One run: its file's name, which calls it tries, and further options."""

    name: str
    tag: str
    options: tuple[str, ...] = ()


RUNS = (
    Run("by-token", "chat"),
    Run("by-key", "chat", ("--exclude-path-regex", "^/(session|login)")),
    Run("control", "control"),
)


def main() -> int:
    """Returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.openapi")
    parser.add_argument("--seed", type=int, default=1, help="of the examples (1)")
    parser.add_argument("--examples", type=int, default=8, help="at most, of each kind, for each call (8)")
    options = parser.parse_args()
    begun_s, port = time.monotonic(), free_port()
    with tempfile.TemporaryDirectory(prefix="receipts-openapi-") as directory:
        sandbox = start_sandbox(sys.executable, port, Path(directory))
        try:
            url = f"http://127.0.0.1:{port}"
            failed = [run.name for run in RUNS if not _passes(run, url, Path(directory), options)]
        finally:
            sandbox.kill()
    print(f"{', '.join(failed) or 'nothing'} found in {time.monotonic() - begun_s:.0f} s")
    return int(bool(failed))


def _passes(run: Run, url: str, directory: Path, options: argparse.Namespace) -> bool:
    with SandboxClient(url) as sandbox:
        token = sandbox.session(CALLER)
    command = [
        str(Path(sys.executable).parent / "schemathesis"),
        "--config-file",
        str(HERE / f"{run.name}.toml"),
        "run",
    ]
    command += [f"{url}/_sandbox/openapi.json", "--include-tag", run.tag, "--checks", "all", *run.options]
    command += ["--max-examples", str(options.examples), "--seed", str(options.seed)]
    named = {
        "SANDBOX_URL": url,
        "SANDBOX_TOKEN": token,
        "SANDBOX_CALLER": str(CALLER),
        "SCHEMATHESIS_HOOKS": "tests.openapi.hooks",
    }
    print(f"== {run.name}", flush=True)
    # In a folder of its own: what a run keeps for the next one is of no use here.
    done = subprocess.run(command, cwd=directory, env=environment(named, PROJECT), check=False)
    return done.returncode == 0


if __name__ == "__main__":
    end_what_was_started()
    sys.exit(main())
