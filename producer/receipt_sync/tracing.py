"""The trace that a recording belongs to, so that the PUT which covers it can be linked to it.

A W3C `traceparent`: given by the caller, or that of the span that runs in Sentry's SDK or OpenTelemetry. Neither is
imported: where nobody has loaded them there is nothing to find. A trace is a hint, never a reason to refuse a receipt:
one that is not sampled, or is no trace, is left out.
"""

from __future__ import annotations

import re
import sys
from typing import Any

TRACEPARENT = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})", re.ASCII)
_SAMPLED = 1


def trace_arguments(given: str | None = None) -> tuple[str, ...]:
    """What stands behind the receipts in record.lua's arguments: the trace, or nothing.

    Args:
        given: the caller's; None for the span that runs now.
    """
    trace = _running() if given is None else given
    found = TRACEPARENT.fullmatch(trace) if isinstance(trace, str) else None
    return (trace,) if found and int(found[3], 16) & _SAMPLED else ()


def _running() -> str:
    sentry = sys.modules.get("sentry_sdk")
    if sentry is not None:
        return _of_sentry(sentry) or _of_opentelemetry()
    return _of_opentelemetry()


def _of_sentry(sentry: Any) -> str:
    # A module that is being imported by another thread stands in the table before it has its names.
    header = getattr(sentry, "get_traceparent", str)() or ""
    return f"00-{header[:-2]}-01" if header.endswith("-1") else ""


def _of_opentelemetry() -> str:
    trace = sys.modules.get("opentelemetry.trace")
    if trace is None:
        return ""
    context = trace.get_current_span().get_span_context()
    return f"00-{context.trace_id:032x}-{context.span_id:016x}-{int(context.trace_flags):02x}"
