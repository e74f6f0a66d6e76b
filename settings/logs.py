"""What can be turned about log lines; their fields in `model.Settings`."""

from __future__ import annotations

from typing import Literal

from settings.variable import Variable, count

Format = Literal["auto", "json", "human"]

FORMAT = Variable(
    "RECEIPTS_LOG_FORMAT",
    "auto, json or human",
    "How log lines look (docs/logs.md); auto: human on a terminal, else JSON.",
).field("auto")
REPEATS_PER_MIN = count(
    "RECEIPTS_LOG_REPEATS_PER_MIN",
    60,
    "How many lines of the same event one process writes in a minute; then one line says how many more there were. "
    "Lines at DEBUG are all written.",
    least=1,
    most=1_000_000,
)
