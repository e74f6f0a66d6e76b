"""The thread of a LocalBuffer: there while something waits, gone when nothing does, and nothing falls in between."""

from __future__ import annotations

import threading

from receipt_sync import LocalBuffer, MarkRead
from receipt_sync.flushing import Flusher
from tests.running import until
from tests.shorthand import DIALOG, USER

MARK = MarkRead(dialog_id=DIALOG, user_id=USER)


def is_there(flusher: Flusher) -> bool:
    return flusher._thread is not None and flusher._thread.is_alive()


class Leaving(LocalBuffer):
    """A buffer into which something is put just when the thread has seen that it is empty."""

    def __init__(self) -> None:
        super().__init__(retry_s=0.001)
        self.flusher = Flusher(self, self.flush)
        self.flushed = 0
        self._putting: threading.Thread | None = None

    def put(self) -> None:
        self.keep("default", [MARK])
        self.flusher.start()

    def flush(self) -> None:
        waiting = LocalBuffer.__len__(self)
        self.done(waiting)
        self.flushed += waiting

    def __len__(self) -> int:
        length = super().__len__()
        if self._putting is None:
            self._putting = threading.Thread(target=self.put)
            self._putting.start()
            self._putting.join(0.1)  # time enough to be done, unless it has to wait for the thread that leaves
        return length


def test_what_is_kept_as_the_thread_leaves_is_flushed_all_the_same() -> None:
    buffer = Leaving()
    buffer.put()
    until(lambda: buffer.flushed == 2, "both flushed", 10)
    buffer.flusher.stop()


def test_a_thread_that_failed_is_replaced_when_something_is_kept_again() -> None:
    buffer, failed = LocalBuffer(retry_s=0.001), threading.Event()
    hook, threading.excepthook = threading.excepthook, lambda _failure: failed.set()
    try:

        def flush() -> None:
            if not failed.is_set():
                raise ValueError("the first time")
            buffer.done(1)

        flusher = Flusher(buffer, flush)
        buffer.keep("default", [MARK])
        flusher.start()
        until(failed.is_set, "the first thread's end", 10)
        until(lambda: not is_there(flusher), "no thread", 10)
        flusher.start()
        until(lambda: len(buffer) == 0, "the buffer empty", 10)
    finally:
        threading.excepthook = hook


def test_one_that_was_stopped_may_be_started_again() -> None:
    buffer = LocalBuffer(retry_s=60)
    flusher = Flusher(buffer, lambda: None)
    buffer.keep("default", [MARK])
    for _ in range(2):
        flusher.start()
        assert is_there(flusher)
        flusher.stop()
        assert not is_there(flusher)
