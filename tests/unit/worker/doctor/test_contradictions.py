"""Settings that contradict each other: each is found, and what is right is left alone."""

from __future__ import annotations

import pytest

from settings import load
from worker.doctor.contradictions import contradictions

KEY = {"QUICKBLOX_API_KEY": "key"}
SESSION = {f"QUICKBLOX_{name}": "1" for name in ("APPLICATION_ID", "AUTH_KEY", "AUTH_SECRET", "LOGIN", "PASSWORD")}


def found(**environ: str) -> list[tuple[str, str]]:
    return [(each.level, each.found) for each in contradictions(load(environ))]


def test_defaults_with_a_key_contradict_nothing() -> None:
    assert [level for level, _ in found(**KEY)] == ["ok"]
    assert [level for level, _ in found(**SESSION)] == ["ok"]
    below = {"QUICKBLOX_RATE_PER_S": "60", "QUICKBLOX_PLAN_CALLS_PER_S": "120", "QUICKBLOX_SHARE_LEFT": "0.5"}
    assert [level for level, _ in found(**KEY, **below)] == ["ok"]


@pytest.mark.parametrize("share", [f"0.{hundredth:02}" for hundredth in range(1, 91)])
@pytest.mark.parametrize("plan", ["80", "120", "160"])
def test_a_rate_that_follows_from_plan_and_share_contradicts_neither(plan: str, share: str) -> None:
    told = found(**KEY, QUICKBLOX_PLAN_CALLS_PER_S=plan, QUICKBLOX_SHARE_LEFT=share)
    assert [sentence for _, sentence in told if "SHARE_LEFT" in sentence] == []


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, "neither an API key nor a service session"),
        (KEY | SESSION, "the key wins"),
        (KEY | {"QUICKBLOX_RATE_PER_S": "100"}, "the rate (100 calls/s) is above the plan (80)"),
        (KEY | {"QUICKBLOX_RATE_PER_S": "0"}, "the rate (no limit) is above the plan (80)"),
        (KEY | {"QUICKBLOX_RATE_PER_S": "70", "QUICKBLOX_SHARE_LEFT": "0.2"}, "takes of what QUICKBLOX_SHARE_LEFT"),
        (KEY | {"RECEIPTS_REMEMBER_S": "1"}, "is below RECEIPTS_GATHER_MAX_S"),
        (KEY | {"RECEIPTS_GIVE_UP_AFTER_S": "10"}, "can die after a single wait"),
        (KEY | {"RECEIPTS_CONNECTIONS": "1"}, "2 calls at once"),
    ],
)
def test_each_is_found(environ: dict[str, str], expected: str) -> None:
    [(level, sentence)] = found(**environ)
    assert level == "warning"
    assert expected in sentence


def test_two_applications_with_one_account() -> None:
    keys = {"QUICKBLOX_API_KEY__SHOP": "same-key", "QUICKBLOX_API_KEY__GAMES": "same-key"}
    [(level, sentence)] = found(RECEIPTS_APPLICATIONS="shop,games", **keys)
    assert (level, "shop, games send with the same API key" in sentence) == ("warning", True)
    assert "same-key" not in sentence
