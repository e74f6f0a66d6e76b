"""The plain Celery worker of bench/plain_celery.py beside a running system, with the same options."""

import sys

from bench import plain_celery
from bench.running import API_KEY, Running
from stack.services import environment


def start_plain(system: Running, concurrency: str) -> None:
    """Start it on the system's Redis, in a database of its own, and let this process enqueue there.

    Raises:
        stack.process.ProcessError: It ended, or is not ready in time.
    """
    broker_url = system.redis_server.url.removesuffix("/0") + "/1"
    env = {"PLAIN_BROKER_URL": broker_url, "PLAIN_ENDPOINT": system.api_url, "PLAIN_API_KEY": API_KEY}
    celery = [sys.executable, "-m", "celery", "-A", "bench.plain_celery", "worker", "--loglevel=INFO"]
    options = [f"--concurrency={concurrency}", "--without-gossip", "--without-mingle", "-n", "plain@bench"]
    system.start("plain", celery + options, environment(env))
    plain_celery.app.conf.broker_url = broker_url
