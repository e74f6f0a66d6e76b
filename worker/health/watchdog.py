"""The watchdog: a thread of the main process that looks, has it judged, writes the report, and ends what is stuck."""

from __future__ import annotations

import logging
import os
import threading
import time
from typing import Any

from celery import bootsteps

from settings import Settings
from worker.health.ending import end_stuck
from worker.health.judging import Judge, Judgement
from worker.health.probing import Probe
from worker.health.report import Reporter, directory
from worker.health.seeing import Probed, Seen, consuming, tasks
from worker.health.systemd import notify
from worker.lifecycle import holdings, stopping
from worker.logs import events

log = logging.getLogger(__name__)

_LOOK_EVERY_S = 2.0


class Watchdog(threading.Thread):
    """Watches one worker.

    Args:
        worker: Celery's; its ticker is the bootstep's.
        settings: the worker's.
    """

    def __init__(self, worker: Any, settings: Settings) -> None:
        super().__init__(name="watchdog", daemon=True)
        self._worker, self._soft_s = worker, settings.shutdown_s
        self._every_s = min(_LOOK_EVERY_S, settings.stuck_after_s / 8)
        self._probe = Probe(worker.app, settings, settings.stuck_after_s / 5)
        self._judge = Judge(settings.stuck_after_s, self._every_s)
        self._reporter = _reporter(settings, worker.hostname)
        self._ended = threading.Event()
        self._was_ready = False

    def end(self) -> None:
        """Ends the thread and takes the report away."""
        self._ended.set()
        self._probe.end()
        self.join(2 * _LOOK_EVERY_S)
        if self._reporter:
            self._reporter.end()

    def run(self) -> None:
        """Looks until `end`; the first time at once, for whoever asks as soon as the worker is there."""
        self._probe.start()
        while True:
            try:
                self._watch()
            except Exception as error:  # noqa: BLE001 - else nobody would watch, and nobody know
                # The report grows old: from outside it is as if the worker stood still.
                events.WATCHDOG_FAILS.say(log, error=type(error).__name__)
            if self._ended.wait(self._every_s):
                return

    def _watch(self) -> None:
        judgement = self._judge.judge(self._look(), time.monotonic())
        self._report(judgement)
        if not judgement.live:
            end_stuck(judgement, self._pool, self._soft_s)

    def _look(self) -> Seen:
        # The probe first: what it saw is older than what the others say, so that nothing moves unseen in between.
        probed: Probed = self._probe.said
        ticker = getattr(self._worker, "ticker", None)
        handed, held = tasks()
        return Seen(
            connection=consuming.connection,
            turns=consuming.turns,
            messages=consuming.messages,
            handed=handed,
            held=held,
            # Only then does it matter, and the pool collects much to tell it.
            processes=len(self._pool()) if handed else 0,
            working=holdings.working(),
            ticks=None if ticker is None else ticker.ticks,
            ticker_lives=ticker is None or ticker.is_alive(),
            failing=ticker is not None and ticker.failing,
            probed=probed,
            stopping=stopping(),
        )

    def _pool(self) -> list[int]:
        """The processes of the pool; a pool without any tells its own."""
        pids = self._worker.pool.info.get("processes", ())
        return [pid for pid in pids if isinstance(pid, int) and pid != os.getpid()]

    def _report(self, judgement: Judgement) -> None:
        if judgement.live:
            notify("WATCHDOG=1")
        if judgement.ready and not self._was_ready:
            self._was_ready = True
            notify("READY=1")
        if self._reporter is None:
            return
        try:
            self._reporter.write(live=judgement.live, ready=judgement.ready, why=judgement.why)
        except OSError as error:
            events.REPORT_NOT_WRITTEN.say(log, error=type(error).__name__)


def _reporter(settings: Settings, name: str) -> Reporter | None:
    try:
        return Reporter(directory(settings.health_dir), "worker", name)
    except OSError as error:
        events.REPORT_NOT_WRITTEN.say(log, error=type(error).__name__)
        return None


def watchdog_step(settings: Settings) -> type[bootsteps.StartStopStep]:
    """The bootstep that gives a worker its watchdog."""

    class WatchdogStep(bootsteps.StartStopStep):
        """Starts the watchdog after the pool has forked: threads do not survive a fork."""

        requires = ("celery.worker.components:Pool",)

        def start(self, worker: Any) -> None:
            self.watchdog = Watchdog(worker, settings)
            self.watchdog.start()

        def stop(self, worker: Any) -> None:  # noqa: ARG002 - celery's signature
            notify("STOPPING=1")
            self.watchdog.end()

        terminate = stop

    return WatchdogStep
