"""Writes docs/benchmarks.md and its pictures from the figures that are kept, or checks that they are what these say.

    python -m bench.page docs/benchmarks.md
    python -m bench.page --check docs/benchmarks.md

What a figure compares, and why that is fair, is told by the docstring of the module that measures it.
"""

import argparse
import inspect
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path

from bench.__main__ import FIGURES
from bench.figure import Row, number_text, verdict_text
from bench.kept import DIRECTORY, Kept, read_all
from bench.pictures import Picture, pictures
from bench.targets import judged

_OPENING = """\
# Benchmarks

<!-- Made by `make bench` from docs/benchmarks/*.json, which `python -m bench --keep` writes, and from bench/. -->

Each figure comes from the command below it, run from the project's root with `PYTHONPATH=.:producer` and `.venv/bin` on
the path; `make bench` runs them all and writes this page, `make bench FIGURES=quiet` measures one of them anew.
Everything runs on one machine, over loopback. Machines differ and are noisy: what is compared was measured side by side
in one run, taking turns, and the ratio is what counts; a value is the median of its rounds, in brackets or beside it
what they lie between. Nothing here is compared with yesterday's number.
"""

_WHY = "[Decision 42](decisions/0042-out-of-reach.md) says why, with the profiles."


def page(kept: Sequence[Kept]) -> str:
    """The page's text."""
    by_name = {name: list(runs) for name, runs in groupby(kept, lambda run: run.name)}
    parts = [_OPENING, _summary(kept)]
    parts += [_section(name, by_name[name]) for name in FIGURES if name in by_name]
    return "\n".join(parts)


def _summary(kept: Sequence[Kept]) -> str:
    rows = [(run, row) for run in kept for row in judged(run.figure.rows)]
    missed = [f"{run.called}: {row.label}" for run, row in rows if row.missed]
    said = f"{len(rows) - len(missed)} of {len(rows)} targets are met"
    words = f"{said}; missed: {'; '.join(missed)}. {_WHY}" if missed else f"{said}."
    return f"{words}\n\n![How far each ratio is from its target](benchmarks/targets.svg)\n"


def _section(name: str, runs: Sequence[Kept]) -> str:
    return "\n".join([f"## {name}\n", about(name) + "\n", *(_run(run) for run in runs)])


def about(name: str) -> str:
    """What a figure compares, and why that is fair: its module's docstring."""
    text = inspect.getdoc(sys.modules[FIGURES[name].__module__]) or ""
    text = text.removeprefix(f"`{name}`: ")
    return text[:1].upper() + text[1:]


def _run(run: Kept) -> str:
    figure = run.figure
    parts = [f"```console\n$ {run.command}\n```\n", f"*{figure.title}*\n"]
    parts += ["\n".join(lines) + "\n" for lines in (_plain(figure.rows), _curves(figure.axis, figure.rows)) if lines]
    parts += [f"**BROKEN:** {fault}\n" for fault in figure.faults]
    parts += [f"Left out: {note}\n" for note in figure.notes]
    if figure.axis:
        parts.append(f"![{figure.title}](benchmarks/{run.stem}.svg)\n")
    if run.remark:
        parts.append(f"{run.remark}\n")
    machine = ", ".join(f"{name} {value}" for name, value in run.machine.items())
    parts.append(f"<sub>{run.date}, commit {run.commit}; {machine}</sub>\n")
    return "\n".join(parts)


def _plain(rows: Sequence[Row]) -> list[str]:
    plain = [row for row in rows if row.at is None]
    return list(_table(("", "value", "target", "note"), map(_cells, plain))) if plain else []


def _cells(row: Row) -> tuple[str, str, str, str]:
    return row.name, f"{number_text(row.value)} {row.unit}".strip(), _marked(row), row.note


def _marked(row: Row) -> str:
    return verdict_text(row).replace("MISSED", "**missed**")


def _curves(axis: str, rows: Sequence[Row]) -> list[str]:
    """One line for each curve, one column for each place on the axis."""
    points = [row for row in rows if row.at is not None]
    if not points:
        return []
    places = sorted({row.at for row in points if row.at is not None})
    head = (axis, *map(number_text, places), "target")
    curves = {name: [row for row in points if row.name == name] for name in dict.fromkeys(row.name for row in points)}
    return list(_table(head, (_curve(name, curve, places) for name, curve in curves.items())))


def _curve(name: str, curve: Sequence[Row], places: Sequence[float]) -> tuple[str, ...]:
    by_place = {row.at: row for row in curve}
    values = [_point(by_place[place]) if place in by_place else "" for place in places]
    called = f"{name}, {curve[0].unit}" if curve[0].unit else name
    return (called, *values, _marked(max(curve, key=lambda row: row.missed)))


def _point(row: Row) -> str:
    return f"{number_text(row.value)} ({row.note})" if row.note else number_text(row.value)


def _table(head: Sequence[str], lines: Iterable[tuple[str, ...]]) -> Iterator[str]:
    yield "| " + " | ".join(head) + " |"
    yield "| --- |" + " ---: |" * (len(head) - 2) + " --- |"
    for cells in lines:
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def main(arguments: Sequence[str] | None = None) -> int:
    """Write or check the page; the exit status is 1 if page or pictures are not what is kept."""
    parser = argparse.ArgumentParser(prog="python -m bench.page", description="Write the page of the benchmarks.")
    parser.add_argument("path", type=Path, help="the page, docs/benchmarks.md; what is kept lies in benchmarks/ beside")
    parser.add_argument("--check", action="store_true", help="write nothing; fail if anything is not up to date")
    options = parser.parse_args(arguments)
    directory = options.path.parent / DIRECTORY.name
    kept = read_all(directory)
    drawn = pictures(kept)
    if options.check:
        return _check(options.path, page(kept), directory, drawn)
    options.path.write_text(page(kept), encoding="utf-8")
    for name, picture in drawn.items():
        picture.draw(directory / name)
    return 0


def _check(path: Path, text: str, directory: Path, drawn: Mapping[str, Picture]) -> int:
    stale = [] if path.is_file() and path.read_text(encoding="utf-8") == text else [path]
    stale += [directory / name for name, picture in drawn.items() if not picture.is_drawn(directory / name)]
    stale += [found for found in directory.glob("*.svg") if found.name not in drawn]
    for each in stale:
        sys.stderr.write(f"{each} is not what is kept in {directory}; `make bench-page` writes it.\n")
    return int(bool(stale))


if __name__ == "__main__":
    sys.exit(main())
