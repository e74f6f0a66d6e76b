import gzip
from pathlib import Path

import pytest

from traffic.arrivals import Arrival
from traffic.recorded import TraceError, load

HEADER = "t,kind,dialog,user,message,revision"
D, M = "0123456789abcdef01234567", "fedcba98765432100123cdef"


def trace(tmp_path: Path, *lines: str) -> Path:
    path = tmp_path / "a trace.csv.gz"
    path.write_bytes(gzip.compress("".join(line + "\n" for line in lines).encode()))
    return path


def test_reads_every_column(tmp_path: Path) -> None:
    path = trace(tmp_path, HEADER, f"0.5,read,{D},7,{M},0", f"2.000,edit,{D},8,{M},3")
    assert load(path) == [Arrival(0.5, "read", D, 7, M, 0), Arrival(2.0, "edit", D, 8, M, 3)]


def test_replays_faster(tmp_path: Path) -> None:
    path = trace(tmp_path, HEADER, f"1.0,read,{D},7,{M},0", f"4.0,read,{D},7,{M},0")
    assert [arrival.t_s for arrival in load(path, speed=4.0)] == [0.25, 1.0]


def test_an_empty_trace_has_no_arrivals(tmp_path: Path) -> None:
    assert load(trace(tmp_path, HEADER)) == []


@pytest.mark.parametrize(
    ("row", "column", "expected", "got"),
    [
        (f"soon,read,{D},7,{M},0", "t", "seconds", "soon"),
        (f"nan,read,{D},7,{M},0", "t", "seconds", "nan"),
        (f"-1,read,{D},7,{M},0", "t", "seconds", "-1"),
        (f"0.5,read,{D},7,{M},0", "t", "1.0 or more", "0.5"),
        (f"2,seen,{D},7,{M},0", "kind", "one of read, delivered, edit", "seen"),
        (f"2,read,{D.upper()},7,{M},0", "dialog", "24 lower-case hex digits", D.upper()),
        (f"2,read,{D},me,{M},0", "user", "a whole number", "me"),
        (f"2,read,{D},7,{M}0,0", "message", "24 lower-case hex digits", M + "0"),
        (f"2,edit,{D},7,{M},-3", "revision", "0 or more", "-3"),
    ],
)
def test_a_bad_cell_is_named(tmp_path: Path, row: str, column: str, expected: str, got: str) -> None:
    path = trace(tmp_path, HEADER, f"1.0,read,{D},7,{M},0", row)
    with pytest.raises(TraceError) as caught:
        load(path)
    sentence = str(caught.value)
    assert sentence.startswith(f"{path}, line 3, column {column}: expected ")
    assert expected in sentence
    assert sentence.endswith(f"got {got!r}")


def test_a_row_of_another_length_is_named(tmp_path: Path) -> None:
    with pytest.raises(TraceError, match=r"line 2: expected 6 columns .* got 2"):
        load(trace(tmp_path, HEADER, "1.0,read"))


@pytest.mark.parametrize("lines", [(), ("time,kind",)])
def test_another_header_is_refused(tmp_path: Path, lines: tuple[str, ...]) -> None:
    with pytest.raises(TraceError, match=r"line 1: expected the columns t,kind,dialog,user,message,revision, got"):
        load(trace(tmp_path, *lines))


def test_what_is_not_gzip_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "plain.csv"
    path.write_text(HEADER)
    with pytest.raises(TraceError, match=r"plain\.csv: expected a whole gzip file"):
        load(path)


def test_half_a_file_is_refused(tmp_path: Path) -> None:
    path = trace(tmp_path, HEADER, *(f"{second},read,{D},{second * 7919},{M},0" for second in range(500)))
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(TraceError, match="expected a whole gzip file"):
        load(path)


@pytest.mark.parametrize("speed", [0.0, -1.0, float("nan"), float("inf")])
def test_an_impossible_speed_is_refused(tmp_path: Path, speed: float) -> None:
    with pytest.raises(ValueError, match="speed: expected a number above 0"):
        load(trace(tmp_path, HEADER), speed=speed)
