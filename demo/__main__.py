"""`python -m demo [--keep]`: arguments, and what the exit code means."""

import argparse
import os
import shutil
import sys
import time
from pathlib import Path

import redis
import requests
from rich.console import Console
from rich.markup import escape

from demo import summary
from demo.performance import Performance
from demo.player import Player
from demo.progress import screen_on
from demo.scenario import Scenario
from demo.stage import RefusedError, Stage, set_up
from demo.verify import verify
from sandbox.client import SandboxError
from stack.process import ProcessError
from stack.services import PROJECT
from stack.signals import end_what_was_started

RIGHT, WRONG, REFUSED, INTERRUPTED = 0, 1, 2, 130
LOOK_EVERY_S = 1.0
FAILURES = (ProcessError, SandboxError, OSError, redis.RedisError, requests.RequestException)


def main() -> int:
    """Run the demo; returns the exit code."""
    keep = _arguments().keep
    console = _console()
    end_what_was_started()
    log_dir = PROJECT / ".demo" / f"{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}"
    log_dir.mkdir(parents=True)
    code = _run(console, log_dir, keep=keep)
    if code in (RIGHT, REFUSED):
        shutil.rmtree(log_dir)
    else:
        console.print(f"Logs: {escape(str(log_dir))}", highlight=False, soft_wrap=True)
    return code


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="demo", description="Run the main job for real on this machine.")
    parser.add_argument("--keep", action="store_true", help="leave everything running after the check, until Ctrl-C")
    return parser.parse_args()


def _console() -> Console:
    # A stream that cannot write a character is no reason to stop half-way.
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="replace")
    return Console()


def _run(console: Console, log_dir: Path, *, keep: bool) -> int:
    try:
        with set_up(log_dir, os.environ.get("REDIS_URL") or None) as stage:
            scenario = Scenario.make()
            code = _perform(console, stage, scenario)
            if keep:
                _keep(console, stage, scenario)
            return code
    except RefusedError as refusal:
        console.print(escape(str(refusal)), style="bold yellow", soft_wrap=True)
        return REFUSED
    except FAILURES as failure:
        console.print(f"{type(failure).__name__}: {escape(str(failure))}", style="red", soft_wrap=True)
        return WRONG
    except KeyboardInterrupt:
        console.print("\nInterrupted; everything that was started has been ended.", style="yellow")
        return INTERRUPTED


def _perform(console: Console, stage: Stage, scenario: Scenario) -> int:
    summary.print_prologue(console, scenario)
    stage.sandbox.build_world(**scenario.world())
    with console.status("starting worker, beat and Flower ..."):
        stage.start_services(scenario.schedule())
    with screen_on(console) as screen:
        evidence = Performance(stage, scenario, screen).run()
    findings = verify(evidence)
    summary.print_figures(console, evidence, scenario)
    summary.print_findings(console, findings)
    return WRONG if any(finding.cases for finding in findings) else RIGHT


def _keep(console: Console, stage: Stage, scenario: Scenario) -> None:
    stage.start_beat()
    player = Player(stage.redis_url, stage.sandbox_url, stage.ledger)
    player.start()
    summary.print_addresses(console, stage, scenario)
    try:
        while player.is_alive():
            time.sleep(LOOK_EVERY_S)
            stage.check()
    except KeyboardInterrupt:
        console.print("\nEnding everything.")
    finally:
        player.stop()
    if player.failure:
        raise player.failure


if __name__ == "__main__":
    sys.exit(main())
