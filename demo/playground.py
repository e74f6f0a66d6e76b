"""`python -m demo.playground [--port 8090]`: the sandbox and its page, a worker, and players."""

import argparse
import shutil
import sys
import tempfile
import time
from pathlib import Path

import redis
import requests

from demo.player import Player
from demo.stage import RefusedError, set_up
from sandbox.client import SandboxError
from stack.process import ProcessError
from stack.signals import end_what_was_started

LOOK_EVERY_S = 0.5
WORDS = "Open it, press a button under “Play”, and turn the API's faults. Ctrl-C ends it."
FAILURES = (RefusedError, ProcessError, SandboxError, OSError, redis.RedisError, requests.RequestException)


def main() -> int:
    """Returns the exit code: 0 after Ctrl-C, 1 when something ended by itself."""
    parser = argparse.ArgumentParser(prog="demo.playground", description="A page on which receipts can be watched.")
    parser.add_argument("--port", type=int, default=8090, help="the page's port; 0 takes a free one (8090)")
    port = parser.parse_args().port
    end_what_was_started()
    log_dir = Path(tempfile.mkdtemp(prefix="receipts-playground-"))
    try:
        _run(log_dir, port)
    except KeyboardInterrupt:
        print("\nEnding everything.")
    except FAILURES as failure:
        print(f"{type(failure).__name__}: {failure}\nlogs: {log_dir}", file=sys.stderr)
        return 1
    shutil.rmtree(log_dir, ignore_errors=True)
    return 0


def _run(log_dir: Path, port: int) -> None:
    with set_up(log_dir, None, sandbox_port=port) as stage:
        print("starting a worker ...", flush=True)
        stage.start_services({}, ("worker",))
        player = Player(stage.redis_url, stage.sandbox_url, stage.ledger)
        player.start()
        try:
            print(f"{stage.page_url}\n{WORDS}\nFor an application of yours: REDIS_URL={stage.redis_url}", flush=True)
            while player.is_alive():
                stage.check()
                time.sleep(LOOK_EVERY_S)
        finally:
            player.stop()
        if player.failure:
            raise player.failure


if __name__ == "__main__":
    sys.exit(main())
