"""Health: whether a worker makes progress, told to whoever asks; and its end where it does not, and is the reason.

A worker may be connected, answer pings and consume nothing. So nobody asks it: its main process is watched by a thread
(`watchdog.py`), which sees what moves (`seeing.py`): turns of the consumer's event loop, messages, tasks, ticks, signs
of life of the pool's processes; and, from a thread of its own, whether Redis and broker can be reached and messages
wait (`probing.py`). `judging.py` says what that means: pure. What stands still for `RECEIPTS_STUCK_AFTER_S`, while
both servers answer, makes the worker end itself (`ending.py`), for its supervisor to start another.

How it is stands in a file (`report.py`) that `python -m worker health` reads (`command.py`) without the worker, and is
told to systemd (`systemd.py`). Why so: docs/decisions/0033. These three and this page import nothing but the standard
library: the command is called every few seconds.
"""
