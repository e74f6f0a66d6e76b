"""Menus that would be ugly on the page itself when it is read in the repository, so they are added while it is read."""

from sphinx.application import Sphinx

MENUS = {"docs/decisions/README": "\n```{toctree}\n:hidden:\n:glob:\n\n0*\n```\n"}


def setup(app: Sphinx) -> dict[str, bool]:
    """Register it."""
    app.connect("source-read", _add)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _add(_app: Sphinx, page: str, text: list[str]) -> None:
    text[0] += MENUS.get(page, "")
