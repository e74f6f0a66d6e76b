"""The part of a log file that one process has written."""

from pathlib import Path

TAIL_LINES = 30


class LogFile:
    """What is appended to a file from now on; so a restarted process is not taken for its predecessor.

    Attributes:
        path: The file; made, with its directories, unless it exists.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
        self.path = path
        self._start = path.stat().st_size

    def __str__(self) -> str:
        """The last lines, for error messages."""
        tail = self.lines(half=True)[-TAIL_LINES:] or ["(nothing)"]
        return "\n".join([f"{self.path} ends with:", *tail])

    def text(self) -> str:
        """Everything that has been written so far; bytes that are not UTF-8 are replaced."""
        with self.path.open("rb") as log:
            log.seek(self._start)
            return log.read().decode(errors="replace")

    def lines(self, *, half: bool) -> list[str]:
        """The lines without their ends; with `half`, also a last one that has no end yet."""
        lines = self.text().split("\n")
        return lines if half and lines[-1] else lines[:-1]
