"""The producers: a few threads, as of a web app, that record the receipts at the moments at which they arrive."""

from bisect import bisect_right
from collections.abc import Sequence
from threading import Event, Thread
from time import monotonic, time

from receipt_sync import EditMessage, MarkDelivered, MarkRead, Receipt, ReceiptQueue
from traffic.arrivals import Arrival
from traffic.waits import Recorded

THREADS = 3
STEP_S = 0.02  # what arrives within it is recorded in one call
TIMEOUT_S = 5.0  # two cores may be busy with everything else


def receipt_of(arrival: Arrival) -> Receipt:
    """What a web app would record."""
    if arrival.kind == "edit":
        return EditMessage(
            dialog_id=arrival.dialog,
            message_id=arrival.message,
            text=arrival.text,
            user_id=arrival.user,
            revision=arrival.revision,
        )
    mark = MarkRead if arrival.kind == "read" else MarkDelivered
    return mark(dialog_id=arrival.dialog, user_id=arrival.user, up_to=arrival.message)


def recorded_of(arrival: Arrival, at_s: float) -> Recorded:
    """The log's line for a receipt that is recorded at that unix second."""
    return Recorded(at_s, arrival.kind, arrival.dialog, arrival.user, arrival.message, arrival.revision, arrival.text)


class Producers:
    """Play the arrivals once.

    They are dealt out in turn, as a load balancer does, so the receipts of one dialog come from all of them.

    Args:
        redis_url: The ledger.
        arrivals: In the order of their times.
    """

    def __init__(self, redis_url: str, arrivals: Sequence[Arrival]) -> None:
        self._queue = ReceiptQueue(redis_url, timeout_s=TIMEOUT_S)
        self._shares = [arrivals[at::THREADS] for at in range(THREADS)]
        self._logs: list[list[Recorded]] = [[] for _ in self._shares]
        self._threads = [Thread(target=self._play, args=(at,), name=f"producer {at}") for at in range(THREADS)]
        self._failures: list[Exception] = []
        self._stopped = Event()
        self._began_s = monotonic()

    def start(self) -> None:
        """Begin; the play's second 0 is now."""
        self._began_s = monotonic()
        for thread in self._threads:
            thread.start()

    @property
    def elapsed_s(self) -> float:
        """Seconds since the beginning."""
        return monotonic() - self._began_s

    @property
    def playing(self) -> bool:
        """Whether something is left to record.

        Raises:
            Exception: What stopped one of the threads.
        """
        if self._failures:
            raise self._failures[0]
        return any(thread.is_alive() for thread in self._threads)

    def stop(self) -> None:
        """End the threads, done or not."""
        self._stopped.set()
        for thread in self._threads:
            if thread.ident is not None:
                thread.join()
        self._queue.close()

    def recorded(self) -> list[Recorded]:
        """What has been recorded, thread by thread."""
        return [receipt for log in self._logs for receipt in log]

    def _play(self, at: int) -> None:
        try:
            self._play_share(self._shares[at], self._logs[at])
        except Exception as failure:  # noqa: BLE001 - whatever it is, the main thread raises it
            self._failures.append(failure)

    def _play_share(self, share: Sequence[Arrival], log: list[Recorded]) -> None:
        done = 0
        while done < len(share) and not self._stopped.is_set():
            due = bisect_right(share, self.elapsed_s, lo=done, key=lambda arrival: arrival.t_s)
            if due > done:
                self._record(share[done:due], log)
                done = due
            else:
                self._stopped.wait(max(STEP_S, share[done].t_s - self.elapsed_s))

    def _record(self, arrivals: Sequence[Arrival], log: list[Recorded]) -> None:
        receipts = [receipt_of(arrival) for arrival in arrivals]
        began_s = time()
        self._queue.record_many(receipts)
        log.extend(recorded_of(arrival, began_s) for arrival in arrivals)
