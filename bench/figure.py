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
    """

    name: str
    value: float
    unit: str = ""
    most: float | None = None
    least: float | None = None
    note: str = ""

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
    """

    title: str
    rows: list[Row] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def add(
        self,
        name: str,
        value: float,
        unit: str = "",
        *,
        most: float | None = None,
        least: float | None = None,
        note: str = "",
    ) -> None:
        """Append a row."""
        self.rows.append(Row(name, value, unit, most, least, note))

    def compare(
        self, name: str, ratio: Spread, *, most: float | None = None, least: float | None = None, note: str = ""
    ) -> None:
        """Append a ratio: the median of its rounds, with what they lie between."""
        between = f"rounds from {ratio.text}"
        self.add(name, ratio.median, "x", most=most, least=least, note=f"{between}; {note}" if note else between)

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
