"""What those who may look are shown: no arguments, whoever has published them, and `/metrics` behind the password.

Flower shows what arrives. A foreign client that publishes `task-sent` events puts the arguments' text into them, and no
worker is asked; so they are cut off where events come in, before any page, API or search has them.
"""

from __future__ import annotations

from typing import Any

from flower import events as flower_events
from flower import urls
from flower.events import EventsState
from flower.views.monitor import Metrics
from tornado import web

from worker.contract import RECORDING
from worker.private_request import HIDDEN


class PrivateState(EventsState):
    """Flower's state, without the arguments of tasks that are given receipts."""

    def event(self, event: dict[str, Any]) -> None:
        """Takes an event in."""
        super().event(without_arguments(event))


def without_arguments(event: dict[str, Any]) -> dict[str, Any]:
    """The event as it may be shown. Only those of a task's beginning carry arguments, and they name the task."""
    if event.get("name") not in RECORDING:
        return event
    return event | {key: HIDDEN for key in ("args", "kwargs") if key in event}


class ClosedMetrics(Metrics):
    """`/metrics`, which names workers and tasks, for those alone who may look at the rest."""

    @web.authenticated
    async def get(self) -> None:
        """Answers what Prometheus asks for."""
        await super().get()


def close_doors() -> None:
    """Called once, before Flower makes its application. `/healthcheck` stays open: it says OK, and nothing else."""
    flower_events.EventsState = PrivateState
    urls.handlers[:] = [_closed(handler) for handler in urls.handlers]


def _closed(handler: Any) -> Any:
    return (handler[0], ClosedMetrics) if isinstance(handler, tuple) and handler[1] is Metrics else handler
