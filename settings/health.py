"""What can be turned about health; their fields in `model.Settings`, the page is docs/health.md."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator

from settings.variable import Variable, seconds


def _absolute(value: Path) -> Path:
    if not value.is_absolute():
        raise ValueError("it is relative")
    return value


Directory = Annotated[Path, AfterValidator(_absolute)]

DIRECTORY = Variable(
    "RECEIPTS_HEALTH_DIR",
    "the absolute path of a directory that can be written",
    "Where worker and beat write how they are, for `python -m worker health`.",
    default_text="receipt-sync-health-<uid> in TMPDIR",
    from_file=False,
).field(None)
STUCK_AFTER_S = seconds(
    "RECEIPTS_STUCK_AFTER_S",
    25.0,
    "How long a worker may make no progress, while nothing but itself can be the reason, before it ends itself.",
    least=2,
    most=3600,
)
