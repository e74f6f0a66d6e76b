"""A web app's process that records without pause: `python -m bench.producer URL NUMBER TOGETHER SECONDS`.

Every receipt goes into a fresh slot, TOGETHER in a call (1: `mark_dialog_read`, as a web app does), until SECONDS are
over. It says `ready`, begins when it is told a line, and says how many it recorded within how many seconds.
"""

import sys
import time
from itertools import count

from receipt_sync import MarkRead, ReceiptQueue

# Slots of one producer are not another's.
_MOST = 1 << 40


def main(url: str, number: int, together: int, seconds: float) -> None:
    """Record until the time is over."""
    queue, ids = ReceiptQueue(url, timeout_s=5), (f"{id_:024x}" for id_ in count(number * _MOST))
    queue.mark_dialog_read(next(ids), user_id=number)
    print("ready", flush=True)
    sys.stdin.readline()
    recorded, began_s = 0, time.monotonic()
    while (lasted_s := time.monotonic() - began_s) < seconds:
        if together == 1:
            id_ = next(ids)
            queue.mark_dialog_read(id_, user_id=number, up_to=id_)
        else:
            some = [next(ids) for _ in range(together)]
            queue.record_many([MarkRead(dialog_id=id_, user_id=number, up_to=id_) for id_ in some])
        recorded += together
    print(recorded, lasted_s, flush=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4]))
