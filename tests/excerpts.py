"""Code that pages show, kept equal to the code itself: `python -m tests.excerpts docs` writes it anew.

A page says which definitions of which file stand in the block below:

    <!-- from examples/django/chat/receipts.py: queue, record_after_commit -->
"""

from __future__ import annotations

import ast
import re
import sys
from itertools import pairwise
from pathlib import Path

PROJECT = Path(__file__).absolute().parent.parent

_BLOCK = re.compile(
    r"(?P<says><!-- from (?P<path>\S+): (?P<names>[^>]+?) -->)\n```python\n.*?^```$", re.DOTALL | re.MULTILINE
)


def rewritten(page: str) -> str:
    """The page with the code of now.

    Raises:
        FileNotFoundError: it names a file that is not there.
        ValueError: it names what the file does not define.
    """

    def block(found: re.Match[str]) -> str:
        code = excerpt(PROJECT / found["path"], found["names"].split(", "))
        return f"{found['says']}\n```python\n{code}\n```"

    return _BLOCK.sub(block, page)


def excerpt(path: Path, names: list[str]) -> str:
    """The source of definitions at the top of a module, with the comments right above them, in the order asked for."""
    source = path.read_text(encoding="utf-8")
    lines = source.splitlines()
    known = {name: node for node in ast.parse(source).body for name in _names(node)}
    for unknown in (name for name in names if name not in known):
        raise ValueError(f"{path} does not define {unknown!r}")
    code = _source(lines, known[names[0]])
    for before, name in pairwise(names):
        apart = isinstance(known[before], _BLOCKS) or isinstance(known[name], _BLOCKS)
        code += ("\n\n\n" if apart else "\n") + _source(lines, known[name])
    return code


_BLOCKS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def _names(node: ast.stmt) -> list[str]:
    if isinstance(node, _BLOCKS):
        return [node.name]
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    return [target.id for target in targets if isinstance(target, ast.Name)]


def _source(lines: list[str], node: ast.stmt) -> str:
    decorators = node.decorator_list if isinstance(node, _BLOCKS) else []
    first = min([node.lineno, *(each.lineno for each in decorators)]) - 1
    while first and lines[first - 1].startswith("#"):
        first -= 1
    return "\n".join(lines[first : node.end_lineno])


def main(directories: list[str]) -> None:
    """Rewrites the pages that have changed."""
    for page in (page for directory in directories for page in sorted(Path(directory).rglob("*.md"))):
        old = page.read_text(encoding="utf-8")
        new = rewritten(old)
        if new != old:
            page.write_text(new, encoding="utf-8")
            print(f"{page}: written anew")


if __name__ == "__main__":
    main(sys.argv[1:])
