"""`python -m worker top`: once, as JSON, and live on a terminal."""

from __future__ import annotations

import pytest

from stack.redis_server import RedisServer
from tests.integration.commands.terminal import terminal
from tests.integration.operating import Commands
from tests.shorthand import read
from worker.runtime import Runtime


def test_once_with_rates(held: Runtime, commands: Commands) -> None:
    held.queue("default").record_many([read()])
    printed = commands.run("top", "--once", "--every", "0.2")
    assert printed.exit_code == 0
    header, line, *notes = printed.stdout.splitlines()
    assert header.split() == [
        "application",
        "state",
        "pending",
        "oldest",
        "rec/s",
        "PUT/s",
        "fail/s",
        "limit",
        "dead",
        "saved",
    ]
    assert line.split()[:3] == ["default", "sending", "1"]
    assert notes == ["default: no worker listens: start one"]


def test_without_a_terminal_it_prints_once_and_says_so(commands: Commands) -> None:
    result = commands.run("top", "--every", "0.2")
    assert (result.exit_code, "no terminal" in result.stderr) == (0, True)


def test_for_programs(held: Runtime, commands: Commands) -> None:
    held.queue("default").record_many([read()])
    [only] = commands.json("top", "--every", "0.2")["applications"]
    assert (only["state"], only["standing"]["pending"], only["listeners"]) == ("sending", 1, 0)
    assert only["per_s"] == {"recorded": 0.0, "covered": 0.0, "puts": 0.0, "failed": 0.0}


@pytest.mark.parametrize("ending", ["q", "\x03"])
@pytest.mark.usefixtures("held")
def test_live_until_q_or_ctrl_c(redis_server: RedisServer, commands: Commands, ending: str) -> None:
    with terminal(redis_server.url_of("operator"), "top", "--every", "0.2") as shown:
        shown.wait_for("sending")
        commands.run("pause", "looked at")
        shown.wait_for("it is paused (looked at)")
        shown.press(ending)
        assert shown.ends_with() == 0
    assert shown.seen.rstrip().endswith("\x1b[?1049l")  # the screen is as it was
    assert "Traceback" not in shown.seen


@pytest.mark.usefixtures("held")
def test_colours_are_left_out_where_nobody_wants_them(redis_server: RedisServer) -> None:
    for environ, coloured in (({}, True), ({"NO_COLOR": "1"}, False)):
        with terminal(redis_server.url_of("operator"), "top", "--every", "0.2", **environ) as shown:
            shown.wait_for("sending")
            shown.press("q")
            assert shown.ends_with() == 0
        assert ("\x1b[32m" in shown.seen) is coloured
