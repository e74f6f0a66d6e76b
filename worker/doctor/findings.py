"""What the doctor says: one sentence of what was found, and one of what mends it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Level = Literal["ok", "unseen", "warning", "fault"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding; holds nothing private.

    Attributes:
        level: `ok`; `unseen`: cannot be told from here; `warning`: perhaps meant; `fault`: to be mended.
        about: what was looked at, in a word or two.
        found: what was found.
        mend: what to do; "" where nothing needs doing.
        application: whose; None for the deployment as a whole.
    """

    level: Level
    about: str
    found: str
    mend: str = ""
    application: str | None = None


def ok(about: str, found: str, application: str | None = None) -> Finding:
    """As it should be."""
    return Finding("ok", about, found, application=application)


def unseen(about: str, found: str, mend: str, application: str | None = None) -> Finding:
    """Cannot be told from here; `mend` says how it could be."""
    return Finding("unseen", about, found, mend, application)


def warning(about: str, found: str, mend: str, application: str | None = None) -> Finding:
    """Perhaps meant."""
    return Finding("warning", about, found, mend, application)


def fault(about: str, found: str, mend: str, application: str | None = None) -> Finding:
    """To be mended."""
    return Finding("fault", about, found, mend, application)
