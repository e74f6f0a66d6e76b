"""`python -m worker record`: through the same door as a web app's receipts, and nothing private comes back."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from stack.redis_server import RedisServer
from tests.everything import everything
from tests.integration.operating import Commands, held_by
from tests.shorthand import DIALOG, EDITS, MARKS, USER, msg
from worker.commands import main
from worker.ledger import EditClaim, MarkClaim
from worker.runtime import Runtime

BY_USER = ["--user", str(USER)]


def claimed(held: Runtime) -> list[MarkClaim | EditClaim]:
    return held.ways["default"].ledger.claim(10).claims


def test_marks_of_a_whole_dialog_and_of_messages(held: Runtime, commands: Commands) -> None:
    said = commands.run("record", "read", DIALOG, *BY_USER).stdout
    assert said == (
        f"Recorded in default, slot {MARKS}.\n"
        f"Watch it: python -m worker inspect {DIALOG} --user {USER} --application default\n"
    )
    assert commands.json("record", "delivered", DIALOG, *BY_USER, "--message", msg(1))["slot"] == MARKS
    [claim] = claimed(held)
    assert isinstance(claim, MarkClaim)
    assert (claim.read_all, claim.delivered_all, dict(claim.ids)) == (1, 0, {msg(1): "d"})


def test_what_it_says_to_watch_works(commands: Commands) -> None:
    watch = commands.json("record", "read", DIALOG, *BY_USER)["watch"].split()
    assert f"of actor u{USER}" in commands.run(*watch[3:]).stdout


@pytest.mark.parametrize(("options", "stdin"), [(["--text", "says this"], None), ([], "says this\n")])
def test_an_edit(redis_server: RedisServer, held: Runtime, options: list[str], stdin: str | None) -> None:
    runner = CliRunner(env={"REDIS_URL": redis_server.url_of("operator")})
    words = ["record", "edit", DIALOG, msg(1), *BY_USER, "--revision", "3", *options]
    result = runner.invoke(main, words, input=stdin)
    assert (result.exit_code, "says this" in result.output) == (0, False)
    assert f"slot {EDITS}" in result.output
    [claim] = claimed(held)
    assert isinstance(claim, EditClaim)
    assert (claim.text, claim.revision, claim.actor) == ("says this", 3, f"u{USER}")


def test_a_token_comes_from_a_file(held: Runtime, commands: Commands, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("a-token\n")
    output = commands.run("record", "read", DIALOG, *BY_USER, "--token-file", str(tmp_path / "token")).output
    assert "a-token" not in output
    words = ["--text", "x", "--token-file", str(tmp_path / "token")]
    assert commands.run("record", "edit", DIALOG, msg(1), *BY_USER, *words).exit_code == 0
    assert [(claim.actor, claim.token) for claim in claimed(held)] == [(f"s{USER}", "a-token")] * 2


def test_a_token_is_sealed_as_a_web_apps_is(redis_server: RedisServer, held: Runtime, tmp_path: Path) -> None:
    keys = base64.b64encode(bytes(32)).decode()
    commands = Commands(redis_server.url_of("operator"), RECEIPTS_TOKEN_KEYS=keys)
    (tmp_path / "token").write_text("a-token\n")
    words = [*BY_USER, "--token-file", str(tmp_path / "token")]
    assert commands.run("record", "read", DIALOG, *words).exit_code == 0
    assert b"a-token" not in everything(held.redis)
    knowing = held_by(redis_server, RECEIPTS_TOKEN_KEYS=keys)
    assert [claim.token for claim in claimed(knowing)] == ["a-token"]
    knowing.redis.close()


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["read", DIALOG], "a user_id, a token, or both"),
        (["read", DIALOG.upper(), *BY_USER], "24 lower-case hex digits"),
        (["read", DIALOG, *BY_USER, "--message", msg(1), "--up-to", msg(2)], "not both"),
        (["read", DIALOG, "--user", "-5"], "an integer from 1"),
        (["edit", DIALOG, msg(1), *BY_USER, "--text", "a\x00b"], "no control characters"),
        (["edit", DIALOG, msg(1), *BY_USER, "--text", ""], "a text that is not empty"),
        (["edit", DIALOG, msg(1), *BY_USER, "--token-file", "-"], "cannot both come from standard input"),
        (["read", DIALOG, *BY_USER, "--application", "shop"], "no application 'shop'"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_recorded(
    held: Runtime, commands: Commands, words: list[str], expected: str
) -> None:
    result = commands.run("record", *words)
    assert (result.exit_code, expected in result.stderr) == (2, True), result.output
    redis: Any = held.redis
    assert redis.hget("rs:{default}:counts", "recorded") is None
