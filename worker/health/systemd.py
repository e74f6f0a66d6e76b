"""What systemd is told, where it asks: ready, still well, stopping (`Type=notify`, `WatchdogSec=`).

One datagram to the socket that NOTIFY_SOCKET names; the protocol is that of sd_notify(3).
"""

from __future__ import annotations

import os
import socket
from contextlib import suppress


def notify(state: str) -> None:
    """Says `READY=1`, `WATCHDOG=1` or `STOPPING=1`; nothing where no systemd asks, or none listens any more."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    # '@' stands for the zero byte of Linux' abstract names.
    address = f"\0{address[1:]}" if address.startswith("@") else address
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        sender.settimeout(0)
        sender.sendto(state.encode(), address)
