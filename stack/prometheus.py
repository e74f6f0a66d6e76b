"""A real Prometheus of Debian's package, on a free port, with our own configuration and alerts."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import requests

from stack.ports import free_port
from stack.process import Process
from stack.programs import program
from stack.services import PROJECT, environment

CONFIGURATION = PROJECT / "docker" / "prometheus" / "prometheus.yml"
READY_WITHIN_S = 30.0
_ASKED_WITHIN_S = 10.0


class Prometheus:
    """A server that has been started and answers.

    Args:
        directory: where its data, its configuration and its log go.
        exporter: host and port of the exporter, in place of the one that the configuration names.
        every: how often it scrapes and evaluates, in place of the configuration's time.

    Attributes:
        url: of its API and pages.
    """

    def __init__(self, directory: Path, exporter: str, every: str = "1s") -> None:
        directory.mkdir(parents=True, exist_ok=True)
        text = CONFIGURATION.read_text(encoding="utf-8")
        for written, meant in (("metrics:9464", exporter), ("15s", every), (" 10s", f" {every}")):
            if written not in text:
                raise ValueError(f"{CONFIGURATION}: expected {written.strip()} in it")
            text = text.replace(written, meant)
        (directory / "prometheus.yml").write_text(text, encoding="utf-8")
        alerts = CONFIGURATION.with_name("alerts.yml")
        (directory / alerts.name).write_text(alerts.read_text(encoding="utf-8"), encoding="utf-8")
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        command = [
            str(program("prometheus")),
            f"--config.file={directory / 'prometheus.yml'}",
            f"--storage.tsdb.path={directory / 'data'}",
            f"--web.listen-address=127.0.0.1:{port}",
        ]
        self.process = Process("prometheus", command, environment({}), PROJECT, directory / "prometheus.log")
        try:
            self.process.wait_for_line("Server is ready to receive web requests", READY_WITHIN_S)
        except BaseException:
            self.stop()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def query(self, expression: str) -> list[tuple[Mapping[str, str], float]]:
        """The series that an expression has now: labels and value of each."""
        found = self._ask("query", query=expression)["result"]
        return [(each["metric"], float(each["value"][1])) for each in found]

    def rules(self) -> list[dict[str, Any]]:
        """Every rule as its API says it, with `name`, `query`, `health` and `state` among others."""
        return [rule for group in self._ask("rules")["groups"] for rule in group["rules"]]

    def targets(self) -> list[dict[str, Any]]:
        """Whom it scrapes."""
        active: list[dict[str, Any]] = self._ask("targets")["activeTargets"]
        return active

    def stop(self) -> None:
        """Ends it."""
        self.process.kill()

    def _ask(self, what: str, **parameters: str) -> dict[str, Any]:
        answer = requests.get(f"{self.url}/api/v1/{what}", params=parameters, timeout=_ASKED_WITHIN_S)
        answer.raise_for_status()
        data: dict[str, Any] = answer.json()["data"]
        return data
