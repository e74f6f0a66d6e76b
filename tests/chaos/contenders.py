"""Who lives through the chaos: we, and two peers; each each by its own command and door."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from stack.process import Process
from stack.services import PROJECT, environment, start_from_procfile
from tests.running import API_KEY, QUICK

READY_LINE = " ready."


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where a worker finds the others: behind its own proxies."""

    ledger_url: str
    broker_url: str
    api_url: str


@dataclass(frozen=True, slots=True)
class Contender:
    """One of those compared.

    Attributes:
        name: for the report, and of its door (doors.py).
        title: what it is, in a few words.
        producers_database: which of Redis' databases producers write to.
        doorbell_queues: lists of the broker whose loss it promises to bear.
        module: of its Celery application; '' for ours, which the Procfile starts.
    """

    name: str
    title: str
    producers_database: int
    doorbell_queues: tuple[str, ...]
    module: str = ""

    def start_worker(self, label: str, at: Addresses, concurrency: int, rate_per_s: float, log_dir: Path) -> Process:
        """Starts one of its workers; does not wait until it is ready."""
        if not self.module:
            env = _our_settings(at, concurrency, rate_per_s)
            return start_from_procfile("worker", env, log_dir, f"-n {label}@chaos", label=label)
        command = (
            f"{shlex.quote(sys.executable)} -m celery -A {self.module} worker --loglevel=INFO"
            f" --concurrency={concurrency} --without-gossip --without-mingle -n {label}@chaos"
        )
        env = environment(_peer_settings(at))
        return Process(label, shlex.split(command), env, PROJECT, log_dir / f"{label}.log")


def _our_settings(at: Addresses, concurrency: int, rate_per_s: float) -> Mapping[str, str]:
    return QUICK | {
        "REDIS_URL": at.ledger_url,
        "CELERY_BROKER_URL": at.broker_url,
        "QUICKBLOX_ENDPOINT": at.api_url,
        "QUICKBLOX_API_KEY": API_KEY,
        "QUICKBLOX_RATE_PER_S": repr(rate_per_s),
        "RECEIPTS_GATHER_MAX_S": "1",
        # Here workers die every other second; in production a slot that outlives five of them is to blame.
        "RECEIPTS_CRASHES_MAX": "1000",
        "RECEIPTS_SYNC_TIME_S": "3",
        "WORKER_CONCURRENCY": str(concurrency),
    }


def _peer_settings(at: Addresses) -> Mapping[str, str]:
    return {"PEER_BROKER_URL": at.broker_url, "PEER_ENDPOINT": at.api_url, "PEER_API_KEY": API_KEY}


OURS = Contender("ours", "receipt-sync", 0, ("receipts.sync", "receipts"))
PLAIN = Contender("plain", "Celery, a task per receipt", 1, (), "tests.chaos.plain_celery")
SINGLETON = Contender("singleton", "celery-singleton", 1, (), "tests.chaos.singleton_celery")
CONTENDERS = {contender.name: contender for contender in (OURS, PLAIN, SINGLETON)}
