"""Task requests whose arguments nobody sees: Flower, events and logs get a word instead.

A foreign `send_task` puts its arguments' text into the message's headers, from where Celery copies it into events,
log lines and the worker's own pages; texts and tokens are among them. Ours is the receiving end: here they are cut off.
"""

from __future__ import annotations

from typing import Any

from celery.worker.request import Request

HIDDEN = "(hidden)"


class PrivateRequest(Request):
    """A request that never shows its arguments, and never expires."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._argsrepr = self._kwargsrepr = HIDDEN
        # The pool's process logs failures from this copy.
        self._request_dict.update(argsrepr=HIDDEN, kwargsrepr=HIDDEN)
        # Celery discards what has expired, and acknowledges it: a receipt would be gone without a word.
        self._expires = None

    def info(self, safe: bool = False) -> dict[str, Any]:  # noqa: ARG002, FBT001, FBT002 - Celery's signature
        """What `inspect active` and Flower's worker page show."""
        shown: dict[str, Any] = super().info(safe=True)
        return shown
