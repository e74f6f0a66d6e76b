"""A peer: a locking deduplicator. While a task of the same arguments waits or runs, another one is dropped.

celery -A tests.chaos.singleton_celery worker

celery-singleton as its README says: a lock per set of arguments, with an expiry, since a killed worker releases none.
"""

from __future__ import annotations

from celery_singleton import Singleton

from tests.chaos import peer_put

app = peer_put.make_app("singleton")


@app.task(name="singleton.put", base=Singleton, lock_expiry=60, **peer_put.RETRIES)  # type: ignore[untyped-decorator]  # celery ships no types
def put(path: str, dialog: str, user: int, flag: str = "", text: str = "") -> None:
    """Tell the API of one receipt."""
    peer_put.send(path, dialog, user, flag, text)
