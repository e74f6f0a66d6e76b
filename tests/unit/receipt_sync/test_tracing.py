"""The trace that a recording belongs to: whose, and what is none."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
import sentry_sdk

from receipt_sync.tracing import trace_arguments

TRACE = f"00-{7:032x}-{9:016x}-01"
Header = str | None


def found_by_sentry(monkeypatch: pytest.MonkeyPatch, header: Header) -> tuple[str, ...]:
    monkeypatch.setitem(sys.modules, "sentry_sdk", SimpleNamespace(get_traceparent=lambda: header))
    return trace_arguments()


def found_by_opentelemetry(monkeypatch: pytest.MonkeyPatch, flags: int, trace_id: int = 7) -> tuple[str, ...]:
    context = SimpleNamespace(trace_id=trace_id, span_id=9, trace_flags=flags)
    span = SimpleNamespace(get_span_context=lambda: context)
    monkeypatch.setitem(sys.modules, "opentelemetry.trace", SimpleNamespace(get_current_span=lambda: span))
    monkeypatch.delitem(sys.modules, "sentry_sdk", raising=False)
    return trace_arguments()


def test_the_callers_own_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sentry_sdk", SimpleNamespace(get_traceparent=lambda: f"{1:032x}-{1:016x}-1"))
    assert trace_arguments(TRACE) == (TRACE,)


@pytest.mark.parametrize("given", ["", "anything", TRACE[:-2] + "00", TRACE.upper().replace("0", "G"), TRACE + "\n", 7])
def test_what_is_no_sampled_trace_is_left_out_and_refuses_no_receipt(given: Any) -> None:
    assert trace_arguments(given) == ()


def test_sentrys_span_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    assert found_by_sentry(monkeypatch, f"{7:032x}-{9:016x}-1") == (TRACE,)


@pytest.mark.parametrize("header", [None, "", f"{7:032x}-{9:016x}", f"{7:032x}-{9:016x}-0"])
def test_without_a_sampled_span_of_sentrys_there_is_none(monkeypatch: pytest.MonkeyPatch, header: Header) -> None:
    assert found_by_sentry(monkeypatch, header) == ()


def test_opentelemetrys_span_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    assert found_by_opentelemetry(monkeypatch, 1) == (TRACE,)
    assert found_by_opentelemetry(monkeypatch, 0) == ()


def test_a_module_that_is_being_imported_is_no_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sentry_sdk", SimpleNamespace())
    assert trace_arguments() == ()


@pytest.fixture
def tracing() -> Iterator[None]:
    client = sentry_sdk.Client(dsn="http://key@127.0.0.1:1/1", traces_sample_rate=1.0, default_integrations=False)
    with sentry_sdk.isolation_scope() as scope:
        scope.set_client(client)
        yield
    client.close(timeout=0)


@pytest.mark.usefixtures("tracing")
def test_with_the_real_sdk() -> None:
    assert trace_arguments() == ()
    with sentry_sdk.start_transaction(name="a request") as span:
        assert trace_arguments() == (f"00-{span.trace_id}-{span.span_id}-01",)
    with sentry_sdk.start_transaction(name="a request", sampled=False):
        assert trace_arguments() == ()


def test_nothing_is_imported_for_it() -> None:
    # redis-py itself loads OpenTelemetry where that is installed.
    program = (
        "import sys, redis; before = set(sys.modules); import receipt_sync;"
        "print({'sentry_sdk', 'opentelemetry', 'opentelemetry.trace'} & (set(sys.modules) - before))"
    )
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, check=True).stdout == b"set()\n"
