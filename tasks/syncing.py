"""The doorbell's task: it carries no receipts, only the word that there is work."""

from __future__ import annotations

import logging
from contextlib import suppress
from typing import Any

import redis

from worker.app import app, settings
from worker.contract import SYNC
from worker.events import events
from worker.lifecycle import finishing_first, holdings, most_syncs, stopping, take_seat, too_late
from worker.logs import events as log_events
from worker.runtime import Runtime, runtime
from worker.sending import Way
from worker.sentry import tag_errors
from worker.staying import Stay
from worker.sync import LASTING_S, Sync
from worker.task_events import counted
from worker.ticker import doorbell, ring_for

log = logging.getLogger(__name__)

_TOLD_WITHIN_S = 0.5


@app.task(name=SYNC, typing=False, bind=True)
def sync(self: Any, application: object = None, permit: object = "", *_args: object, **_more: object) -> str:
    """Sends what is due in one application, and in the others while it lasts; gives its places back and rings on.

    Answers what Flower shows: the API's answers, by application and verdict.

    A doorbell of an older or newer version may say less or more; what it says beyond these two is not needed.
    """
    held = runtime(settings)
    way = held.ways.get(application) if isinstance(application, str) else None
    if way is None or not isinstance(permit, str):
        # Rung by a worker with other settings. Its permit runs out by itself, and another doorbell is rung for it; to
        # give it back would let the two toss it to each other without end.
        log_events.DOORBELL_FOREIGN.say(log)
        return "not for this worker"
    if len(held.ways) > 1 and not holdings.enter_sync(most_syncs(), LASTING_S):
        # The syncs that last serve this application, too, and this process stays free for the broker's receipts.
        way.ledger.give_back(permit)
        return "other syncs are at it"
    tag_errors(way.ledger.application)
    run = Sync(
        way,
        held.pools[way.ledger.application],
        permit,
        settings.sync_time_s,
        stopping,
        too_late(settings.shutdown_s),
        holdings.note,
        [(other, held.pools[name]) for name, other in held.ways.items() if other is not way],
        _stay(held, way),
        holdings.sign_of_life,
        self.request.id or "",
    )
    try:
        with finishing_first():
            run.run()
    finally:
        # Before it rings on: what falls due behind that would be turned away by a sync that sends it no more.
        holdings.leave_sync()
        for ledger in run.guests:
            # One whose ledger fails keeps its place until it runs out; its ticker says so.
            with suppress(redis.RedisError):
                ring_for(ledger, doorbell(app), permit)
        ring_for(way.ledger, doorbell(app), permit)
        # Only where there was something to tell: a process may be ended as soon as its task is.
        events.wait_until_told(_TOLD_WITHIN_S)
    return counted(run.puts, events.left_out)


def _stay(held: Runtime, way: Way) -> Stay | None:
    """How a sync stays; not beside other applications, whose doorbells need the process."""
    if len(held.ways) > 1:
        return None
    return Stay(held.redis, way.ledger.application, take_seat, holdings.leave_seat, stopping)
