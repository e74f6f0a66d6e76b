"""The suite that asks an application for facts, held against the sandbox: what holds, what is left, what is told."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest
from click.testing import CliRunner

from sandbox.client import SandboxClient
from tests.contract.facts import __main__ as command
from tests.contract.facts import access as variables
from tests.contract.facts import of_meaning, of_requests, running
from tests.contract.facts.access import Access, AccessError, NoCredentialsError
from tests.contract.facts.chat import Chat, Heard
from tests.contract.facts.fact import FACTS, A, B, CannotTryError, DiffersError, Fact, Outcome
from tests.contract.facts.running import Report, ask, find, in_order, set_up
from tests.contract.facts.sandbox_access import DIFFERS, FAST, LOGINS, UNTRIED, of_sandbox
from tests.contract.facts.stage import Stage
from worker.verdicts import Sent

BY_NAME = {one.name: one for one in FACTS}
every_fact = pytest.mark.parametrize("one", in_order(FACTS), ids=lambda one: one.name)


@pytest.fixture(scope="module")
def control(sandbox_server: str) -> Iterator[SandboxClient]:
    with SandboxClient(sandbox_server) as client:
        begin_anew(client)
        yield client


def begin_anew(control: SandboxClient) -> None:
    """An empty world, in which the two are who they were: sessions outlive a world."""
    control.clear_world()
    logins = [{"user_id": 501 + place, "login": name, "password": "secret"} for place, name in enumerate(LOGINS)]
    control.build_world(logins=logins)
    control.clear_journal()


@pytest.fixture(autouse=True)
def _well_behaved(control: SandboxClient) -> Iterator[None]:
    control.clear_faults()
    yield
    control.clear_faults()


@pytest.fixture(scope="module")
def access(sandbox_server: str) -> Access:
    return of_sandbox(sandbox_server)


@pytest.fixture(scope="module")
def stage(access: Access, control: SandboxClient) -> Iterator[Stage]:
    control.clear_faults()
    report = Report()
    with set_up(access, report, FAST) as standing:
        yield standing
    # Whatever facts have been played on it.
    assert report.left == []
    assert control.world() == {"dialogs": [], "messages": []}


# What holds in the sandbox --------------------------------------------------------------------------------------------


@every_fact
def test_in_the_sandbox_holds_what_is_taken_for_true(stage: Stage, one: Fact) -> None:
    finding = find(one, stage)
    expected = Outcome.DIFFERS if one.name in DIFFERS else Outcome.UNTRIED if one.name in UNTRIED else Outcome.HOLDS
    assert finding.outcome is expected, finding.seen


def test_every_grade_is_asked_for_and_every_name_is_one_facts() -> None:
    assert {one.grade for one in FACTS} == {"A", "B", "C", "?"}
    assert len(BY_NAME) == len(FACTS) == len({one.sentence for one in FACTS}) > 60
    assert DIFFERS.keys() | UNTRIED.keys() <= BY_NAME.keys()


# What another server would be found out about -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "name"),
    [
        ({"session_slides": False}, "a_request_moves_the_end"),
        ({"session_lifetime_s": 600.0}, "a_session_lives_two_hours"),
        ({"editors": "anyone"}, "only_the_sender_edits"),
        ({"list_with_bad_id": "skip"}, "a_list_with_a_bad_id_is_refused"),
        ({"stray_text": "ignore"}, "a_text_without_an_id_is_refused"),
        ({"key_refused": True}, "an_api_key_acts_for_a_user"),
    ],
)
def test_a_server_that_does_otherwise_is_found_out(
    access: Access, control: SandboxClient, fault: dict[str, Any], name: str
) -> None:
    control.faults(**fault)
    report = ask(access, Report(), [BY_NAME[name]], FAST)
    [finding] = report.findings
    assert finding.outcome is Outcome.DIFFERS
    assert finding.seen
    assert report.is_failure is (finding.fact.grade == A)
    assert report.left == []


def test_a_server_that_takes_every_put_and_does_nothing_is_found_out(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nothing(*_args: object, **_fields: object) -> Heard:
        return Heard(200, {}, b"", "")

    monkeypatch.setattr(Stage, "put", nothing)
    monkeypatch.setattr(Chat, "send", lambda *_: Sent())
    mean_nothing = {
        "repeating_changes_nothing", "read_is_not_delivered", "delivered_is_not_read",
    }  # fmt: skip
    of_puts = [one for one in FACTS if {"mark", "edit", "put"} & set(one.check.__code__.co_names)]
    assert len(of_puts) > 20
    held = {one.name for one in of_puts if find(one, stage).outcome is Outcome.HOLDS}
    assert held <= mean_nothing | {"success_is_an_empty_200", "of_both_credentials_the_token_counts"}


@pytest.mark.parametrize("surprise", [ValueError, KeyError, TypeError, AttributeError])
def test_an_answer_of_another_form_is_a_finding(stage: Stage, surprise: type[Exception]) -> None:
    def stumbles(_stage: Stage) -> None:
        raise surprise("total")

    finding = find(Fact(A, "it has a form", stumbles), stage)
    assert (finding.outcome, finding.is_failure) == (Outcome.DIFFERS, True)
    assert surprise.__name__ in finding.seen


def test_a_429_is_waited_out_and_told_of(access: Access, control: SandboxClient) -> None:
    names = ["ids_are_object_ids", "a_429_says_when_to_come_back"]
    report = Report()
    with set_up(access, report, FAST) as standing:
        control.faults(throttle=True, first_n=2, retry_after="0")
        findings = [find(BY_NAME[name], standing) for name in names]
    assert [(one.outcome, one.seen) for one in findings] == [(Outcome.HOLDS, ""), (Outcome.HOLDS, "0")]


def test_a_server_that_fails_is_no_finding(access: Access, control: SandboxClient) -> None:
    report = Report()
    with set_up(access, report, FAST) as standing:
        control.faults(outage=True)
        findings = [find(one, standing) for one in FACTS if one.name not in UNTRIED]
        html = find(BY_NAME["a_5xx_is_no_json"], standing)
        control.clear_faults()
    assert {one.outcome for one in findings} == {Outcome.UNTRIED}
    assert (html.outcome, html.seen) == (Outcome.HOLDS, "text/html")


# What is left ---------------------------------------------------------------------------------------------------------


def all_tokens(control: SandboxClient) -> list[str]:
    """The tokens that calls have used since the journal was cleared."""
    return sorted({call.headers["qb-token"] for call in control.journal() if "qb-token" in call.headers})


@pytest.mark.parametrize("ending", [RuntimeError, KeyboardInterrupt, SystemExit, None])
def test_nothing_is_left_however_it_ends(
    access: Access, control: SandboxClient, ending: type[BaseException] | None
) -> None:
    begin_anew(control)
    seen: list[int] = []

    def breaks(stage: Stage) -> None:
        stage.talk(2)
        stage.open(stage.signed(None))
        seen.append(len(control.world()["dialogs"]))
        if ending is not None:
            raise ending

    facts = [BY_NAME["messages_are_deleted"], Fact(B, "broken", breaks)]
    report = Report()
    if ending is None:
        ask(access, report, facts, FAST)
    else:
        with pytest.raises(ending):
            ask(access, report, facts, FAST)
    assert seen == [1]  # the fact before has taken its own away
    assert report.left == []
    assert control.world() == {"dialogs": [], "messages": []}
    tokens = all_tokens(control)
    assert len(tokens) == 3
    with Chat(access, FAST) as chat:
        assert {chat.call("GET", "/session.json", headers={"QB-Token": one}).status for one in tokens} == {401}


def test_what_cannot_be_deleted_is_named_and_is_a_failure(access: Access, control: SandboxClient) -> None:
    report = Report()
    with set_up(access, report, FAST) as standing:
        dialog = standing.talk(1).id
        control.faults(outage=True)
    assert [sentence.split(":")[0] for sentence in report.left] == [f"dialog {dialog}", "a session", "a session"]
    assert report.is_failure
    begin_anew(control)


def test_what_could_not_be_deleted_is_tried_once_more(access: Access, control: SandboxClient) -> None:
    report = Report()
    with set_up(access, report, FAST) as standing:
        standing.talk(1)
        control.faults(outage=True)
        assert len(standing.clear()) == 1
        control.clear_faults()
    assert report.left == []
    assert control.world()["dialogs"] == []


# As whom --------------------------------------------------------------------------------------------------------------


def test_an_api_key_and_two_ids_are_enough_for_most(access: Access) -> None:
    by_key = replace(access, reader=None, sender=None, user_ids=(501, 502))
    facts = [one for one in FACTS if one.check.__module__ not in {of_meaning.__name__, of_requests.__name__}]
    report = ask(by_key, Report(), [*facts, BY_NAME["an_api_key_acts_for_a_user"]], FAST)
    untried = [one for one in report.findings if one.outcome is Outcome.UNTRIED and one.fact.name not in UNTRIED]
    assert {one.seen for one in untried} == {"there are no logins"}
    assert 10 < len(untried) < len(facts) - 10
    assert (report.left, report.is_failure) == ([], False)


def test_logins_are_enough_for_most(access: Access) -> None:
    report = ask(replace(access, api_key=None), Report(), in_order(FACTS)[:5], FAST)
    assert {one.seen for one in report.findings if one.outcome is Outcome.UNTRIED} == {"there is no API key"}


def test_who_is_not_let_in_asks_for_nothing(access: Access, control: SandboxClient) -> None:
    control.build_world(logins=[{"user_id": 77, "login": "known", "password": "right"}])
    control.clear_journal()
    assert access.sender is not None
    wrong = replace(access, sender=replace(access.sender, login="known"))
    with pytest.raises(CannotTryError, match="the sender cannot log in: 401"):
        ask(wrong, Report(), calls_per_s=FAST)
    calls = [(call.method, call.path, call.status) for call in control.journal()]
    assert calls.count(("POST", "/session.json", 401)) == 1
    assert calls[-1] == ("DELETE", "/session.json", 200)


# The environment ------------------------------------------------------------------------------------------------------

BY_LOGIN = {name: f"of {name}" for name in variables.OF_LOGINS} | {variables.OF_LOGINS[0]: "1"}
KEY = {variables.API_KEY: "of key", variables.OF_KEY[1]: "5", variables.OF_KEY[2]: "6"}


def test_the_variables_name_an_application_and_two_users() -> None:
    both = Access.from_env(BY_LOGIN | KEY | {variables.ENDPOINT: "https://api.example.com/"})
    assert both.endpoint == "https://api.example.com"
    assert both.reader is not None
    assert both.sender is not None
    assert (both.reader.login, both.sender.login) == (
        BY_LOGIN[variables.OF_LOGINS[3]],
        BY_LOGIN[variables.OF_LOGINS[5]],
    )
    assert (both.api_key, both.user_ids) == ("of key", (5, 6))
    assert Access.from_env(BY_LOGIN | {variables.API_KEY: "k"}).user_ids is None
    assert Access.from_env(KEY).reader is None
    assert Access.from_env(BY_LOGIN).endpoint == "https://api.quickblox.com"


def test_no_secret_shows_in_it() -> None:
    access = Access.from_env(BY_LOGIN | KEY)
    assert not any(secret in repr(access) for secret in access.secrets)
    assert len(access.secrets) == 7


@pytest.mark.parametrize(
    ("environ", "told"),
    [
        ({variables.OF_LOGINS[0]: "1"}, f"missing: {', '.join(variables.OF_LOGINS[1:])}"),
        ({variables.API_KEY: "k"}, f"missing: {', '.join(variables.OF_KEY[1:])}"),
        (BY_LOGIN | {variables.OF_KEY[1]: "5"}, f"missing: {variables.API_KEY}, {variables.OF_KEY[2]}"),
        (KEY | {variables.OF_KEY[1]: "five"}, f"{variables.OF_KEY[1]}: expected a user's number"),
        (KEY | {variables.ENDPOINT: "ftp://x"}, variables.ENDPOINT),
    ],
)
def test_what_is_missing_or_wrong_is_told_at_once(environ: Mapping[str, str], told: str) -> None:
    with pytest.raises(AccessError) as faults:
        Access.from_env(environ)
    assert told in str(faults.value)


@pytest.mark.parametrize("environ", [{}, {variables.ENDPOINT: "https://api.example.com"}, {variables.API_KEY: ""}])
def test_without_credentials_it_says_so(environ: Mapping[str, str]) -> None:
    with pytest.raises(NoCredentialsError, match=r"^Without credentials it is skipped\."):
        Access.from_env(environ)


# The command ----------------------------------------------------------------------------------------------------------

SHOWN = ["an_id_marks_one_message", "a_comma_list_marks_several", "marks_are_not_pushed", "no_user_is_a_422"]


def run(monkeypatch: pytest.MonkeyPatch, environ: Mapping[str, str], *options: str) -> tuple[int, str, str]:
    for name in (variables.ENDPOINT, variables.CA_FILE, *variables.OF_LOGINS, *variables.OF_KEY):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    monkeypatch.setattr(running, "FACTS", [BY_NAME[name] for name in SHOWN])
    ended = CliRunner().invoke(command.main, list(options), env=environ)
    return ended.exit_code, ended.stdout, ended.stderr


def environment(url: str) -> dict[str, str]:
    access = of_sandbox(url)
    assert access.reader is not None
    assert access.sender is not None
    reader, sender = access.reader, access.sender
    values = ["1", reader.auth_key, reader.auth_secret, reader.login, reader.password, sender.login, sender.password]
    named = dict(zip(variables.OF_LOGINS, values, strict=True))
    return named | {variables.ENDPOINT: url, variables.API_KEY: str(access.api_key)}


def test_the_table_says_fact_grade_and_outcome(sandbox_server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    code, said, _ = run(monkeypatch, environment(sandbox_server))
    assert code == 0
    rows = [" ".join(line.split()) for line in said.splitlines()]
    assert rows[0] == "grade fact outcome seen"
    assert "[A] a PUT with an id marks that message, for the acting user alone holds" in rows
    assert "[B] 2 hold, 0 do not hold, 1 could not be tried" in rows
    assert any("could not be tried it takes a real-time connection" in row for row in rows)
    assert not any(secret in said for secret in of_sandbox(sandbox_server).secrets)


def test_what_the_worker_has_to_be_told_stands_below(sandbox_server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> None:
        raise DiffersError("refused: 400")

    monkeypatch.setattr(Stage, "_send", refused)
    code, said, _ = run(monkeypatch, environment(sandbox_server))
    assert code == 1
    assert said.splitlines()[-1] == "The worker has to be told: QUICKBLOX_COMMA_LISTS=false"


def test_programs_get_it_as_json(sandbox_server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    code, said, _ = run(monkeypatch, environment(sandbox_server), "--json")
    told = json.loads(said)
    assert (code, told["left"]) == (0, [])
    assert [(one["name"], one["grade"], one["outcome"]) for one in told["facts"]] == [
        (name, BY_NAME[name].grade, "could not be tried" if name in UNTRIED else "holds") for name in SHOWN
    ]


def test_the_command_is_skipped_with_its_sentence_and_tells_faults(monkeypatch: pytest.MonkeyPatch) -> None:
    assert run(monkeypatch, {}) == (0, f"{variables.WITHOUT_CREDENTIALS}\n", "")
    code, said, faults = run(monkeypatch, {variables.API_KEY: "k"})
    assert (code, said, faults.startswith("missing: ")) == (2, "", True)
