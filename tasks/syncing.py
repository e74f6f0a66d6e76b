"""The doorbell's task: it carries no receipts, only the word that there is work."""

from __future__ import annotations

from functools import partial

from worker.app import app, settings
from worker.contract import SYNC
from worker.lifecycle import finishing_first, holdings, stopping, too_late
from worker.runtime import runtime
from worker.sync import Sync
from worker.ticker import doorbell, ring_for


@app.task(name=SYNC)
def sync(application: str, permit: str) -> None:
    """Sends what is due in one application; gives its permit back and rings on when work is left."""
    held = runtime(settings)
    way = held.ways[application]
    try:
        with finishing_first():
            Sync(
                way,
                held.pool,
                permit,
                settings.sync_time_s,
                stopping,
                too_late(settings.shutdown_s),
                partial(holdings.note, application),
            ).run()
    finally:
        ring_for(way.ledger, doorbell(app), permit)
