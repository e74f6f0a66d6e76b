"""A web app under gevent: everything is patched first, as its documentation asks.

`python -m tests.integration.gevent_app URL AWAY_URL HANGING_URL`: a ledger, one that comes later, one that never
answers. Each line of its output is JSON.
"""

from __future__ import annotations

from gevent import monkey

if __name__ == "__main__":  # the test reads the numbers from here, and stays as it is
    monkey.patch_all()

import json
import os
import sys
import threading
import time

import gevent
import redis

from receipt_sync import LocalBuffer, ReceiptQueue
from tests.shorthand import DIALOG

GREENLETS, EACH = 100, 10
TIMEOUT_S, TICK_S = 0.25, 0.01


def in_greenlets(queue: ReceiptQueue, first_user: int) -> None:
    """Many at once; raises what one of them raises."""

    def run(greenlet: int) -> None:
        for number in range(EACH):
            queue.mark_dialog_read(DIALOG, user_id=first_user + EACH * greenlet + number)

    gevent.joinall([gevent.spawn(run, greenlet) for greenlet in range(GREENLETS)], raise_error=True)


def ticks_while_redis_hangs(url: str) -> int:
    """How often another greenlet has its turn while one waits for an answer."""
    ticks = 0

    def tick() -> None:
        nonlocal ticks
        while True:
            gevent.sleep(TICK_S)
            ticks += 1

    ticking = gevent.spawn(tick)
    try:
        ReceiptQueue(url, timeout_s=TIMEOUT_S).mark_dialog_read(DIALOG, user_id=1)
    except redis.TimeoutError:
        return ticks
    finally:
        ticking.kill()
    raise AssertionError("a Redis that hangs has answered")


def child_records(queue: ReceiptQueue) -> int:
    """A forked child, with greenlets of its own; answers how it ended."""
    pid = os.fork()
    if pid == 0:
        try:
            in_greenlets(queue, 1_000_000)
        except BaseException as error:  # noqa: BLE001 - told by the exit code
            print(repr(error), file=sys.stderr, flush=True)
            os._exit(1)
        os._exit(0)
    in_greenlets(queue, 2_000_000)
    return os.waitpid(pid, 0)[1]


def say(**facts: object) -> None:
    """A line for the test."""
    print(json.dumps(facts), flush=True)


def main(url: str, away_url: str, hanging_url: str) -> None:
    """Everything in turn."""
    queue = ReceiptQueue(url, timeout_s=10)
    in_greenlets(queue, 1)
    say(patched=monkey.is_module_patched("socket"), ticks=ticks_while_redis_hangs(hanging_url))
    say(child=child_records(queue))
    buffer = LocalBuffer(retry_s=0.1)
    later = ReceiptQueue(away_url, timeout_s=5, when_down=buffer)
    in_greenlets(later, 1)
    say(kept=len(buffer), threads=sum(thread.name == "receipts" for thread in threading.enumerate()))
    while len(buffer):
        time.sleep(0.05)
    later.close()
    say(left=len(buffer), threads=sum(thread.name == "receipts" for thread in threading.enumerate()))


if __name__ == "__main__":
    main(*sys.argv[1:])
