"""What goes to BullMQ, and what is said where there is none."""

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.bullmq import installation, program
from bench.bullmq.installation import MissingError, node
from bench.bullmq.producer import receipts_of
from traffic.arrivals import Arrival

MARK = Arrival(1.5, "read", "d" * 24, 7, "e" * 24, 0)
EDIT = Arrival(2.0, "edit", "d" * 24, 7, "e" * 24, 3)


@pytest.fixture(autouse=True)
def unknown() -> Iterator[None]:
    node.cache_clear()
    yield
    node.cache_clear()


def test_a_mark_has_no_message_and_an_edit_has_its_text() -> None:
    assert receipts_of([MARK, EDIT]) == [
        {"t_s": 1.5, "kind": "read", "dialog": "d" * 24, "user": 7},
        {"t_s": 2.0, "kind": "edit", "dialog": "d" * 24, "user": 7, "message": "e" * 24, "text": "revision 3"},
    ]


@pytest.mark.parametrize("missing", ["node", "npm"])
def test_without_its_programs_one_sentence_says_so(monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None if name == missing else f"/bin/{name}")
    with pytest.raises(MissingError, match=r"^BullMQ was left out: it needs node and npm on the PATH$"):
        node()


def test_an_installation_that_fails_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: f"/bin/{name}")
    monkeypatch.setattr(installation, "versions", dict)
    monkeypatch.setattr(installation, "_NPM_INSTALL", ("-c", "echo no network >&2; exit 1"))
    monkeypatch.setattr(shutil, "which", lambda _name: "/bin/sh")
    with pytest.raises(MissingError, match="npm install failed: no network"):
        node()


def test_every_version_is_pinned() -> None:
    assert all(version[0].isdigit() for version in installation._pinned().values())


def test_a_program_that_ends_says_with_what_and_at_which_command(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "ends").write_text("import sys; sys.stdin.readline(); sys.exit(3)", encoding="utf-8")
    monkeypatch.setattr(program, "node", lambda: sys.executable)
    with (
        program.Program(str(tmp_path / "ends")) as ended,
        pytest.raises(RuntimeError, match=r"ended with status 3 when asked to add$"),
    ):
        ended.ask("add", receipts=[])


def test_a_program_is_asked_in_lines_of_json_and_ends_with_its_block(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "echoes").write_text("import sys\nfor line in sys.stdin: print(line, end='', flush=True)", "utf-8")
    monkeypatch.setattr(program, "node", lambda: sys.executable)
    with program.Program(str(tmp_path / "echoes"), "word") as echoes:
        assert echoes.ask("add", receipts=[1]) == {"do": "add", "receipts": [1]}
        assert echoes.ask("counts") == {"do": "counts"}
    assert echoes._node.returncode == 0
