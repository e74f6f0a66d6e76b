from __future__ import annotations

import re

from receipt_sync.functions import shared_source
from settings import Settings, load
from worker.ledger.policy import policy_of


def test_what_the_functions_take_until_the_first_worker_starts_are_the_settings_defaults() -> None:
    [stated] = re.findall(r"local POLICY = \{(.*?)\}", shared_source(), re.DOTALL)
    in_lua = {name: float(value) for name, value in re.findall(r"(\w+) = ([\d.]+)", stated)}
    settings = Settings()
    published = policy_of(settings, settings.applications[0])
    assert published.pop("has_key") == "0"  # until a worker says so, there may be one
    own = {name: published.pop(name) for name in list(published) if re.match("gather_(edit|delivered)_", name)}
    assert in_lua == {name: float(value) for name, value in published.items()}
    # Not in the functions: they take the plain ones, as the settings do.
    assert own == {
        f"gather_{kind}_{end}_ms": published[f"gather_{end}_ms"]
        for kind in ("edit", "delivered")
        for end in ("min", "max")
    }


def test_edits_and_delivereds_have_gather_times_of_their_own() -> None:
    settings = load({"RECEIPTS_GATHER_EDIT_MAX_S": "1.5", "RECEIPTS_GATHER_DELIVERED_MIN_S": "2"})
    published = policy_of(settings, settings.applications[0])
    assert {name: value for name, value in published.items() if name.startswith("gather_")} == {
        "gather_min_ms": "0",
        "gather_max_ms": "2000",
        "gather_edit_min_ms": "0",
        "gather_edit_max_ms": "1500",
        "gather_delivered_min_ms": "2000",
        "gather_delivered_max_ms": "2000",
    }
