"""What a stuck worker says of itself: where its main thread stands, and nothing that passes through there."""

from __future__ import annotations

import threading

from worker.health.ending import calls_of


def test_the_calls_of_a_thread_are_told_innermost_first_without_values() -> None:
    stands, goes_on = threading.Event(), threading.Event()

    def hang(secret: str) -> None:
        stands.set()
        goes_on.wait()
        assert secret

    thread = threading.Thread(target=hang, args=("a password",))
    thread.start()
    try:
        stands.wait()
        told = calls_of(thread)
    finally:
        goes_on.set()
        thread.join()
    calls = [each.rpartition(":")[0] for each in told.split(" < ")]
    assert calls.index("threading.wait") < calls.index(f"{__name__}.hang") < calls.index("threading.run")
    assert "password" not in told


def test_of_deep_calls_the_innermost_are_told() -> None:
    def deeper(levels: int) -> str:
        return deeper(levels - 1) if levels else calls_of(threading.current_thread())

    calls = deeper(100).split(" < ")
    assert len(calls) == 24
    assert calls[0].startswith("worker.health.ending.calls_of:")
    assert calls[-1].startswith(f"{__name__}.deeper:")
