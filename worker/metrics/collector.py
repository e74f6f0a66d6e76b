"""The collector: every application's ledger, read when Prometheus asks, side by side and in bounded time."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait

import redis
from prometheus_client.metrics_core import Metric as Family
from prometheus_client.registry import Collector

from worker.logs import events
from worker.metrics.declared import UP
from worker.metrics.sheet import Sheet
from worker.metrics.values import Row, read_values

log = logging.getLogger(__name__)

# Prometheus gives a scrape 10 s unless told otherwise, and takes nothing of one that comes later.
ANSWER_WITHIN_S = 8.0
_SIDE_BY_SIDE = 8


class LedgerCollector(Collector):
    """Collects all applications; one whose ledger cannot be read in time is `receipts_up` 0, and hides no other.

    Args:
        client: the ledger's Redis; answers must be bytes. Its timeouts should be shorter than `within_s`.
        applications: their names.
        within_s: how long a collection may take.
    """

    def __init__(self, client: redis.Redis, applications: Sequence[str], within_s: float = ANSWER_WITHIN_S) -> None:
        self._client, self._applications, self._within_s = client, applications, within_s
        self._threads = ThreadPoolExecutor(_SIDE_BY_SIDE, thread_name_prefix="ledger")
        self._troubles: dict[str, str] = {}

    def describe(self) -> Iterable[Family]:
        """What will be collected, without asking anybody: prometheus_client wants to know before the first scrape."""
        return Sheet().families()

    def collect(self) -> Iterable[Family]:
        """One answer."""
        sheet = Sheet()
        asked = {self._threads.submit(read_values, self._client, name): name for name in self._applications}
        wait(asked, self._within_s)
        for future, application in asked.items():
            rows = self._rows(future, application)
            sheet.add(application, UP, float(rows is not None), {})
            for metric, value, labels in rows or ():
                sheet.add(application, metric, value, labels)
        return sheet.families()

    def _rows(self, future: Future[list[Row]], application: str) -> list[Row] | None:
        if not future.done():
            # One that has not begun must not begin: the next scrape asks anew, and they would pile up.
            future.cancel()
            self._say_once(application, f"no answer within {self._within_s:g} s")
            return None
        error = future.exception()
        if error is None:
            if self._troubles.pop(application, None):
                events.LEDGER_READ_AGAIN.say(log, application=application)
            return future.result()
        if not isinstance(error, redis.RedisError):
            events.LEDGER_READING_BUG.say(log, because=error, application=application, error=type(error).__name__)
        # An error's words may hold addresses and passwords.
        self._say_once(application, type(error).__name__)
        return None

    def _say_once(self, application: str, what: str) -> None:
        """Said when it begins or changes, not with every scrape."""
        if self._troubles.get(application) != what:
            events.LEDGER_UNREAD.say(log, application=application, reason=what)
        self._troubles[application] = what
