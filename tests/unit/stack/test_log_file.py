from pathlib import Path

from stack.log_file import TAIL_LINES, LogFile


def append(path: Path, words: bytes) -> None:
    with path.open("ab") as log:
        log.write(words)


def test_only_what_is_written_from_now_on_counts(tmp_path: Path) -> None:
    path = tmp_path / "new dir" / "a.log"
    LogFile(path)
    append(path, b"from the one before\n")
    log = LogFile(path)
    append(path, b"mine\n")
    assert log.text() == "mine\n"


def test_half_a_line_counts_only_when_asked_for(tmp_path: Path) -> None:
    log = LogFile(tmp_path / "a.log")
    append(log.path, b"whole\nhal")
    assert log.lines(half=False) == ["whole"]
    assert log.lines(half=True) == ["whole", "hal"]
    append(log.path, b"f\n")
    assert log.lines(half=False) == log.lines(half=True) == ["whole", "half"]


def test_bytes_that_are_no_text_do_not_hide_the_rest(tmp_path: Path) -> None:
    log = LogFile(tmp_path / "a.log")
    append(log.path, b"\xff\xfe ready\n")
    assert log.lines(half=False)[0].endswith(" ready")


def test_shows_the_tail(tmp_path: Path) -> None:
    log = LogFile(tmp_path / "a.log")
    assert str(log) == f"{log.path} ends with:\n(nothing)"
    append(log.path, b"".join(b"line %d\n" % number for number in range(100)))
    assert str(log).splitlines()[1:] == [f"line {number}" for number in range(100 - TAIL_LINES, 100)]
