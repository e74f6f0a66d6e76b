"""`gather`: how many PUTs a receipt needs, by the time it may gather: what the plan has to allow.

The oracle's number, which the system keeps to within two percent (`trace`): the fewest PUTs with which every receipt of
the trace is covered within the gather time. More users make more receipts and more slots alike, so the share holds for
any number of users; a longer gather time is what lowers it.
"""

from bench.figure import Figure
from bench.options import Options
from bench.trace import arrivals_of
from traffic.oracle import fewest_puts

GATHER_S = (0.5, 2, 10, 60, 300)


def measure(options: Options) -> Figure:
    """Ask the oracle for ever longer gather times."""
    arrivals = arrivals_of(options)
    figure = Figure(f"{len(arrivals):,} receipts over {arrivals[-1].t_s:,.0f} s", axis="gather time, s")
    for gather_s in GATHER_S:
        figure.add("fewest possible", fewest_puts(arrivals, gather_s) / len(arrivals), "PUTs a receipt", at=gather_s)
    return figure
