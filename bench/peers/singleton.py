"""celery-singleton: while a task of the same arguments waits or runs, another one is dropped.

    celery -A bench.peers.singleton worker

As its README says: the lock is the task's name and arguments, here a dialog and its user, and has an expiry, since a
worker that is killed releases none.
"""

from celery_singleton import Singleton

from bench.peers import putting

LOCK_EXPIRY_S = 60

app = putting.make_app("singleton")


@app.task(base=Singleton, lock_expiry=LOCK_EXPIRY_S, **putting.RETRIES)  # type: ignore[untyped-decorator]  # celery ships no types
def mark_dialog_read(dialog_id: str, user_id: int) -> None:
    """Tell the API of one receipt."""
    putting.mark(dialog_id, user_id, "read")
