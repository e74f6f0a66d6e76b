import io

import pytest
from rich.console import Console

from demo.accounts import Accounts
from demo.progress import Moment, line, screen_on
from demo.summary import print_findings
from demo.verify import Finding

ACCOUNTS = Accounts(recorded=1_000, covered=800, pending=150, in_flight=50, puts_sent=180, puts_unavailable=20)


@pytest.mark.parametrize(("accounts", "saved"), [(Accounts(recorded=5, pending=5), "-"), (ACCOUNTS, "75%")])
def test_saved_is_the_share_of_settled_receipts_that_took_no_call(accounts: Accounts, saved: str) -> None:
    assert Moment(1.0, 50.0, "fair", accounts).saved == saved


def test_more_calls_than_receipts_save_nothing() -> None:
    assert Moment(1.0, 50.0, "outage", Accounts(covered=1, puts_unavailable=9)).saved == "0%"


def test_a_line_tells_everything() -> None:
    assert line(Moment(12.3, 50.0, "outage", ACCOUNTS)) == (
        " 12 s  recorded 1000  covered 800  waiting 200  PUTs 200  saved 75%  retries 20  dead 0  weather: outage"
    )


def test_without_a_terminal_there_is_a_line_every_few_seconds() -> None:
    out = io.StringIO()
    with screen_on(Console(file=out)) as screen:
        for elapsed_s in (0.0, 0.2, 4.9, 5.1, 9.0, 10.2):
            screen.show(Moment(elapsed_s, 50.0, "fair", ACCOUNTS))
    assert [text[:5] for text in out.getvalue().splitlines()] == ["  0 s", "  5 s", " 10 s"]


def test_on_a_terminal_the_panel_shows_weather_and_numbers() -> None:
    out = io.StringIO()
    with screen_on(Console(file=out, force_terminal=True, width=80)) as screen:
        screen.show(Moment(12.3, 50.0, "outage", ACCOUNTS))
    assert all(text in out.getvalue() for text in ("outage", "1,000", "800", "75%", "12 of 50 s"))


def test_a_finding_tells_how_many_cases_there_are_and_the_first_of_them() -> None:
    out = io.StringIO()
    cases = tuple(f"case [{n}]" for n in range(1_007))
    print_findings(Console(file=out, width=80), [Finding("all is well", ()), Finding("nothing is lost", cases)])
    lines = out.getvalue().splitlines()
    assert lines[:3] == ["✓ all is well", "✗ nothing is lost: 1,007 case(s)", "    case [0]"]
    assert lines[-1] == "    and 1,002 more"
