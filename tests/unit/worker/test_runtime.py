from __future__ import annotations

import pytest

from settings import load
from tests.forking import in_a_child
from tests.unit.settings.faults import SERVICE_SESSION
from worker.chat_api import ChatApi
from worker.flights import POLL_S
from worker.runtime import Runtime, runtime
from worker.service_session import ServiceSession


@pytest.mark.parametrize(("rate_per_s", "late_s"), [("72", 0.1), ("0", 5)])
def test_only_a_paced_claim_can_be_late_for_its_pace(rate_per_s: str, late_s: float) -> None:
    held = Runtime(load({"QUICKBLOX_RATE_PER_S": rate_per_s}))
    assert held.ways["default"].late_s == late_s
    assert held.ways["default"].send_within_s == 2.5


@pytest.mark.parametrize(
    ("least_s", "delivered_s", "rate_per_s", "together_s"),
    [
        ("0", "0", "0", 0.0),
        ("1", "1", "0", 0.025),
        ("1", "0", "0", 0.0),
        ("60", "60", "0", POLL_S),
        ("60", "60", "72", 0.0),
        ("0.4", "0.4", "0", 0.01),
    ],
)
def test_claims_are_gathered_for_a_small_part_of_what_every_receipt_gathers(
    least_s: str, delivered_s: str, rate_per_s: str, together_s: float
) -> None:
    most = {"RECEIPTS_GATHER_MAX_S": "60", "QUICKBLOX_RATE_PER_S": rate_per_s}
    held = Runtime(load(most | {"RECEIPTS_GATHER_MIN_S": least_s, "RECEIPTS_GATHER_DELIVERED_MIN_S": delivered_s}))
    assert held.ways["default"].together_s == pytest.approx(together_s)


def test_lists_switched_off_are_lists_of_one() -> None:
    held = Runtime(load({"QUICKBLOX_COMMA_LISTS": "false"}))
    assert held.ways["default"].limits.list_max_ids == 1


def test_every_application_has_a_way_of_its_own() -> None:
    settings = load({"RECEIPTS_APPLICATIONS": "default,shop", "QUICKBLOX_ENDPOINT__SHOP": "https://shop.example"})
    held = Runtime(settings)
    assert set(held.ways) == {"default", "shop"}
    assert held.ways["shop"].ledger.application == "shop"


def test_a_service_session_is_for_an_application_without_an_api_key() -> None:
    session = load(SERVICE_SESSION).application("default")
    both = {"RECEIPTS_APPLICATIONS": "default,shop", "QUICKBLOX_API_KEY": "k"}
    of_shop = {f"{name}__SHOP": value for name, value in SERVICE_SESSION.items()}
    ways = Runtime(load(both | SERVICE_SESSION | of_shop)).ways
    assert isinstance(ways["default"].api, ChatApi)
    door = ways["shop"].api
    assert isinstance(door, ServiceSession)
    assert session.login is not None
    assert door.credentials.login == session.login.get_secret_value()
    assert "hunter2" not in repr(ways)


def test_a_forked_process_makes_its_own_runtime() -> None:
    settings = load({})
    ours = runtime(settings)
    assert runtime(settings) is ours
    assert in_a_child(lambda: int(runtime(settings) is ours)) == 0
