import subprocess
import sys
from pathlib import Path

import pytest

from settings import Application, Settings, describe, load
from settings.page import main, page
from settings.schedule import EXAMPLE
from settings.variable import variables

ROOT = Path(__file__).parents[3]


def test_the_page_in_docs_is_up_to_date() -> None:
    assert main(["--check", str(ROOT / "docs" / "settings.md")]) == 0


def test_the_page_names_every_variable_with_expectation_default_and_meaning() -> None:
    text = page()
    for model in (Settings, Application):
        for _, variable in variables(model):
            (row,) = (line for line in text.splitlines() if line.startswith(f"| `{variable.name}` |"))
            cells = [cell.strip() for cell in row.strip("|").split("|")]
            assert cells[1] == variable.expected
            assert cells[2]
            assert cells[3] == variable.meaning


def test_the_page_shows_the_example_of_a_schedule() -> None:
    assert EXAMPLE in page()


def test_check_passes_what_was_written(tmp_path: Path) -> None:
    path = str(tmp_path / "settings.md")
    assert main([path]) == 0
    assert main(["--check", path]) == 0


def test_check_fails_with_a_sentence_and_writes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "settings.md"
    path.write_text("old")
    assert main(["--check", str(path)]) == 1
    assert capsys.readouterr().err == f"{path} is not what settings/ says; `make docs` writes it.\n"
    assert path.read_text() == "old"


def test_check_of_a_missing_page_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--check", str(tmp_path / "settings.md")]) == 1
    assert "is missing" in capsys.readouterr().err


def test_the_command_gives_its_status_and_no_warning() -> None:
    command = [sys.executable, "-W", "error", "-m", "settings.page", "--check", "docs/nowhere.md"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (1, "docs/nowhere.md is missing; `make docs` writes it.\n")


def test_rows_tell_where_each_value_comes_from(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("k")
    rows = describe(
        load(
            {
                "RECEIPTS_APPLICATIONS": "default,shop",
                "RECEIPTS_CONNECTIONS": "8",
                "QUICKBLOX_API_KEY__SHOP_FILE": str(tmp_path / "key"),
                "QUICKBLOX_RATE_PER_S": "50",
            }
        )
    )
    by_name = {row.variable: (row.value_masked, row.default, row.source) for row in rows}
    assert len(by_name) == len(rows)
    assert by_name["RECEIPTS_CONNECTIONS"] == ("8", "16", "environment")
    assert by_name["RECEIPTS_SYNCS_MAX"] == ("2", "2", "default")
    assert by_name["RECEIPTS_APPLICATIONS"] == ("default,shop", "default", "environment")
    assert by_name["QUICKBLOX_API_KEY"] == ("not set", "not set", "default")
    assert by_name["QUICKBLOX_API_KEY__SHOP"] == ("********", "not set", "file")
    assert by_name["QUICKBLOX_RATE_PER_S__SHOP"][::2] == ("50", "environment")
    assert by_name["QUICKBLOX_COMMA_LISTS"] == ("true", "true", "default")
    assert by_name["CELERY_BROKER_URL"] == ("redis://127.0.0.1:6379/0", "the Redis of REDIS_URL", "default")
