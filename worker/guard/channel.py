"""The fence before kombu, on Redis alone, where a queue is a list into which anybody can push bytes.

Its price is that an envelope's JSON is read twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from celery.utils.log import get_logger
from redis import ResponseError

from worker.admission import envelope_fault, item_fault
from worker.broker import ANSWER_TIMEOUT_S
from worker.guard.unacknowledged import GuardedQoS
from worker.health.seeing import consuming
from worker.logs import events
from worker.quarantine import Quarantine

log = get_logger(__name__)

_TABLE_COLUMNS = 3  # routing key, pattern, queue
# KEYS  a key of the broker's; where to put it. ARGV  the type it should have. Answers the type that it had.
# One step: all workers are refused at once, and a second one would rename the good key that came after the first.
_SET_ASIDE = """
local found = redis.call('TYPE', KEYS[1]).ok
if found ~= ARGV[1] and found ~= 'none' then redis.call('RENAME', KEYS[1], KEYS[2]) end
return found
"""


class ChannelGuard:
    """What a Redis channel of kombu's must not be given; mixed in before it."""

    QoS = GuardedQoS
    quarantine: Quarantine
    most_bytes: int
    _kept: Any = None
    # What kombu's channel, behind this class, brings.
    unacked_key: str
    unacked_index_key: str
    keyprefix_queue: str
    keyprefix_binding_permanent: str
    keyprefix_binding_deadlines: str
    priority_steps: list[int]
    pool: Any
    conn_or_acquire: Callable[[], Any]
    _q_for_pri: Callable[[str, int], str]

    def _create_client(self, asynchronous: bool = False) -> Any:  # noqa: FBT001, FBT002 - kombu's signature
        if not asynchronous:
            return self._kept_client()
        client = super()._create_client(asynchronous)  # type: ignore[misc]
        client.parse_response = self._only_messages(client.parse_response)
        client.pubsub = _impatient(client.pubsub)
        return client

    def _kept_client(self) -> Any:
        """One client for all commands: kombu makes one for each, which costs a fifth of a doorbell (decision 24)."""
        if self._kept is None or self._kept.connection_pool is not self.pool:
            self._kept = super()._create_client()  # type: ignore[misc]
        return self._kept

    def _only_messages(self, parse: Callable[..., Any]) -> Callable[..., Any]:
        def parsed(connection: Any, command: str, **options: Any) -> Any:
            answer = parse(connection, command, **options)
            if command != "BRPOP" or not answer:
                return answer
            consuming.message()
            fault = item_fault(answer[1], self.most_bytes)
            if fault is None:
                return answer
            self.quarantine.item(answer[1], fault)
            return None  # as if nothing had come: the next poll asks again

        return parsed

    def _deliver_fanout_message(self, message: object, exchange: str) -> Any:
        fault = envelope_fault(message)
        if fault is None:
            return super()._deliver_fanout_message(message, exchange)  # type: ignore[misc]
        self.quarantine.junk(f"to all workers: {fault}")
        return True

    def set_aside_other_types(self, queues: Iterable[str]) -> None:
        """Renames what stands where a queue, or what is unacknowledged, should be: BRPOP would refuse for ever."""
        kinds = {self.unacked_key: "hash", self.unacked_index_key: "zset"}
        for queue in queues:
            kinds |= {self._q_for_pri(queue, priority): "list" for priority in self.priority_steps}
        self._set_aside(kinds)

    def _set_aside_bindings(self, exchange: str) -> None:
        tables = (self.keyprefix_queue % exchange, self.keyprefix_binding_permanent % exchange)
        self._set_aside({self.keyprefix_binding_deadlines: "zset"} | dict.fromkeys(tables, "set"))

    def _set_aside(self, kinds: dict[str, str]) -> None:
        with self.conn_or_acquire() as client:
            for key, kind in kinds.items():
                found = client.eval(_SET_ASIDE, 2, key, f"{key}:broken", kind).decode()
                if found not in {kind, "none"}:
                    events.KEY_SET_ASIDE.say(log, key=key, expected=kind, found=found)

    def _queue_bind(self, exchange: str, *args: Any) -> None:
        """Every connection that declares a queue binds it, those of control messages too; refused, it would loop."""
        try:
            super()._queue_bind(exchange, *args)  # type: ignore[misc]
        except ResponseError:
            self._set_aside_bindings(exchange)
            super()._queue_bind(exchange, *args)  # type: ignore[misc]

    def get_table(self, exchange: str) -> list[tuple[str, ...]]:
        """The bindings of an exchange that are bindings."""
        table: list[tuple[str, ...]] = super().get_table(exchange)  # type: ignore[misc]
        return [row for row in table if len(row) == _TABLE_COLUMNS]


def _impatient(make: Callable[..., Any]) -> Callable[..., Any]:
    """Subscriptions that wait for a message no longer than for any answer.

    kombu reads one where its socket was said to be readable, and redis-py then waits without an end. When the
    connection was opened anew since, behind a network that has fallen silent, that stops the worker's event loop.
    """

    def made(*args: Any, **kwargs: Any) -> Any:
        subscription = make(*args, **kwargs)
        subscription.parse_response = partial(subscription.parse_response, block=False, timeout=ANSWER_TIMEOUT_S)
        return subscription

    return made
