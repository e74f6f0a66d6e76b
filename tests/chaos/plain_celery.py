"""A peer: what many would write first, one Celery task per receipt, with retries.

celery -A tests.chaos.plain_celery worker
"""

from __future__ import annotations

from tests.chaos import peer_put

app = peer_put.make_app("plain")


@app.task(name="plain.put", **peer_put.RETRIES)  # type: ignore[untyped-decorator]  # celery ships no types
def put(path: str, dialog: str, user: int, flag: str = "", text: str = "") -> None:
    """Tell the API of one receipt."""
    peer_put.send(path, dialog, user, flag, text)
