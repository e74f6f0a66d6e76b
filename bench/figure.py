"""What a measurement says: rows with targets, and faults that must not be."""

from dataclasses import dataclass, field

from bench.rounds import Spread


@dataclass(frozen=True, slots=True)
class Row:
    """One number.

    Attributes:
        name: What it is.
        value: The number.
        unit: Of it; empty for plain counts and ratios.
        most: The target: the value should not exceed it. None where there is no such target.
        least: The target: the value should reach it. None where there is no such target.
        note: What else a reader has to know.
        at: Of a point of a curve: where it stands on the figure's axis. Points of one name are one curve.
    """

    name: str
    value: float
    unit: str = ""
    most: float | None = None
    least: float | None = None
    note: str = ""
    at: float | None = None

    @property
    def label(self) -> str:
        """Its name, with where it stands on its curve."""
        return self.name if self.at is None else f"{self.name}: {number_text(self.at)}"

    @property
    def missed(self) -> bool:
        """Whether there is a target and the value is beyond it."""
        too_much = self.most is not None and self.value > self.most
        return too_much or (self.least is not None and self.value < self.least)


@dataclass(slots=True)
class Figure:
    """A measurement.

    Attributes:
        title: What was done, in a sentence.
        rows: The numbers.
        notes: What was left out, and why.
        faults: What makes the numbers worthless: receipts lost, accounts out of balance.
        axis: What the places of its curves' points count; empty without curves.
    """

    title: str
    rows: list[Row] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    axis: str = ""

    def add(
        self,
        name: str,
        value: float,
        unit: str = "",
        *,
        most: float | None = None,
        least: float | None = None,
        note: str = "",
        at: float | None = None,
    ) -> None:
        """Append a row; with `at` it is a point of the curve `name`."""
        self.rows.append(Row(name, value, unit, most, least, note, at))

    def compare(
        self, name: str, ratio: Spread, *, most: float | None = None, least: float | None = None, note: str = ""
    ) -> None:
        """Append a ratio: the median of its rounds, with what they lie between."""
        between = f"rounds from {ratio.text}"
        self.add(name, ratio.median, "x", most=most, least=least, note=f"{between}; {note}" if note else between)

    def point(self, name: str, found: Spread, unit: str, *, at: float) -> None:
        """Append a point of the curve `name`: the median of its rounds, with what they lie between."""
        self.add(name, found.median, unit, note=found.text, at=at)

    def demand(self, holds: object, fault: str) -> None:
        """Note a fault unless the demand holds."""
        if not holds:
            self.faults.append(fault)


def number_text(value: float) -> str:
    """A number as a table shows it: whole numbers with thousands, others with three decimals."""
    return f"{value:,.0f}" if value == int(value) else f"{value:,.3f}"


def verdict_text(row: Row) -> str:
    """What became of a row's target; empty without one."""
    bounds = [("at most", row.most), ("at least", row.least)]
    said = " and ".join(f"{word} {number_text(bound)}" for word, bound in bounds if bound is not None)
    return f"{said}: {'MISSED' if row.missed else 'met'}" if said else ""
