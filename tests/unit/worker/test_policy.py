from __future__ import annotations

import re

from receipt_sync.scripts import shared_source
from settings import Settings
from worker.ledger.policy import policy_of


def test_what_the_scripts_take_until_the_first_worker_starts_are_the_settings_defaults() -> None:
    [stated] = re.findall(r"local policy = \{(.*?)\}", shared_source(), re.DOTALL)
    in_lua = {name: float(value) for name, value in re.findall(r"(\w+) = ([\d.]+)", stated)}
    settings = Settings()
    assert in_lua == {name: float(value) for name, value in policy_of(settings, settings.applications[0]).items()}
