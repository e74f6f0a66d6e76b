"""Holds the manifests against Kubernetes' schemas, strictly: `make kubernetes-check`, or python check.py [KEDA's CRD].

The schemas of Kubernetes come with the package kubernetes-validate. KEDA's ScaledObject is checked where its
CustomResourceDefinition is given (config/crd/bases/keda.sh_scaledobjects.yaml of KEDA's repository), else left out.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import kubernetes_validate
import yaml

VERSIONS = ("1.28", "1.32", "1.37")
KEDA = "ScaledObject"


def strictly(schema: Any) -> Any:
    """A CRD's schema that takes no field it does not name, as the API server would drop them without a word."""
    if isinstance(schema, list):
        return [strictly(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    strict = {key: strictly(value) for key, value in schema.items()}
    if "properties" in strict and not strict.get("x-kubernetes-preserve-unknown-fields"):
        strict.setdefault("additionalProperties", False)
    return strict


def main(crd: str | None = None) -> int:
    """Prints what is wrong; the exit status is 1 if anything is."""
    here = Path(__file__).parent
    command = ["kubectl", "kustomize", str(here)]
    rendered = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    faults: list[str] = []
    resources = list(yaml.safe_load_all(rendered))
    for resource in resources:
        where = f"{resource['kind']} {resource['metadata']['name']}"
        if resource["kind"] == KEDA:
            faults += [f"{where}: {fault}" for fault in _of_keda(resource, crd)]
            continue
        for version in VERSIONS:
            try:
                kubernetes_validate.validate(resource, version, strict=True)
            except kubernetes_validate.ValidationError as error:
                faults.append(f"{where} ({version}): {'.'.join(map(str, error.path))}: {error.message}")
    for fault in faults:
        print(fault)
    print(f"{len(resources)} resources, Kubernetes {', '.join(VERSIONS)}: {len(faults)} faults")
    return 1 if faults else 0


def _of_keda(resource: dict[str, Any], crd: str | None) -> list[str]:
    if crd is None:
        print(f"{KEDA} was left out: its CustomResourceDefinition was not given")
        return []
    schema = yaml.safe_load(Path(crd).read_text(encoding="utf-8"))["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    strict = strictly(schema)
    strict["properties"]["metadata"] = {"type": "object"}  # Kubernetes' own
    return [error.message for error in jsonschema.Draft7Validator(strict).iter_errors(resource)]


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:2]))
