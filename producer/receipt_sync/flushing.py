"""The thread that records what a `LocalBuffer` keeps, once Redis is back. It is there while something waits."""

from __future__ import annotations

import threading
from collections.abc import Callable

import redis

from receipt_sync.when_down import LocalBuffer


class Flusher:
    """Calls `flush` every `buffer.retry_s` until the buffer is empty.

    Args:
        buffer: what waits.
        flush: records of it what it can.
    """

    def __init__(self, buffer: LocalBuffer, flush: Callable[[], object]) -> None:
        self._buffer, self._flush = buffer, flush
        self.begin_anew()

    def begin_anew(self) -> None:
        """Forgets the thread, in a child of a fork: it is its parent's, as is whoever held the lock."""
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Starts the thread unless there is one; called when something has been kept."""
        with self._lock:
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, args=(self._ended,), name="receipts", daemon=True)
                self._thread.start()

    def stop(self) -> None:
        """Ends the thread and waits for it; `start` may be called again."""
        with self._lock:
            thread, self._thread = self._thread, None
            ended, self._ended = self._ended, threading.Event()
        ended.set()
        if thread is not None:
            thread.join()

    def _run(self, ended: threading.Event) -> None:
        while not ended.wait(self._buffer.retry_s):
            try:
                self._flush()
            except redis.RedisError as error:
                self._buffer.say_refused(error)
            with self._lock:
                # Seen and left in one step: what is kept a moment later finds no thread, and starts one.
                if not len(self._buffer):
                    if self._thread is threading.current_thread():
                        self._thread = None
                    return
