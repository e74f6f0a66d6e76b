"""A run in parts comes to the same as a run in one, and does not mix protocols."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest

from tests.simulation import keeping, schedule
from tests.simulation.__main__ import main
from tests.simulation.keeping import Kept, OtherProtocolError, kept_in, protocol
from tests.simulation.running import Tally, tally
from tests.simulation.store import Store

FIRST, SECOND = range(20), range(20, 40)


def test_a_run_in_parts_comes_to_the_same(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "kept.json"
    for chunk in (FIRST, SECOND):
        kept = kept_in(path)
        assert chunk.start not in kept.chunks
        kept.add(chunk, tally(store, chunk))
        kept.write(path)

    kept, in_one = kept_in(path), Tally()
    in_one.add(tally(store, range(40)))
    assert kept.total == in_one
    assert kept.total.schedules == 40
    assert kept.chunks == {0, 20}


def test_what_broke_is_kept(tmp_path: Path) -> None:
    kept = Kept(protocol(), Tally(schedules=1, broken=[(7, "coverage: lost")]), {0})
    kept.write(tmp_path / "kept.json")
    assert kept_in(tmp_path / "kept.json").total.broken == [(7, "coverage: lost")]


def test_another_protocol_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "kept.json"
    Kept("0" * 64, Tally(schedules=1500), {0}).write(path)
    with pytest.raises(OtherProtocolError, match="1,500 schedules of protocol 000000000000"):
        kept_in(path)
    assert json.loads(path.read_text())["total"]["schedules"] == 1500


@pytest.mark.parametrize("words", [["--schedules", "700"], ["--schedules", "500", "--first", "100"]])
def test_what_is_kept_is_kept_in_whole_chunks(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main([*words, "--keep", str(tmp_path / "kept.json")])
    assert "have to be multiples of it" in capsys.readouterr().err
    assert not (tmp_path / "kept.json").exists()


def test_all_of_the_worker_that_a_schedule_imports_is_in_the_fingerprint() -> None:
    """Else the parts of a long run could be added up over two texts."""
    imported: set[str] = set()
    for path in Path(schedule.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module == "worker":
                imported |= {f"worker.{each.name}" for each in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("worker."):
                imported.add(node.module)
    assert len(imported) > 5
    assert [each for each in imported if not any(f"{each}.".startswith(f"{part}.") for part in keeping._PROTOCOL)] == []
