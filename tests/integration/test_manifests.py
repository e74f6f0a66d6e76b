"""The containers' manifests name what there is: settings, files of secrets, and a container as it is meant to be.

That they are Kubernetes' own words is held by `make kubernetes-check`, which has the schemas.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from settings import Application, Settings
from settings.variable import variables
from stack.services import PROJECT

MANIFESTS = PROJECT / "docker" / "kubernetes"
DEPLOYMENTS = [path for path in sorted(MANIFESTS.glob("*.yaml")) if "kind: Deployment" in path.read_text()]
PROCFILES = {"FLOWER_BASIC_AUTH", "METRICS_ADDRESS"}  # docs/contract.md


def known_names() -> set[str]:
    ours = {variable.name for model in (Settings, Application) for _, variable in variables(model)} | PROCFILES
    return ours | {f"{name}_FILE" for name in ours}


def test_every_variable_is_one_that_somebody_reads() -> None:
    texts = "".join(path.read_text() for path in DEPLOYMENTS) + (MANIFESTS / "kustomization.yaml").read_text()
    named = set(re.findall(r"\{name: ([A-Z][A-Z_]+), value", texts)) | set(re.findall(r"- ([A-Z][A-Z_]+)=", texts))
    assert {"REDIS_URL_FILE", "QUICKBLOX_PLAN_CALLS_PER_S", "FLOWER_BASIC_AUTH_FILE"} <= named <= known_names()
    compose = (PROJECT / "docker" / "compose.yaml").read_text()
    in_compose = set(re.findall(r"^ +((?:RECEIPTS|QUICKBLOX|REDIS|CELERY|SENTRY)_[A-Z_]+):", compose, re.MULTILINE))
    assert {"REDIS_URL", "QUICKBLOX_ENDPOINT"} <= in_compose <= known_names()


def test_every_secret_is_a_file_that_the_page_tells_to_make() -> None:
    page = (PROJECT / "docs" / "kubernetes.md").read_text()
    files = set(re.findall(r"/run/secrets/receipts/(\w+)", "".join(path.read_text() for path in DEPLOYMENTS)))
    assert files == set(re.findall(r"--from-file=(\w+)", page))


@pytest.mark.parametrize("path", DEPLOYMENTS, ids=lambda path: path.stem)
@pytest.mark.parametrize(
    "line",
    [
        "runAsNonRoot: true",
        "runAsUser: 10001",
        "seccompProfile: {type: RuntimeDefault}",
        "allowPrivilegeEscalation: false",
        "readOnlyRootFilesystem: true",
        "capabilities: {drop: [ALL]}",
        "automountServiceAccountToken: false",
        "terminationGracePeriodSeconds: 30",
        "livenessProbe:",
    ],
)
def test_every_container_is_as_it_is_meant(path: Path, line: str) -> None:
    text = path.read_text()
    assert text.count("image: receipt-sync") == 1
    assert text.count(line) == 1


def test_the_image_runs_as_the_user_that_kubernetes_is_told() -> None:
    assert "\nUSER 10001\n" in (PROJECT / "docker" / "Dockerfile").read_text()
    assert "read_only: true" in (PROJECT / "docker" / "compose.yaml").read_text()
