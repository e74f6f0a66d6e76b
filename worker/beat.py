"""Beat's schedule: the jobs of the schedule file, and where only beat sees them.

In the application's configuration they would stand on Flower's pages, with the texts and tokens in their arguments.
"""

from __future__ import annotations

import logging
import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

from celery.beat import PersistentScheduler
from celery.schedules import crontab

from settings import Job
from worker.app import settings
from worker.contract import RECEIPTS_QUEUE
from worker.health.report import Reporter, directory
from worker.health.systemd import notify
from worker.logs import events
from worker.private_directory import make_private, of_this_user

log = logging.getLogger(__name__)


def entry(job: Job) -> dict[str, Any]:
    """A job as Celery's scheduler takes it."""
    return {
        "task": job.task,
        "schedule": job.every_s if job.crontab is None else crontab(**asdict(job.crontab)),
        "kwargs": job.kwargs,
        "options": {"queue": RECEIPTS_QUEUE, "argsrepr": "(hidden)", "kwargsrepr": "(hidden)"},
    }


class Scheduler(PersistentScheduler):
    """Celery's own scheduler, with the jobs of the settings; says at each step that it lives."""

    _reporter: Reporter | None = None
    _ticked = False

    def setup_schedule(self) -> None:
        """Called once, when beat starts.

        Raises:
            PermissionError: what is to be its directory among the temporary ones is not this user's alone.
        """
        if Path(self.schedule_filename).parent == of_this_user("beat"):
            make_private(of_this_user("beat"))
        self.app.conf.beat_schedule = {job.name: entry(job) for job in settings.schedule}
        try:
            self._reporter = Reporter(directory(settings.health_dir), "beat", "beat")
        except OSError as error:
            events.REPORT_NOT_WRITTEN.say(log, error=type(error).__name__)
        super().setup_schedule()

    def _open_schedule(self) -> Any:
        # The jobs' arguments stand in it, texts and tokens among them.
        before = os.umask(0o077)
        try:
            return super()._open_schedule()
        finally:
            os.umask(before)

    def tick(self, *args: Any, **kwargs: Any) -> Any:
        """Called at least every `beat_max_loop_interval`."""
        self._lives(ready=True)
        return super().tick(*args, **kwargs)

    def apply_async(self, *args: Any, **kwargs: Any) -> Any:
        """Called for each job that is due; several may take their time when the broker does not answer."""
        self._lives(ready=True)
        return super().apply_async(*args, **kwargs)

    def _ensure_connected(self) -> Any:
        """Waits for the broker, as long as it takes: that is no fault of beat's."""

        def waits(error: Exception, _interval_s: float) -> None:
            events.BEAT_WAITS.say(log, error=type(error).__name__)
            self._lives(ready=False, why="the broker is not reached")

        return self.connection.ensure_connection(waits, self.app.conf.broker_connection_max_retries)

    def close(self) -> None:
        """Called once, when beat ends."""
        if self._reporter:
            self._reporter.end()
        super().close()

    def _lives(self, *, ready: bool, why: str = "") -> None:
        notify("WATCHDOG=1" if self._ticked else "READY=1")
        self._ticked = True
        if self._reporter is None:
            return
        try:
            self._reporter.write(live=True, ready=ready, why=why)
        except OSError as error:
            events.REPORT_NOT_WRITTEN.say(log, error=type(error).__name__)
