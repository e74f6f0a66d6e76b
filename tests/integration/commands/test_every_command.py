"""What holds for every command: `--json`, help, one sentence for what can be foreseen, exit codes, and a page."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import click
import pytest

from stack.ports import free_port
from stack.redis_server import RedisServer
from stack.services import PROJECT
from tests.integration.operating import Commands
from tests.shorthand import DIALOG, msg
from worker.commands import main

LETTER = "1764169200000-0"
# What each needs to be called at all.
WORDS = {
    "pause": ["why"],
    "inspect": [DIALOG],
    "drain": ["--timeout", "1s"],
    "top": ["--once"],
    "shadow": ["--for", "1s"],
    "dead show": [LETTER],
    "dead replay": [LETTER],
    "dead drop": [LETTER],
    "record read": [DIALOG, "--user", "7"],
    "record delivered": [DIALOG, "--user", "7"],
    "record edit": [DIALOG, msg(1), "--user", "7", "--text", "x"],
}
OF_SETTINGS = {"settings"}
# The one serves until it is ended, the other answers by its exit code: both have tests and a page of their own.
PROCESSES_AND_PROBES = {"metrics", "health"}


def commands_of(group: click.Group, before: str = "") -> Iterator[tuple[str, click.Command]]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands_of(command, f"{before}{name} ")
        else:
            yield f"{before}{name}", command


EVERY = {name: command for name, command in commands_of(main) if name not in PROCESSES_AND_PROBES}
OF_LEDGER = sorted(set(EVERY) - OF_SETTINGS)


def test_all_that_the_issue_asks_for_is_there() -> None:
    asked = ["status", "top", "inspect", "pause", "resume", "drain", "doctor", "settings", "shadow"]
    asked += [f"dead {name}" for name in ("list", "show", "replay", "drop")]
    asked += [f"record {name}" for name in ("read", "delivered", "edit")]
    assert set(asked) <= set(EVERY)


@pytest.mark.parametrize("name", EVERY)
def test_it_answers_programs_and_explains_itself(name: str) -> None:
    command = EVERY[name]
    options = [each for each in command.params if isinstance(each, click.Option)]
    assert "--json" in [spelling for each in options for spelling in each.opts]
    assert all(each.help for each in options), name
    assert len(command.help or "") > 40, name


@pytest.mark.parametrize("name", OF_LEDGER)
def test_redis_away_is_one_sentence(name: str) -> None:
    url = f"redis://:pass-word@127.0.0.1:{free_port()}/0"
    environ = {"QUICKBLOX_ENDPOINT": f"http://127.0.0.1:{free_port()}", "QUICKBLOX_CONNECT_TIMEOUT_S": "1"}
    for more in ([], ["--json"]):
        result = Commands(url, **environ).run(*name.split(), *WORDS.get(name, []), *more)
        assert "pass-word" not in result.output
        assert "Traceback" not in result.output
        if name == "doctor":  # which goes on, and says it as a finding
            assert (result.exit_code, result.stdout.count("the ledger was not reached at")) == (1, 1)
            continue
        assert result.exit_code == 3
        [line] = result.stderr.splitlines()
        assert re.fullmatch(
            r"Error: the ledger was not reached at redis://:\*{8}@\S+ \(REDIS_URL\): ConnectionError", line
        )


@pytest.mark.parametrize("name", EVERY)
def test_settings_that_cannot_be_used_are_named(name: str) -> None:
    result = Commands("nonsense", RECEIPTS_PERMIT_S="99").run(*name.split(), *WORDS.get(name, []))
    assert result.exit_code == 1
    assert "REDIS_URL" in result.stderr
    assert "RECEIPTS_PERMIT_S" in result.stderr


@pytest.mark.parametrize("name", OF_LEDGER)
def test_an_application_that_nobody_knows(redis_server: RedisServer, name: str) -> None:
    words = [*name.split(), *WORDS.get(name, []), "--application", "shop"]
    result = Commands(redis_server.url_of("operator")).run(*words)
    assert (result.exit_code, "no application 'shop': the settings name default" in result.stderr) == (2, True)


def test_settings_for_programs(redis_server: RedisServer) -> None:
    result = Commands(redis_server.url_of("operator"), QUICKBLOX_API_KEY="secret-key").run("settings", "--json")
    assert "secret-key" not in result.output
    rows = {row["variable"]: row for row in json.loads(result.stdout)["settings"]}
    assert (rows["QUICKBLOX_API_KEY"]["value_masked"], rows["QUICKBLOX_API_KEY"]["source"]) == (
        "********",
        "environment",
    )


@pytest.mark.parametrize("name", EVERY)
def test_the_page_tells_of_it(name: str) -> None:
    page = (PROJECT / "docs" / "commands.md").read_text(encoding="utf-8")
    assert f"python -m worker {name}" in page
