from pathlib import Path

import pytest

from worker.metrics.declared import DECLARED
from worker.metrics.page import main, page

ROOT = Path(__file__).parents[4]


def test_the_page_in_docs_is_up_to_date() -> None:
    assert main(["--check", str(ROOT / "docs" / "metrics.md")]) == 0


def test_the_page_has_one_row_for_each_metric_with_its_sentence() -> None:
    lines = page().splitlines()
    for metric in DECLARED:
        (row,) = (line for line in lines if line.startswith(f"| `{metric.name}` |"))
        assert row.endswith(f"| {metric.sentence} |")


def test_check_fails_with_a_sentence_and_writes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "metrics.md"
    path.write_text("old")
    assert main(["--check", str(path)]) == 1
    assert capsys.readouterr().err == f"{path} is not what worker/metrics/ says; `make docs` writes it.\n"
    assert path.read_text() == "old"


def test_what_was_written_passes(tmp_path: Path) -> None:
    path = str(tmp_path / "metrics.md")
    assert main([path]) == 0
    assert main(["--check", path]) == 0
