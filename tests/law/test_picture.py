"""The picture of docs/pace.md."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from tests.law.fleet import Second, Story
from tests.law.picture import draw

STORY = Story(
    [
        Second(0, 60, 160.0, is_open=False, waiting=3, answers=Counter(sent=58)),
        Second(1, 60, float("inf"), is_open=False, waiting=9, answers=Counter(sent=70, throttled=4)),
        Second(2, 60, 76.0, is_open=True, waiting=80, answers=Counter(unavailable=5)),
    ]
)


def test_the_same_story_gives_the_same_bytes_and_light_ones(tmp_path: Path) -> None:
    first, second = tmp_path / "first.svg", tmp_path / "second.svg"
    draw(STORY, first)
    draw(STORY, second)
    assert first.read_bytes() == second.read_bytes()
    assert b"the API's limit" in first.read_bytes()  # text stays text
    assert len(first.read_bytes()) < 60_000


def test_the_page_shows_it() -> None:
    docs = Path(__file__).parents[2] / "docs"
    assert "](pace.svg)" in (docs / "pace.md").read_text(encoding="utf-8")
    assert "<svg" in (docs / "pace.svg").read_text(encoding="utf-8")
