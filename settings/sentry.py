"""The names that Sentry takes: https://docs.sentry.io/platforms/python/configuration/environments/ and …/releases/."""

from __future__ import annotations

import re


def environment_name(value: str) -> str:
    """An environment's name as Sentry takes it; others are dropped by Sentry without a word."""
    if not re.fullmatch(r"[^\s/]{1,64}", value) or value == "None":
        raise ValueError("Sentry would drop it")
    return value


def release_name(value: str) -> str:
    """A release's name as Sentry takes it."""
    if not re.fullmatch(r"[^\r\n\t\f\v/\\]{1,200}", value) or value.strip() in {"", ".", ".."}:
        raise ValueError("Sentry would drop it")
    return value
