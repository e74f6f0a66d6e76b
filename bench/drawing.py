"""How our pictures look; bench/pictures.py and tests/law/picture.py draw with it."""

from typing import Any

# Text stays text and ids do not change from run to run: small, and the same bytes for the same numbers.
STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "receipt-sync",
    "font.family": "sans-serif",
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
}
GREY, BLACK, BLUE, RED, ORANGE = "#8c959f", "#1f2328", "#0969da", "#cf222e", "#e8912d"
