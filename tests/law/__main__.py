"""`python -m tests.law PATH`: draw the story of docs/pace.md, and say its figures."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.law.picture import draw, tell


def main(path: Path) -> None:
    """Draw it there."""
    story = tell()
    draw(story, path)
    answers = story.between(0, len(story.seconds))
    throttled = answers["throttled"] / answers.total()
    print(f"{path}: {answers.total():,} calls, {throttled:.1%} throttled, {answers['unavailable']:,} unavailable")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
