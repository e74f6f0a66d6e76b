"""What is seen while it happens: a panel on a terminal, a line every few seconds elsewhere."""

from dataclasses import dataclass
from typing import Protocol, Self

from rich.console import Console, Group
from rich.live import Live
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from demo.accounts import Accounts
from demo.weather import FAIR_NAME

LINE_EVERY_S = 5.0
WIDTH = 78


@dataclass(frozen=True, slots=True)
class Moment:
    """What there is to see at one moment: second of the play, its length, the weather, the ledger's accounts."""

    elapsed_s: float
    duration_s: float
    weather: str
    accounts: Accounts

    @property
    def saved(self) -> str:
        """The share of receipts that needed no call of their own; of those settled so far."""
        settled = self.accounts.covered + self.accounts.dead
        return f"{max(0.0, 1 - self.accounts.puts / settled):.0%}" if settled else "-"


class Screen(Protocol):
    """Where moments are shown."""

    def show(self, moment: Moment) -> None:
        """Show one."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *_: object) -> None: ...


def screen_on(console: Console) -> Screen:
    """The screen that suits a console."""
    return PanelScreen(console) if console.is_terminal else LineScreen(console)


class PanelScreen:
    """A panel that changes in its place."""

    def __init__(self, console: Console) -> None:
        self._live = Live(console=console, auto_refresh=False)

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    def show(self, moment: Moment) -> None:
        """Draw the panel anew."""
        self._live.update(panel(moment), refresh=True)


class LineScreen:
    """A plain line now and then."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._next_s = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return

    def show(self, moment: Moment) -> None:
        """Print a line if the last one is old enough."""
        if moment.elapsed_s >= self._next_s:
            self._next_s = moment.elapsed_s + LINE_EVERY_S
            self._console.print(line(moment), soft_wrap=True, highlight=False)


def line(moment: Moment) -> str:
    """A moment in one line."""
    accounts = moment.accounts
    return (
        f"{moment.elapsed_s:3.0f} s  recorded {accounts.recorded}  covered {accounts.covered}  "
        f"waiting {accounts.waiting}  PUTs {accounts.puts}  saved {moment.saved}  retries {accounts.retries}  "
        f"dead {accounts.dead}  weather: {moment.weather}"
    )


def panel(moment: Moment) -> Panel:
    """A moment as a panel."""
    bar = ProgressBar(total=moment.duration_s, completed=min(moment.elapsed_s, moment.duration_s), width=WIDTH - 24)
    head = Table.grid(padding=(0, 2))
    head.add_row(bar, f"{min(moment.elapsed_s, moment.duration_s):.0f} of {moment.duration_s:.0f} s")
    calm = moment.weather.startswith(FAIR_NAME)
    weather = Text.assemble(("weather  ", "dim"), (moment.weather, "green" if calm else "bold yellow"))
    body = Group(head, "", weather, "", _numbers(moment))
    title = f"receipt-sync, {moment.elapsed_s:.0f} s"
    return Panel(body, title=title, title_align="left", width=WIDTH, padding=(1, 2))


def _numbers(moment: Moment) -> Table:
    accounts = moment.accounts
    table = Table.grid(padding=(0, 2))
    for _ in range(3):
        table.add_column(style="dim")
        table.add_column(justify="right", min_width=7)
    rows = (
        ("receipts", accounts.recorded, "PUTs", accounts.puts, "retries", accounts.retries),
        ("covered", accounts.covered, "saved", moment.saved, "  throttled", accounts.puts_throttled),
        ("waiting", accounts.waiting, "slots waiting", accounts.slots_waiting, "dead", accounts.dead),
    )
    for row in rows:
        table.add_row(*(f"{cell:,}" if isinstance(cell, int) else cell for cell in row))
    return table
