"""Starting the peers."""

import sys
from collections.abc import Mapping

from bench.running import API_KEY, Running
from stack.process import Process
from stack.services import environment

PROCESSES = 4


def broker_url(system: Running) -> str:
    """A database of the same Redis for the peers."""
    return system.redis_server.url.removesuffix("/0") + "/1"


def start_celery(system: Running, name: str, module: str, *options: str) -> Process:
    """Start a Celery peer's worker and wait until it is ready.

    Args:
        system: What it works with.
        name: Its name, and its log's.
        module: Of its application.
        options: More of Celery's command line.

    Raises:
        stack.process.ProcessError: It ended, or is not ready in time.
    """
    celery = [sys.executable, "-m", "celery", "-A", module, "worker", "--loglevel=INFO", "-n", f"{name}@bench"]
    usual = [f"--concurrency={PROCESSES}", "--without-gossip", "--without-mingle"]
    return system.start(name, [*celery, *usual, *options], _environment(system))


def start_module(system: Running, name: str, module: str) -> Process:
    """Start a peer that is a module and says ` ready.`, and wait until it does.

    Raises:
        stack.process.ProcessError: It ended, or is not ready in time.
    """
    return system.start(name, [sys.executable, "-m", module], _environment(system))


def _environment(system: Running) -> Mapping[str, str]:
    peers = {"PEER_BROKER_URL": broker_url(system), "PEER_ENDPOINT": system.api_url, "PEER_API_KEY": API_KEY}
    return environment(peers)
