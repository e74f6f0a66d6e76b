"""Beat's schedule: the jobs of the schedule file, and where only beat sees them.

In the application's configuration they would stand on Flower's pages, with the texts and tokens in their arguments.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from celery.beat import PersistentScheduler
from celery.schedules import crontab

from settings import Job
from worker.app import settings
from worker.contract import RECEIPTS_QUEUE


def entry(job: Job) -> dict[str, Any]:
    """A job as Celery's scheduler takes it."""
    return {
        "task": job.task,
        "schedule": job.every_s if job.crontab is None else crontab(**asdict(job.crontab)),
        "kwargs": job.kwargs,
        "options": {"queue": RECEIPTS_QUEUE, "argsrepr": "(hidden)", "kwargsrepr": "(hidden)"},
    }


class Scheduler(PersistentScheduler):
    """Celery's own scheduler, with the jobs of the settings."""

    def setup_schedule(self) -> None:
        """Called once, when beat starts."""
        self.app.conf.beat_schedule = {job.name: entry(job) for job in settings.schedule}
        super().setup_schedule()
