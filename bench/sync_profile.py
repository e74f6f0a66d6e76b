"""Where a sync's processor time goes: `python -m bench.sync_profile [--slots 3000]`.

One sync as the sync task runs it, in this process, under cProfile with each thread's own processor time: its thread
that claims and settles, and those that send. The profiler makes small functions dearer than they are, so the shares
tell what to look at, and a figure without it (`python -m bench drain`) what a change has brought.
"""

import cProfile
import os
import pstats
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import click

from bench.drain import SLOTS, UNBRIDLED, build_slots, marks_of
from bench.running import API_KEY, Running, running
from settings import load
from worker.runtime import Runtime
from worker.sync import Sync

TIME_S = 600.0


class ProfiledPool(ThreadPoolExecutor):
    """Threads that are profiled, each by itself."""

    def __init__(self, threads: int) -> None:
        super().__init__(threads)
        self.profiles: dict[int, cProfile.Profile] = {}

    def submit(self, call: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        """As the pool does, the call under its thread's profile."""
        return super().submit(self._profiled, call, *args, **kwargs)

    def _profiled(self, call: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        profile = self.profiles.setdefault(threading.get_ident(), cProfile.Profile(time.thread_time))
        return profile.runcall(call, *args, **kwargs)


@click.command(context_settings={"show_default": True})
@click.option("--slots", default=SLOTS, type=click.IntRange(1, 100_000), help="How many are drained.")
@click.option("--lines", default=25, type=click.IntRange(1, 500), help="How many functions are shown of each.")
def main(slots: int, lines: int) -> None:
    """Drain distinct slots once unprofiled, for the warm-up, then once under the profiler."""
    with running() as system:
        marks = marks_of(slots)
        build_slots(system.api, marks)
        held = Runtime(load(_settings(system)))
        held.ways["default"].ledger.publish_policy()
        way, pool = held.ways["default"], ProfiledPool(held.settings.connections)
        system.queue.record_many(marks)
        Sync(way, held.pools["default"], "", TIME_S, lambda: False).run()
        system.queue.record_many(marks)
        own = cProfile.Profile(time.thread_time)
        own.runcall(Sync(way, pool, "", TIME_S, lambda: False).run)
        _show("the thread that claims and settles", [own], slots, lines)
        _show("the threads that send", list(pool.profiles.values()), slots, lines)


def _settings(system: Running) -> dict[str, str]:
    return {
        **os.environ,
        "REDIS_URL": system.redis_server.url,
        "QUICKBLOX_ENDPOINT": system.api_url,
        "QUICKBLOX_API_KEY": API_KEY,
        **UNBRIDLED,
    }


def _show(title: str, profiles: list[cProfile.Profile], slots: int, lines: int) -> None:
    stats: Any = pstats.Stats(*profiles)  # its total is not among typeshed's
    click.echo(f"{title}: {1e6 * stats.total_tt / slots:,.0f} us of processor time a PUT, under the profiler")
    stats.strip_dirs().sort_stats("cumulative").print_stats(lines)


if __name__ == "__main__":
    main()
