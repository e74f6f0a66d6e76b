"""The command line of one deployment, in this process; and a ledger to look at, without a worker."""

from __future__ import annotations

import json
import os
from typing import Any

from click.testing import CliRunner, Result

from settings import load
from stack.redis_server import RedisServer
from tests.running import API_KEY
from worker.commands import main
from worker.runtime import Runtime


class Commands:
    """The command line of one deployment."""

    def __init__(self, REDIS_URL: str, **environ: str) -> None:  # noqa: N803 - a variable's name, as the others
        # What runs these tests (`RECEIPTS_TEST_…`) is no setting of the product, which would call it a fault.
        ours: dict[str, str | None] = {name: None for name in os.environ if name.startswith("RECEIPTS_TEST_")}
        self._runner = CliRunner(env={**ours, "REDIS_URL": REDIS_URL, **environ})

    def run(self, *arguments: str, answer: str | None = None, color: bool = False) -> Result:
        return self._runner.invoke(main, arguments, input=answer, color=color, prog_name="python -m worker")

    def json(self, *arguments: str) -> dict[str, Any]:
        result = self.run(*arguments, "--json")
        assert result.exit_code == 0, result.output
        answer: dict[str, Any] = json.loads(result.stdout)
        return answer

    def status(self) -> dict[str, Any]:
        [only] = self.json("status")["applications"]
        answer: dict[str, Any] = only
        return answer


def held_by(redis_server: RedisServer, **settings: str) -> Runtime:
    environ = {"RECEIPTS_GATHER_MAX_S": "0", "QUICKBLOX_RATE_PER_S": "100", "RECEIPTS_BREAKER_CALLS_MIN": "2"}
    environ |= {"QUICKBLOX_API_KEY": API_KEY, "REDIS_URL": redis_server.url_of("default")}
    held = Runtime(load(environ | settings))
    for way in held.ways.values():
        way.ledger.publish_policy()
    return held
