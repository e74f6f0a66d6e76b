"""Starting the peers."""

import sys
from collections.abc import Mapping

from bench.running import API_KEY, Running
from stack.process import Process
from stack.services import environment

PROCESSES = 4
# Calls that may be under way at once, of everybody who is not bound to a process for each: two of our syncs, as by
# default, with sixteen connections each; threads; connections of an event loop; BullMQ's concurrency.
CALLS_AT_ONCE = 32


def broker_url(system: Running) -> str:
    """A database of the same Redis for the peers."""
    return system.redis_server.url.removesuffix("/0") + "/1"


def start_celery(system: Running, name: str, module: str, *options: str, broker: str = "") -> Process:
    """Start a Celery peer's worker and wait until it is ready.

    Args:
        system: What it works with.
        name: Its name, and its log's.
        module: Of its application.
        options: More of Celery's command line.
        broker: Its Redis; a database of the system's unless it is given.

    Raises:
        stack.process.ProcessError: It ended, or is not ready in time.
    """
    celery = [sys.executable, "-m", "celery", "-A", module, "worker", "--loglevel=INFO", "-n", f"{name}@bench"]
    usual = [f"--concurrency={PROCESSES}", "--without-gossip", "--without-mingle"]
    return system.start(name, [*celery, *usual, *options], _environment(system, broker))


def start_module(system: Running, name: str, module: str) -> Process:
    """Start a peer that is a module and says ` ready.`, and wait until it does.

    Raises:
        stack.process.ProcessError: It ended, or is not ready in time.
    """
    return system.start(name, [sys.executable, "-m", module], _environment(system))


def _environment(system: Running, broker: str = "") -> Mapping[str, str]:
    peers = {"PEER_BROKER_URL": broker or broker_url(system), "PEER_ENDPOINT": system.api_url, "PEER_API_KEY": API_KEY}
    return environment(peers)
