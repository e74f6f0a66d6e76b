"""`python -m worker doctor`: every fault is made on purpose, found, and has its mend; and nothing is changed."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from settings import Application, load
from stack.ports import free_port
from stack.redis_server import RedisServer
from tests.conftest import Sandbox
from tests.integration.operating import Commands
from tests.running import API_KEY
from tests.shorthand import DIALOG, MARKS, USER, edit, msg, read
from worker.chat_api import Answer
from worker.doctor.api import _reached
from worker.ledger import Dead
from worker.runtime import Runtime

COUNTS, BROKEN = "rs:{default}:counts", "rs:{default}:broken"
SESSION = {f"QUICKBLOX_{name}": "1" for name in ("APPLICATION_ID", "AUTH_KEY", "AUTH_SECRET", "LOGIN", "PASSWORD")}
Doctor = Callable[..., dict[str, list[str]]]


@pytest.fixture
def environ(sandbox: Sandbox, redis_server: RedisServer) -> dict[str, str]:
    """What `held` has published, an API that answers, and a broker that the operator's user may not look at."""
    of_held = {"RECEIPTS_GATHER_MAX_S": "0", "QUICKBLOX_RATE_PER_S": "100", "RECEIPTS_BREAKER_CALLS_MIN": "2"}
    plan = {"QUICKBLOX_PLAN_CALLS_PER_S": "0"}
    api = {"QUICKBLOX_ENDPOINT": sandbox.url, "QUICKBLOX_API_KEY": API_KEY}
    return {**of_held, **plan, **api, "CELERY_BROKER_URL": redis_server.url_of("worker")}


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody is there to answer, and nothing to be waited for, unless a test says so."""
    monkeypatch.setattr("worker.doctor.workers._PING_S", 0.05)
    monkeypatch.setattr("worker.doctor.workers._BETWEEN_S", 0.1)


@pytest.fixture
def doctor(redis_server: RedisServer, environ: dict[str, str]) -> Doctor:
    """What it finds, by level: `about: found → mend`."""

    def examine(*options: str, **more: str) -> dict[str, list[str]]:
        if "REDIS_URL" in more:  # of a server of the test's own, which is the broker, too
            more = {"CELERY_BROKER_URL": more["REDIS_URL"], **more}
        commands = Commands(**{"REDIS_URL": redis_server.url_of("operator"), **environ, **more})
        result = commands.run("doctor", "--json", *options)
        answer: dict[str, Any] = json.loads(result.stdout)
        found: dict[str, list[str]] = {level: [] for level in ("ok", "unseen", "warning", "fault")}
        for each in answer["findings"]:
            found[each["level"]].append(f"{each['about']}: {each['found']} → {each['mend']}")
            assert bool(each["mend"]) is (each["level"] != "ok"), each
        assert result.exit_code == (1 if answer["faults"] else 0)
        assert answer["faults"] == len(found["fault"])
        return found

    return examine


def test_a_deployment_that_lacks_nothing_but_a_worker(held: Runtime, doctor: Doctor) -> None:
    held.queue("default").record_many([read()])
    found = doctor("--user", str(USER))
    assert found["fault"] == [
        "workers: none listens to the ledger → start one: `celery -A worker.app worker` (Procfile)"
    ]
    assert found["warning"] == found["unseen"] == []
    said = "\n".join(found["ok"])
    for expected in (
        "an append-only file, appendfsync everysec",
        "maxmemory-policy noeviction",
        "agree",
        "broker: the ledger's own Redis",
        "the API key is accepted",
        "they balance: 1 recorded",
        "all of them can be read",
        "the workers run with this environment's",
    ):
        assert expected in said


@pytest.mark.usefixtures("held")
def test_for_people(redis_server: RedisServer, environ: dict[str, str]) -> None:
    commands = Commands(redis_server.url_of("operator"), **environ)
    whole, faults = commands.run("doctor"), commands.run("doctor", "--faults")
    assert (whole.exit_code, faults.exit_code) == (1, 1)
    assert faults.stdout.splitlines()[1].strip() == "→ start one: `celery -A worker.app worker` (Procfile)"
    assert whole.stdout.splitlines()[-1].startswith("1 fault, 0 warnings, ")
    assert API_KEY not in whole.output


def test_nothing_is_changed(held: Runtime, doctor: Doctor, sandbox: Sandbox) -> None:
    sandbox.client.build_world(
        users=(7, USER),
        dialogs=[{"_id": DIALOG, "type": 2, "occupants_ids": [7, USER]}],
        messages=[{"_id": msg(1), "chat_dialog_id": DIALOG, "sender_id": 7, "message": "unread"}],
    )
    held.queue("default").record_many([read(), edit("x", 1)])
    before = {key: held.redis.dump(key) for key in held.redis.scan_iter("rs:*")}, sandbox.client.world()
    doctor("--user", str(USER))
    assert ({key: held.redis.dump(key) for key in held.redis.scan_iter("rs:*")}, sandbox.client.world()) == before
    assert [call.method for call in sandbox.client.journal()] == ["GET"]


# Redis ----------------------------------------------------------------------------------------------------------


def test_a_redis_that_keeps_nothing(tmp_path: Path, doctor: Doctor) -> None:
    options = {"maxmemory": "1mb", "maxmemory-policy": "allkeys-lru", "replicaof": f"127.0.0.1 {free_port()}"}
    with RedisServer(tmp_path, append_only=False, options=options) as server:
        found = doctor(REDIS_URL=server.url)
    for expected in ("there is no append-only file", "maxmemory-policy allkeys-lru", "memory:", "this is a replica"):
        assert any(expected in each for each in found["fault"]), (expected, found["fault"])
    assert any("with a limit: when it is full, doorbells are refused" in each for each in found["warning"])


def test_an_append_only_file_that_is_never_forced_to_the_disk(tmp_path: Path, doctor: Doctor) -> None:
    with RedisServer(tmp_path, fsync="no") as server:
        assert any("never forced to the disk" in each for each in doctor(REDIS_URL=server.url)["warning"])


def test_redis_away_is_a_fault_and_the_rest_is_looked_at(doctor: Doctor) -> None:
    found = doctor(REDIS_URL=f"redis://:pass-word@127.0.0.1:{free_port()}/0")
    ledger, broker = found["fault"]
    assert ledger.startswith("ledger: the ledger was not reached at redis://:********@127.0.0.1:")
    assert broker.startswith("broker: not reached at redis://:********@127.0.0.1:")
    assert any("the API key" in each for each in found["ok"])
    assert "pass-word" not in repr(found)


@pytest.mark.parametrize("broker", ["redis://:secret@127.0.0.1:{}/0", "amqp://me:secret@127.0.0.1:{}//"])
@pytest.mark.usefixtures("held")
def test_a_broker_away(doctor: Doctor, broker: str) -> None:
    found = doctor(CELERY_BROKER_URL=broker.format(free_port()))
    [said] = [each for each in found["fault"] if each.startswith("broker: not reached at ")]
    assert "secret" not in said


def test_a_broker_of_its_own_that_evicts(tmp_path: Path, held: Runtime, doctor: Doctor) -> None:
    assert held.redis.ping()
    with RedisServer(tmp_path, options={"maxmemory-policy": "allkeys-lru"}) as server:
        found = doctor(CELERY_BROKER_URL=server.url)
    assert any("a Redis of its own with maxmemory-policy allkeys-lru" in each for each in found["warning"])


# The API --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("faults", "level", "expected"),
    [
        ({"key_refused": True}, "fault", "credentials: the API key is refused (401) → QUICKBLOX_API_KEY"),
        ({"throttle": True}, "unseen", "credentials: the API throttles (429)"),
        ({"outage": True}, "fault", "api: the API answers 503"),
        ({"unknown_users": "reject"}, "warning", f"answers 404 to /chat/Message/unread.json → is user {USER}"),
        ({"reset_share": 1}, "fault", "api: not reached at http://127.0.0.1"),
    ],
)
@pytest.mark.usefixtures("held")
def test_what_the_api_answers(
    doctor: Doctor, sandbox: Sandbox, faults: dict[str, Any], level: str, expected: str
) -> None:
    sandbox.client.faults(**faults)
    assert any(expected in each for each in doctor("--user", str(USER))[level])


@pytest.mark.usefixtures("held")
def test_without_a_user_the_key_is_told_from_a_refused_one(doctor: Doctor) -> None:
    assert any("the API key is not refused" in each for each in doctor()["ok"])
    assert any("the API key is refused" in each for each in doctor(QUICKBLOX_API_KEY="another")["fault"])


@contextmanager
def tls_server(directory: Path) -> Iterator[str]:
    """A server whose certificate nobody has signed."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "nobody")])
    now, days = datetime.now(UTC), timedelta(days=1)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    certificate = (
        builder.serial_number(1).not_valid_before(now - days).not_valid_after(now + days).sign(key, hashes.SHA256())
    )
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain)
    (directory / "both.pem").write_bytes(private + certificate.public_bytes(pem))
    server = HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    server.handle_error = lambda *_: None  # type: ignore[method-assign]  # a handshake that fails is what is wanted
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(directory / "both.pem")
    server.socket = context.wrap_socket(server.socket, server_side=True)
    serving = threading.Thread(target=server.serve_forever)
    serving.start()
    try:
        yield f"https://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        serving.join()
        server.server_close()


@pytest.mark.usefixtures("held")
def test_a_certificate_that_nobody_has_signed(doctor: Doctor, tmp_path: Path) -> None:
    with tls_server(tmp_path) as url:
        found = doctor(QUICKBLOX_ENDPOINT=url)
    [said] = [each for each in found["fault"] if each.startswith("api:")]
    assert ": no answer: SSLError" in said
    assert "→ its certificate is not trusted here" in said


@pytest.mark.parametrize(
    ("endpoint", "level"),
    [("https://api.example.com", "ok"), ("http://api.example.com", "fault"), ("http://127.0.0.1:8090", "ok")],
)
def test_whether_tls_is_missed(endpoint: str, level: str) -> None:
    [found] = _reached(Application(endpoint=endpoint), Answer(401, {}, b""))
    assert found.level == level


@pytest.mark.parametrize(
    ("fields", "level", "expected"),
    [
        ({}, "unseen", "no service session is open"),
        ({"fails": "3", "trouble": "refused"}, "fault", "cannot be opened (refused), 3 times in a row"),
        ({"user_id": "7", "expires_ms": "9999999999999"}, "ok", "the service session of user 7 is open"),
        ({"user_id": b"\xff", "expires_ms": "soon"}, "unseen", "no service session is open"),
    ],
)
def test_a_service_session(held: Runtime, doctor: Doctor, fields: Any, level: str, expected: str) -> None:
    if fields:
        held.redis.hset("rs:{default}:session", mapping=fields)
    assert any(expected in each for each in doctor(QUICKBLOX_API_KEY="", **SESSION)[level])


# The ledger -----------------------------------------------------------------------------------------------------


def test_accounts_that_do_not_balance(held: Runtime, doctor: Doctor) -> None:
    held.queue("default").record_many([read()])
    held.redis.hincrby(COUNTS, "covered", 2)
    held.redis.hset(f"rs:{{default}}:{MARKS}", "pr", "00000009")
    faults = doctor()["fault"]
    assert any("they do not balance by -2" in each for each in faults)
    assert any(f"1 of 1 slots do not balance: {MARKS}" in each for each in faults)


def test_letters_that_another_hand_has_taken(held: Runtime, doctor: Doctor) -> None:
    held.queue("default").record_many([read()])
    ledger = held.ways["default"].ledger
    [claim] = ledger.claim(1).claims
    ledger.settle([(claim.slot, claim.generation, Dead("rejected: status 422", "rejected"))])
    assert any("1 dead receipts: 1 in 1 letters" in each for each in doctor()["ok"])
    held.redis.delete("rs:{default}:dead")
    assert any("they do not add up" in each for each in doctor()["fault"])


@pytest.mark.parametrize("key", ["counts", "due", "policy", "dead", "pace", "broken"])
def test_keys_that_hold_something_else(held: Runtime, doctor: Doctor, key: str) -> None:
    held.queue("default").record_many([read()])
    held.redis.delete(f"rs:{{default}}:{key}")
    held.redis.lpush(f"rs:{{default}}:{key}", "garbage")
    assert [each for each in doctor()["fault"] if each.startswith("keys: ")]


def test_what_was_set_aside_is_named(held: Runtime, doctor: Doctor) -> None:
    held.redis.hset(BROKEN, "permits", "a string, should be a zset")
    assert any("permits was set aside: a string" in each for each in doctor()["fault"])


@pytest.mark.usefixtures("held")
def test_workers_with_other_settings_and_a_pause(doctor: Doctor, commands: Commands) -> None:
    commands.run("pause", "a move")
    warnings = doctor(RECEIPTS_GATHER_MAX_S="7")["warning"]
    assert any("gather_max_ms 7000 here, 0 there" in each for each in warnings)
    assert any("it is paused (a move): `resume` ends that" in each for each in warnings)


def test_what_is_overdue_is_no_progress(held: Runtime, doctor: Doctor) -> None:
    held.queue("default").record_many([read()])
    held.redis.zincrby("rs:{default}:due", -60_000, MARKS)
    [said] = [each for each in doctor()["fault"] if each.startswith("progress: ")]
    assert "and no call was made → a worker that is connected and consumes nothing" in said


def test_settings_that_cannot_be_used(redis_server: RedisServer) -> None:
    result = Commands(redis_server.url_of("operator"), RECEIPTS_DEAD_KEEP_S="for ever", RECEIPTS_PERMIT_S="99").run(
        "doctor"
    )
    assert (result.exit_code, result.stdout) == (1, "")
    assert "RECEIPTS_DEAD_KEEP_S" in result.stderr
    assert "RECEIPTS_PERMIT_S" in result.stderr
    assert load({}) is not None
