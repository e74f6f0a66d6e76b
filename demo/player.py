"""The player beside the page: offers the plays, plays what was pressed, and says how the receipts stand."""

import heapq
from collections.abc import Iterator
from random import Random
from threading import Event, Thread
from time import monotonic, time

import redis
import requests

from demo.accounts import read_accounts
from demo.office import Office
from demo.plays import PLAYS, Play, Step
from receipt_sync import ReceiptQueue
from sandbox.client import SandboxClient, SandboxError
from traffic.day import Message

LOOK_EVERY_S = 0.3
RECORD_TIMEOUT_S = 5.0
TOLD = ("recorded", "covered", "dead", "pending", "in_flight")


class Player(Thread):
    """Plays until `stop`; several plays may run at once, each of them once.

    Args:
        redis_url: The ledger.
        sandbox_url: The chat API, and its page.
        ledger: A client of that Redis.
        seed: Another one makes other people talk.
    """

    def __init__(self, redis_url: str, sandbox_url: str, ledger: redis.Redis, seed: int | None = None) -> None:
        super().__init__(name="player", daemon=True)
        self._queue = ReceiptQueue(redis_url, timeout_s=RECORD_TIMEOUT_S)
        self._sandbox = SandboxClient(sandbox_url)
        self._ledger = ledger
        self._random = Random(seed)
        self._office = Office.open(self._random)
        self._playing: dict[str, _Running] = {}
        self._stopped = Event()
        self.failure: Exception | None = None

    def stop(self) -> None:
        """End it, in the middle of a play if need be."""
        self._stopped.set()
        self.join()
        self._queue.close()
        self._sandbox.close()

    def run(self) -> None:
        """Build the office, then look for buttons and take the steps that have come due."""
        try:
            self._sandbox.build_world(**self._office.world())
            next_look_s = 0.0
            while not self._stopped.wait(0.02):
                if monotonic() >= next_look_s:
                    self._look()
                    next_look_s = monotonic() + LOOK_EVERY_S
                self._step()
        except (SandboxError, requests.RequestException, redis.RedisError) as failure:
            self.failure = failure  # whoever started it says so

    def _look(self) -> None:
        for name in self._sandbox.pressed():
            play = next((play for play in PLAYS if play.name == name), None)
            if play is not None and name not in self._playing:
                self._playing[name] = _Running(play, self._random, self._office)
        accounts = read_accounts(self._ledger)
        self._sandbox.offer(
            plays=[{"name": play.name, "label": play.label, "does": play.does} for play in PLAYS],
            playing=list(self._playing),
            receipts={name: getattr(accounts, name) for name in TOLD},
        )

    def _step(self) -> None:
        for name, running in list(self._playing.items()):
            due = list(running.due())
            said = [step.happens for step in due if isinstance(step.happens, Message)]
            if said:
                self._sandbox.build_world(messages=[_seed(message) for message in said])
            for step in due:
                if not isinstance(step.happens, Message):
                    self._queue.record_many([step.happens])  # one by one, as web apps do
            if running.is_over:
                del self._playing[name]


class _Running:
    """A play that has begun: its steps in the order of their time."""

    def __init__(self, play: Play, random: Random, office: Office) -> None:
        self._began_s = monotonic()
        # A number behind the time: steps themselves have no order.
        self._steps = [(step.at_s, nth, step) for nth, step in enumerate(play.steps(random, office))]
        heapq.heapify(self._steps)

    @property
    def is_over(self) -> bool:
        return not self._steps

    def due(self) -> Iterator[Step]:
        while self._steps and self._steps[0][0] <= monotonic() - self._began_s:
            yield heapq.heappop(self._steps)[2]


def _seed(message: Message) -> dict[str, object]:
    return {
        "_id": message.id,
        "chat_dialog_id": message.dialog,
        "sender_id": message.sender,
        "message": message.text,
        "date_sent": int(time()),
    }
