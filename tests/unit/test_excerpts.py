"""Pages show the examples' code, and nothing that has been that."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.excerpts import PROJECT, excerpt, rewritten

PAGES = [page for page in sorted((PROJECT / "docs").rglob("*.md")) if "<!-- from " in page.read_text(encoding="utf-8")]
SOURCE = '''"""A module."""

# As long as
# it takes.
PATIENCE_S = 60

@decorated
def ask() -> None:
    """Asks."""

class Answer:
    words: str
'''


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.name))
def test_the_code_on_a_page_is_the_examples(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert rewritten(text) == text, "`make docs` writes it anew"
    assert text.count("<!-- from ") == text.count("-->\n```python\n")


def test_every_example_has_its_page() -> None:
    shown = {page.stem for page in PAGES}
    assert {each.name for each in (PROJECT / "examples").iterdir() if each.is_dir()} - {"hook"} <= shown


def test_definitions_come_with_decorators_and_comments(tmp_path: Path) -> None:
    path = tmp_path / "module.py"
    path.write_text(SOURCE)
    assert excerpt(path, ["PATIENCE_S"]) == "# As long as\n# it takes.\nPATIENCE_S = 60"
    assert excerpt(path, ["Answer", "ask"]) == (
        'class Answer:\n    words: str\n\n\n@decorated\ndef ask() -> None:\n    """Asks."""'
    )
    with pytest.raises(ValueError, match="does not define 'tell'"):
        excerpt(path, ["ask", "tell"])


def test_a_block_that_has_fallen_behind_is_written_anew() -> None:
    page = "Before.\n\n<!-- from tests/excerpts.py: PROJECT -->\n```python\nPROJECT = None\n```\n\nAfter.\n"
    fresh = rewritten(page)
    assert "PROJECT = Path(__file__).absolute().parent.parent\n```\n\nAfter.\n" in fresh
    assert rewritten(fresh) == fresh
