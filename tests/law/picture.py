"""The picture of docs/pace.md: twelve minutes in which the API's limit changes unannounced, and then an outage."""

from __future__ import annotations

import math
from pathlib import Path

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from bench.drawing import BLACK, BLUE, GREY, ORANGE, RED, STYLE
from sandbox.faults import Faults
from tests.law.fleet import Story, World
from tests.law.law import Law

CAP = 160
LASTS_S = 720
LIMITS = ((0, 80), (120, 30), (240, 120))
OUTAGE_S = (420, 480)
LOAD = ((0, 60.0), (60, 90.0), (300, 60.0))
SEED = 1

_STYLE = STYLE | {"path.simplify_threshold": 0.5}


def tell(text: str = "") -> Story:
    """The story that is drawn; of another law's text, if one is given."""
    begins_s, ends_s = OUTAGE_S
    calm = [(at_s, Faults(rate_per_s=limit)) for at_s, limit in LIMITS]
    weather = [*calm, (begins_s, Faults(outage=True)), (ends_s, Faults(rate_per_s=LIMITS[-1][1]))]
    return World(Law(CAP, text=text), weather, LOAD, seed=SEED).run(LASTS_S)


def draw(story: Story, path: Path) -> None:
    """Write the story as SVG; the same story gives the same bytes.

    Raises:
        OSError: The file cannot be written.
    """
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(9, 6.6), layout="constrained", facecolor="white")
        FigureCanvasSVG(figure)
        calls, refused, waiting = figure.subplots(3, 1, sharex=True, height_ratios=[5, 2, 2])
        _draw_calls(calls, story)
        _draw_refused(refused, story)
        _draw_waiting(waiting, story)
        for axes in (calls, refused, waiting):
            axes.axvspan(*OUTAGE_S, color="#eaeef2", zorder=0)
            axes.set_xlim(0, LASTS_S)
            axes.set_ylim(bottom=0)
        waiting.set_xlabel("seconds")
        figure.savefig(path, format="svg", metadata={"Date": None, "Creator": None})


def _draw_calls(axes: Axes, story: Story) -> None:
    at_s = [second.at_s for second in story.seconds]
    rate = [math.nan if second.is_open else second.limit for second in story.seconds]
    sent = [second.answers["sent"] for second in story.seconds]
    axes.fill_between(at_s, sent, step="post", color=BLUE, alpha=0.25, linewidth=0, label="let through by the API")
    axes.step(at_s, [second.offered for second in story.seconds], where="post", color=GREY, lw=0.6, label="offered")
    axes.step(*_limit_line(), where="post", color=BLACK, lw=1.4, label="the API's limit")
    axes.plot(at_s, rate, color=BLUE, lw=1.4, label="the rate")
    axes.set_ylabel("calls a second")
    axes.text(sum(OUTAGE_S) / 2, CAP * 0.9, "outage", ha="center", color=GREY)
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=4, frameon=False)
    axes.set_ylim(top=CAP)


def _limit_line() -> tuple[list[int], list[int]]:
    return [at_s for at_s, _ in LIMITS] + [LASTS_S], [limit for _, limit in LIMITS] + [LIMITS[-1][1]]


def _draw_refused(axes: Axes, story: Story) -> None:
    for verdict, colour, label in (("throttled", RED, "429"), ("unavailable", ORANGE, "503 and other failures")):
        axes.plot(*_needles(story, verdict), color=colour, lw=1, label=label)
    axes.set_yscale("symlog", linthresh=1)
    axes.set_yticks([0, 1, 10, 100], ["0", "1", "10", "100"])
    axes.set_ylabel("refused a second")
    axes.legend(loc="upper left", ncols=2, frameon=False)


def _needles(story: Story, verdict: str) -> tuple[list[float], list[float]]:
    """One line for all seconds with such answers, broken between them: a path for each would be ten times as large."""
    needles = [(second.at_s, second.answers[verdict]) for second in story.seconds if second.answers[verdict]]
    return [at_s for at_s, _ in needles for _ in "abc"], [y for _, count in needles for y in (0, count, math.nan)]


def _draw_waiting(axes: Axes, story: Story) -> None:
    axes.plot([second.at_s for second in story.seconds], [second.waiting for second in story.seconds], color=BLUE)
    axes.set_ylabel("waiting slots")
