"""A worker's seat: its three proxies, which stay, and the worker that sits there now."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Literal

from stack.process import Process
from tests.chaos.contenders import READY_LINE, Addresses, Contender
from tests.chaos.proxy import HOST, Network, Proxy

Link = Literal["ledger", "broker", "api"]
LINKS: tuple[Link, ...] = ("ledger", "broker", "api")
_READY_WITHIN_S = 60.0
WARM_WITHIN_S = 45.0


class Seat:
    """One place for a worker.

    Attributes:
        number: from 1.
        proxies: by what stands behind them.
        worker: the present one; started again by `tend` whenever it has ended.
        stuck: warm shutdowns that did not end in time.
        shutdowns_s: how long the others took.
        unasked: workers that ended though nobody had killed or asked them, and their exit codes.
    """

    def __init__(self, number: int, network: Network, redis_port: int, api_port: int) -> None:
        self.number = number
        self.proxies: dict[Link, Proxy] = {
            "ledger": network.proxy(redis_port),
            "broker": network.proxy(redis_port),
            "api": network.proxy(api_port),
        }
        self.starts = self.stuck = 0
        self.unasked: list[str] = []
        self.shutdowns_s: list[float] = []
        self.worker: Process | None = None
        self._ready = self._killed = False
        self._began_s = self._asked_s = 0.0
        self._paused_until_s: float | None = None

    @property
    def addresses(self) -> Addresses:
        """What its worker is told."""
        url = {link: f"{HOST}:{proxy.port}" for link, proxy in self.proxies.items()}
        return Addresses(f"redis://{url['ledger']}/0", f"redis://{url['broker']}/1", f"http://{url['api']}")

    def start(self, contender: Contender, concurrency: int, rate_per_s: float, log_dir: Path) -> None:
        """Seats a new worker."""
        self.starts += 1
        self._ready = self._killed = False
        self._began_s, self._asked_s = time.monotonic(), 0.0
        self._paused_until_s = None
        label = f"worker-{self.number}-{self.starts}"
        self.worker = contender.start_worker(label, self.addresses, concurrency, rate_per_s, log_dir)

    def is_up(self) -> bool:
        """Whether its worker has said that it is ready, lives, and neither pauses nor is about to end."""
        worker = self.worker
        if worker is None or not worker.alive or self._paused_until_s is not None or self._asked_s:
            return False
        if not self._ready:
            self._ready = READY_LINE in worker.log.text()
        return self._ready

    def tend(self, start: Callable[[Seat], None]) -> str | None:
        """To be called often: wakes a paused worker, starts one where it has ended; answers what was done."""
        assert self.worker is not None
        now_s = time.monotonic()
        if self._paused_until_s is not None and now_s >= self._paused_until_s:
            self._paused_until_s = None
            self.worker.resume()
            return "resumed"
        if self.worker.alive and self._asked_s and now_s - self._asked_s > WARM_WITHIN_S:
            self.stuck += 1
            self.worker.kill()
        if self.worker.alive:
            never_ready = not self.is_up() and not self._ready and now_s - self._began_s > _READY_WITHIN_S
            assert not never_ready, f"{self.worker} was never ready: {self.worker.log}"
            return None
        if self._asked_s:
            self.shutdowns_s.append(now_s - self._asked_s)
        elif not self._killed:
            self.unasked.append(f"{self.worker.name} with exit code {self.worker.exit_code}")
        self.worker.kill()
        start(self)
        return "started"

    def kill(self) -> int:
        """SIGKILL to the whole worker; answers how many hard kills that was: one, if it lived."""
        assert self.worker is not None
        alive = self.worker.alive
        self.worker.kill()
        self._killed = self._killed or alive
        return int(alive)

    def kill_child(self, random: Random) -> int:
        """SIGKILL to one of the pool's processes; answers how many hard kills that was: one, if one lived."""
        assert self.worker is not None
        children = self.worker.children()
        if not children:
            return 0
        with suppress(ProcessLookupError):
            os.kill(random.choice(children), signal.SIGKILL)
            return 1
        return 0

    def pause(self, seconds: float) -> None:
        """SIGSTOP to the whole worker, SIGCONT later, by `tend`."""
        assert self.worker is not None
        self.worker.pause()
        self._paused_until_s = time.monotonic() + seconds

    def ask_to_end(self) -> None:
        """SIGTERM to the main process."""
        assert self.worker is not None
        self._asked_s = time.monotonic()
        self.worker.signal(signal.SIGTERM)

    def wake(self) -> None:
        """Whoever pauses goes on at the next `tend`."""
        if self._paused_until_s is not None:
            self._paused_until_s = 0.0
