"""The pictures of docs/benchmarks.md: how far every number is from its target, and the curves of figures that have any.

A picture says which numbers it was drawn from, so that one can tell whether it is up to date without drawing it:
another version of matplotlib may write other bytes for the same numbers.
"""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure as Canvas

from bench.drawing import BLACK, BLUE, GREY, RED, STYLE
from bench.figure import Row, number_text
from bench.kept import Kept
from bench.targets import judged, score

_WIDTH, _BAR, _PANEL, _EDGES = 9.0, 0.24, 2.6, 0.9
# Beyond this a bar says no more than "far better": it must not flatten the others.
_MOST_SCORE = 100.0
_TICKS = (0.01, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100)


@dataclass(frozen=True, slots=True)
class Picture:
    """What is to be drawn.

    Attributes:
        numbers: What it shows, in JSON.
        fill: Draws it on an empty canvas.
    """

    numbers: str
    fill: Callable[[Canvas], None]

    @property
    def _mark(self) -> str:
        return f"numbers {hashlib.sha256(self.numbers.encode()).hexdigest()[:16]}"

    def draw(self, path: Path) -> None:
        """Write it as SVG.

        Raises:
            OSError: The file cannot be written.
        """
        with mpl.rc_context(STYLE):
            canvas = Canvas(layout="constrained", facecolor="white")
            FigureCanvasSVG(canvas)
            self.fill(canvas)
            canvas.savefig(path, format="svg", metadata={"Date": None, "Creator": None, "Description": self._mark})

    def is_drawn(self, path: Path) -> bool:
        """Whether the file was drawn from these numbers."""
        return path.is_file() and self._mark in path.read_text(encoding="utf-8")


def pictures(kept: Sequence[Kept]) -> dict[str, Picture]:
    """All pictures of the page, by the names of their files."""
    drawn = {f"{run.stem}.svg": _curves(run) for run in kept if run.figure.axis}
    return {"targets.svg": _targets(kept), **drawn}


def _targets(kept: Sequence[Kept]) -> Picture:
    scores = [(f"{run.called}: {row.label}", score(row)) for run in kept for row in judged(run.figure.rows)]
    bars = [(name, min(found, _MOST_SCORE)) for name, found in scores if found is not None]
    return Picture(json.dumps(bars), lambda canvas: _draw_bars(canvas, bars))


def _draw_bars(canvas: Canvas, bars: Sequence[tuple[str, float]]) -> None:
    canvas.set_size_inches(_WIDTH, _EDGES + _BAR * len(bars))
    axes = canvas.subplots()
    names, scores = [name for name, _ in bars], [found for _, found in bars]
    colours = [BLUE if found >= 1 else RED for found in scores]
    # From 1, so that a bar's side says at once whether the target is met.
    axes.barh(range(len(bars)), [found - 1 for found in scores], left=1, height=0.7, color=colours)
    axes.axvline(1, color=BLACK, lw=1)
    axes.set_xscale("log")
    axes.set_xticks(_TICKS, [f"{tick:g}" for tick in _TICKS])
    axes.minorticks_off()
    axes.set_xlim(min([*scores, 0.5]) / 1.3, max([*scores, 2.0]) * 1.6)
    axes.set_yticks(range(len(bars)), names)
    axes.set_ylim(len(bars) - 0.4, -0.6)
    axes.set_xlabel("times better than the target (left of 1: missed)")
    for at, found in enumerate(scores):
        text, left = f"{found:.2f}" if found < _MOST_SCORE else f"≥ {found:.0f}", found >= 1
        axes.text(found * (1.03 if left else 0.97), at, text, va="center", ha="left" if left else "right", color=GREY)


def _curves(run: Kept) -> Picture:
    points = [row for row in run.figure.rows if row.at is not None]
    numbers = json.dumps([run.figure.axis, [(row.name, row.unit, row.at, row.value) for row in points]])
    return Picture(numbers, lambda canvas: _draw_curves(canvas, run.figure.axis, points))


def _draw_curves(canvas: Canvas, axis: str, points: Sequence[Row]) -> None:
    """One panel for each unit: curves of different units share no scale."""
    units = list(dict.fromkeys(row.unit for row in points))
    canvas.set_size_inches(_WIDTH, _EDGES + _PANEL * len(units))
    panels = canvas.subplots(len(units), 1, sharex=True, squeeze=False)[:, 0]
    for panel, unit in zip(panels, units, strict=True):
        _draw_panel(panel, unit, [row for row in points if row.unit == unit])
    panels[-1].set_xlabel(axis)


def _draw_panel(panel: Axes, unit: str, points: Sequence[Row]) -> None:
    for name in dict.fromkeys(row.name for row in points):
        curve = sorted((row.at or 0.0, row.value) for row in points if row.name == name)
        panel.plot([at for at, _ in curve], [value for _, value in curve], marker="o", ms=4, lw=1.4, label=name)
    places = sorted({row.at or 0.0 for row in points})
    if places[0] > 0 and places[-1] / places[0] >= 10:  # noqa: PLR2004 - a decade
        panel.set_xscale("log")
    panel.set_xticks(places, [number_text(place) for place in places])
    panel.minorticks_off()
    panel.set_ylim(bottom=0)
    panel.set_ylabel(unit)
    panel.legend(loc="center left", bbox_to_anchor=(1, 0.5), frameon=False)
