"""The doorbell's task: it carries no receipts, only the word that there is work."""

from __future__ import annotations

import logging
from contextlib import suppress

import redis

from worker.app import app, settings
from worker.contract import SYNC
from worker.lifecycle import finishing_first, holdings, most_syncs, stopping, take_seat, too_late
from worker.logs import events
from worker.runtime import Runtime, runtime
from worker.sending import Way
from worker.staying import Stay
from worker.sync import LASTING_S, Sync
from worker.ticker import doorbell, ring_for

log = logging.getLogger(__name__)


@app.task(name=SYNC, typing=False)
def sync(application: object = None, permit: object = "", *_args: object, **_more: object) -> None:
    """Sends what is due in one application, and in the others while it lasts; gives its places back and rings on.

    A doorbell of an older or newer version may say less or more; what it says beyond these two is not needed.
    """
    held = runtime(settings)
    way = held.ways.get(application) if isinstance(application, str) else None
    if way is None or not isinstance(permit, str):
        # Rung by a worker with other settings. Its permit runs out by itself, and another doorbell is rung for it; to
        # give it back would let the two toss it to each other without end.
        events.DOORBELL_FOREIGN.say(log)
        return
    if len(held.ways) > 1 and not holdings.enter_sync(most_syncs(), LASTING_S):
        # The syncs that last serve this application, too, and this process stays free for the broker's receipts.
        way.ledger.give_back(permit)
        return
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
    )
    try:
        with finishing_first():
            run.run()
    finally:
        for ledger in run.guests:
            # One whose ledger fails keeps its place until it runs out; its ticker says so.
            with suppress(redis.RedisError):
                ring_for(ledger, doorbell(app), permit)
        ring_for(way.ledger, doorbell(app), permit)


def _stay(held: Runtime, way: Way) -> Stay | None:
    """How a sync stays; not beside other applications, whose doorbells need the process."""
    if len(held.ways) > 1:
        return None
    return Stay(held.redis, way.ledger.application, take_seat, holdings.leave_seat, stopping)
