"""Writes docs/logs.md and docs/log-line.schema.json from the declarations, or checks that they are what they say.

python -m worker.logs.page [--check] docs
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from worker.logs import celery_lines
from worker.logs.events import OURS
from worker.logs.fields import COMMON, OWN, WHERE, Field
from worker.logs.schema import schema

_TABLES = "<!-- Made by `make docs` from worker/logs: change that, not what follows. -->\n"
_PAGE, _SCHEMA = "logs.md", "log-line.schema.json"


def tables() -> str:
    """The generated end of the page."""
    return "\n".join([*_events(), "", *_libraries(), "", *_fields(), ""])


def _events() -> Iterator[str]:
    yield from ("## Events", "", "| event | level | what happened | its fields; in brackets: where known |")
    yield "| --- | --- | --- | --- |"
    for each in sorted(OURS.values(), key=lambda event: (-event.level, event.name)):
        optional = [f"[{name}]" for name in each.optional]
        fields = " ".join([*each.required, *optional])
        yield f"| `{each.name}` | {logging.getLevelName(each.level)} | {each.sentence} | {fields} |"


def _libraries() -> Iterator[str]:
    yield from ("Lines of Celery and of other libraries:", "", "| event | level | what |", "| --- | --- | --- |")
    for name, (level, meaning) in celery_lines.MEANINGS.items():
        yield f"| `{name}` | {level} | {meaning} |"


def _fields() -> Iterator[str]:
    yield from ("## Fields", "", "| field | type | meaning |", "| --- | --- | --- |")
    yield from _rows(COMMON, "in every line")
    yield from _rows(WHERE, "")
    yield from _rows(OWN, "")


def _rows(fields: Mapping[str, Field], note: str) -> Iterator[str]:
    for name, field in fields.items():
        yield f"| `{name}` | {field.kind}{', ' + note if note else ''} | {field.meaning} |"


def wanted(directory: Path) -> dict[Path, str]:
    """What the files should hold; the page's beginning, which is written by hand, stays."""
    page = directory / _PAGE
    by_hand = page.read_text(encoding="utf-8").partition(_TABLES)[0]
    return {
        page: f"{by_hand}{_TABLES}\n{tables()}",
        directory / _SCHEMA: json.dumps(schema(), indent=1) + "\n",
    }


def main(arguments: list[str]) -> int:
    """Exit code 1 where `--check` has found a difference."""
    parser = argparse.ArgumentParser(prog="python -m worker.logs.page", description=__doc__)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("directory", type=Path)
    asked = parser.parse_args(arguments)
    texts = wanted(asked.directory)
    if not asked.check:
        for path, text in texts.items():
            path.write_text(text, encoding="utf-8")
        return 0
    old = [path for path, text in texts.items() if not path.exists() or path.read_text(encoding="utf-8") != text]
    for path in old:
        print(f"{path} is not what worker/logs says: run `make docs`", file=sys.stderr)
    return 1 if old else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
