"""Everything behind TLS with an authority of our own: Redis as the ledger and the broker, and the chat API."""

from __future__ import annotations

from pathlib import Path

import pytest
import redis

from receipt_sync import ReceiptQueue
from tests.certificates import Authority
from tests.running import StartSystem, until
from tests.tls_front import TlsFront


def test_the_whole_way_is_verified_and_a_wrong_certificate_loses_nothing(
    start_system: StartSystem, tmp_path: Path
) -> None:
    ours, another = Authority(tmp_path), Authority(tmp_path, "another")
    good = ours.sign()
    system = start_system()
    with TlsFront(system.redis_server.port, good) as ledger, TlsFront(system.api_port, good) as api:
        behind_tls = {
            "REDIS_URL": f"rediss://127.0.0.1:{ledger.port}/0",
            "REDIS_CA_FILE": str(ours.path),
            "QUICKBLOX_ENDPOINT": f"https://127.0.0.1:{api.port}",
            "QUICKBLOX_CA_FILE": str(ours.path),
        }
        producer = ReceiptQueue.from_env(behind_tls | {"RECEIPTS_REDIS_TIMEOUT_S": "5"})
        dialog_id, _ = system.dialog(1)
        # The API shows another's certificate at first: it is not given a single request.
        api.show(another.sign())
        producer.mark_dialog_read(dialog_id, user_id=123)
        worker = system.start_worker(**behind_tls)
        worker.wait_for_line("its certificate is not trusted", 30)
        assert system.puts() == []
        assert system.accounts().dead == 0
        api.show(good)
        system.wait_until_settled()
        assert len(system.applied()) == 1
        assert system.accounts().dead == 0
        producer.close()


@pytest.mark.parametrize("wrong", ["another authority", "another host", "no authority named"])
def test_a_producer_takes_no_other_server_for_the_ledger(start_system: StartSystem, tmp_path: Path, wrong: str) -> None:
    ours = Authority(tmp_path)
    certificate = {
        "another authority": Authority(tmp_path, "another").sign(),
        "another host": ours.sign("redis.example.com"),
        "no authority named": ours.sign(),
    }[wrong]
    system = start_system()
    with TlsFront(system.redis_server.port, certificate) as front:
        environ = {"REDIS_URL": f"rediss://127.0.0.1:{front.port}/0", "RECEIPTS_REDIS_TIMEOUT_S": "5"}
        if wrong != "no authority named":
            environ["REDIS_CA_FILE"] = str(ours.path)
        producer = ReceiptQueue.from_env(environ)
        with pytest.raises(redis.ConnectionError, match="CERTIFICATE_VERIFY_FAILED"):
            producer.mark_dialog_read("53a99a7be4b094c7c6d31b41", user_id=123)
        producer.close()
    assert system.redis.dbsize() == 0


def test_a_worker_waits_for_a_ledger_that_it_can_trust(start_system: StartSystem, tmp_path: Path) -> None:
    ours = Authority(tmp_path)
    system = start_system()
    dialog_id, _ = system.dialog(1)
    system.receipts.mark_dialog_read(dialog_id, user_id=123)
    with TlsFront(system.redis_server.port, ours.sign("redis.example.com")) as front:
        settings = {"REDIS_URL": f"rediss://127.0.0.1:{front.port}/0", "REDIS_CA_FILE": str(ours.path)}
        worker = system.start_worker(until_it_says="Redis is not reached yet", **settings)
        assert "not valid for '127.0.0.1'" in worker.log.text()
        front.show(ours.sign())
        system.wait_until_settled()
        until(lambda: len(system.applied()) == 1, "the PUT")
