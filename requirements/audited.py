"""Reads pip-audit's report of one lock: `python requirements/audited.py NAME REPORT`.

pip-audit ends with 0, too, where it could ask nobody; this tells that from "nothing is known". Exit status: 0 every
package was asked for and nothing is known, 1 something is, 3 some could not be asked for.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path


def main(name: str, report: str) -> int:
    """Says what was found; answers the exit status."""
    try:
        packages = json.loads(Path(report).read_text(encoding="utf-8"))["dependencies"]
    except (OSError, ValueError, KeyError):
        print(f"{name}.txt: not audited: pip-audit left no report")
        return 3
    flaws = [(package, flaw) for package in packages for flaw in package.get("vulns", ())]
    for package, flaw in flaws:
        mended = ", ".join(flaw["fix_versions"]) or "no version"
        print(f"{name}.txt: {package['name']} {package['version']}: {flaw['id']}, mended in {mended}")
    unasked = [package["name"] for package in packages if "skip_reason" in package]
    if flaws:
        return 1
    if unasked:
        print(f"{name}.txt: {len(unasked)} of {len(packages)} packages not audited: the index did not answer")
        return 3
    print(f"{name}.txt: nothing is known against its {len(packages)} packages")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
