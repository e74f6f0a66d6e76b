"""Docstrings as they are written here (Markdown's backticks, Google's sections) as Sphinx reads them."""

import re
from collections.abc import Iterator
from typing import Any

from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

import receipt_sync
from receipt_sync.validation import MAX_TEXT_BYTES

PUBLIC = {name: f"receipt_sync.{name}" for name in receipt_sync.__all__} | {
    "AsyncFakeReceiptQueue": "receipt_sync.testing.AsyncFakeReceiptQueue",
    "FakeReceiptQueue": "receipt_sync.testing.FakeReceiptQueue",
    "Mark": "receipt_sync.receipts.Mark",
    "UnknownKeyError": "receipt_sync.sealing.UnknownKeyError",
    "WhenDown": "receipt_sync.when_down.WhenDown",
}
PLACES = re.compile(r" \(\w+\.py\)")  # where a reader of the code goes on
BACKTICKS = re.compile(r"(?<!`)`([^`]+)`(?!`)")
REFUSED = re.compile(r",?\s*\*\*unknown(: [~.\w]+)?")


def setup(app: Sphinx) -> dict[str, bool]:
    """Register everything."""
    app.connect("autodoc-process-docstring", _read, priority=400)  # before napoleon
    app.connect("autodoc-process-signature", _simplify)
    app.connect("missing-reference", _find_public)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _read(_app: Sphinx, _what: str, _name: str, _about: object, _options: object, lines: list[str]) -> None:
    lines[:] = list(_with_code_blocks([BACKTICKS.sub(_role, PLACES.sub("", line)) for line in lines]))


def _role(found: re.Match[str]) -> str:
    text = found[1]
    target = PUBLIC.get(text.partition(".")[0])
    if target is None or "(" in text:
        return f"``{text}``"
    _, dot, member = text.partition(".")
    return f":py:obj:`{text} <{target}{dot}{member}>`"


def _with_code_blocks(lines: list[str]) -> Iterator[str]:
    """What is indented further than the text before it, after an empty line, is code."""
    code = False
    for at, line in enumerate(lines):
        begins = line.startswith("    ") and at > 1 and not lines[at - 1].strip() and not lines[at - 2].startswith(" ")
        if begins and not code:
            code = True
            yield from (".. code-block:: python", "")
        code = code and (not line.strip() or line.startswith(" "))
        yield line


def _simplify(
    _app: Sphinx, _what: str, _name: str, _about: object, _options: object, signature: str | None, answer: str | None
) -> tuple[str | None, str | None]:
    """Leave out what is there to refuse misspelt arguments alone, and say a number where its name says nothing."""
    if signature is not None:
        signature = REFUSED.sub("", signature).replace("validation.MAX_TEXT_BYTES", str(MAX_TEXT_BYTES))
    return signature, answer


def _find_public(
    app: Sphinx, env: BuildEnvironment, node: pending_xref, shown: nodes.TextElement
) -> nodes.Element | None:
    """Annotations name the module in which a class is written; it is documented where it is imported from."""
    if node.get("refdomain") != "py":
        return None
    target = PUBLIC.get(str(node["reftarget"]).rpartition(".")[2])
    if target is None or target == node["reftarget"]:
        return None
    python: Any = env.domains.python_domain
    return python.resolve_xref(env, node["refdoc"], app.builder, "obj", target, node, shown)
