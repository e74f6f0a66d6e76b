"""Journals: what is read, what is refused by its place, and that the traces of `traffic` are journals."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from tests.shorthand import DIALOG, msg
from traffic.recorded import load
from worker.shadow.journal import COLUMNS, JournalError, Keeper, notes_of
from worker.shadow.notes import Note
from worker.shadow.stream import note_of

HEADER = ",".join(COLUMNS)
MARKS, EDITS = f"m:{DIALOG}:u7", f"e:{DIALOG}:{msg(1)}"


def journal(path: Path, *rows: str, zipped: bool = False) -> Path:
    raw = "".join(f"{row}\n" for row in (HEADER, *rows)).encode()
    path.write_bytes(gzip.compress(raw) if zipped else raw)
    return path


@pytest.mark.parametrize("zipped", [False, True])
def test_every_kind(tmp_path: Path, *, zipped: bool) -> None:
    rows = (
        f"0.5,read,{DIALOG},7,{msg(1)},0",
        f"1,delivered,{DIALOG},7,,0",
        f"1,read_message,{DIALOG},7,{msg(2)},0",
        f"2.25,edit,{DIALOG},9,{msg(1)},3",
    )
    path = journal(tmp_path / "j", *rows, zipped=zipped)
    assert list(notes_of([path])) == [
        Note(0.5, "r", MARKS, msg(1)),
        Note(1, "d", MARKS),
        Note(1, "r", MARKS, ids=(msg(2),)),
        Note(2.25, "e", EDITS),
    ]
    assert next(notes_of([path], named=False)).name == ""


def test_several_are_read_in_the_order_of_their_times(tmp_path: Path) -> None:
    one = journal(tmp_path / "1", f"1,read,{DIALOG},7,,0", f"3,read,{DIALOG},7,,0")
    two = journal(tmp_path / "2", f"2,read,{DIALOG},8,,0")
    assert [note.t_s for note in notes_of([one, two])] == [1, 2, 3]


def test_a_trace_is_a_journal(tmp_path: Path) -> None:
    rows = (f"0.5,read,{DIALOG},7,{msg(1)},0", f"0.75,delivered,{DIALOG},8,{msg(1)},0", f"2,edit,{DIALOG},9,{msg(1)},3")
    path = journal(tmp_path / "j", *rows, zipped=True)
    assert [(each.t_s, each.kind[0]) for each in load(path)] == [(note.t_s, note.kind) for note in notes_of([path])]


@pytest.mark.parametrize(
    ("row", "column"),
    [
        (f"soon,read,{DIALOG},7,,0", "t"),
        (f"nan,read,{DIALOG},7,,0", "t"),
        (f"0.5,read,{DIALOG},7,,0", "t"),
        (f"2,seen,{DIALOG},7,,0", "kind"),
        (f"2,read,{DIALOG.upper()},7,,0", "dialog"),
        (f"2,read,{DIALOG},me,,0", "user"),
        (f"2,read,{DIALOG},7,*,0", "message"),
        (f"2,edit,{DIALOG},7,,0", "message"),
        (f"2,delivered_message,{DIALOG},7,,0", "message"),
    ],
)
def test_a_bad_cell_is_named(tmp_path: Path, row: str, column: str) -> None:
    path = journal(tmp_path / "j", f"1,read,{DIALOG},7,,0", row)
    with pytest.raises(JournalError, match=rf"j, line 3, column {column}: expected "):
        list(notes_of([path]))


@pytest.mark.parametrize(
    "raw", [b"", b"a,b\n", b"\xff\xfe", gzip.compress(b"t", mtime=0)[:12], HEADER.encode() + b"\n1,2\n"]
)
def test_what_is_no_journal(tmp_path: Path, raw: bytes) -> None:
    (tmp_path / "j").write_bytes(raw)
    with pytest.raises(JournalError, match=r"/j[:,]"):
        list(notes_of([tmp_path / "j"]))


@pytest.mark.parametrize("name", ["kept.csv", "kept.csv.gz"])
def test_what_was_kept_costs_the_same_again(tmp_path: Path, name: str) -> None:
    notes = [
        Note(1.5, "r", MARKS, msg(1)),
        Note(2.0, "d", f"m:{DIALOG}:t{'a' * 32}"),
        Note(2.0, "r", MARKS, ids=(msg(2), msg(3))),
        Note(3.0, "e", EDITS),
    ]
    keeper = Keeper(tmp_path / name)
    keeper.keep(notes)
    keeper.close()
    again = list(notes_of([tmp_path / name]))
    assert [(note.t_s, note.kind, note.name) for note in again] == [
        (1.5, "r", msg(1)),
        (2, "d", ""),
        (2, "r", ""),
        (2, "r", ""),
        (3, "e", ""),
    ]
    assert [note.ids for note in again[2:4]] == [(msg(2),), (msg(3),)]
    assert again[0].slot == again[2].slot != again[1].slot
    assert "u7" not in {note.slot.rpartition(":")[2] for note in again}
    with pytest.raises(FileExistsError):
        Keeper(tmp_path / name)


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {b"kind": b"r"},
        {b"kind": b"x", b"slot": MARKS.encode()},
        {b"kind": b"r", b"slot": b"\xff"},
        {b"kind": b"e", b"slot": MARKS.encode()},
        {b"kind": b"r", b"slot": MARKS.encode(), b"ids": b"one,two"},
    ],
)
def test_an_entry_of_another_hand_is_passed_over(fields: dict[bytes, bytes]) -> None:
    assert note_of(b"1-0", fields) is None
