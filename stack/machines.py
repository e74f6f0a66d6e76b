"""Machines: network namespaces that reach this one over a bridge, each with a network stack of its own.

They take root and `ip`, and leave nothing behind. Where they are not allowed, all runs on this machine's loopback.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

LOOPBACK = "127.0.0.1"
_ROOT = 0


@dataclass(frozen=True, slots=True)
class Machines:
    """Places for processes.

    Attributes:
        home: This machine's address, as the others reach it.
        enter: For each machine: what a command there begins with.
        apart: Whether they are namespaces; else all are this machine.
        cables: What connects each to the bridge: a device of this machine's.
    """

    home: str
    enter: Sequence[Sequence[str]]
    apart: bool
    cables: Sequence[str] = ()

    def unplug(self, number: int) -> None:
        """From now on packets to and from a machine are lost, and nobody is told.

        Raises:
            subprocess.CalledProcessError: The system refused.
        """
        _ip("link", "set", self.cables[number], "down")

    def plug_in(self, number: int) -> None:
        """The end of `unplug`.

        Raises:
            subprocess.CalledProcessError: The system refused.
        """
        _ip("link", "set", self.cables[number], "up")


def allowed() -> bool:
    """Whether this machine lets us make namespaces."""
    return os.geteuid() == _ROOT and shutil.which("ip") is not None


@contextmanager
def machines(count: int) -> Iterator[Machines]:
    """So many machines beside this one, up to 200; they end with the block.

    Raises:
        subprocess.CalledProcessError: The system refused.
    """
    if not allowed():
        yield Machines(LOOPBACK, [()] * count, apart=False)
        return
    bridge, network = f"rsb{os.getpid()}", f"10.213.{os.getpid() % 256}"  # two runs at once must not share one
    home = f"{network}.1"
    with ExitStack() as ends:
        _ip("link", "add", bridge, "type", "bridge")
        ends.callback(_ip, "link", "del", bridge)
        _ip("addr", "add", f"{home}/24", "dev", bridge)
        _ip("link", "set", bridge, "up")
        made = [_connected(ends, bridge, network, number) for number in range(1, count + 1)]
        enter = [("ip", "netns", "exec", name) for name, _ in made]
        yield Machines(home, enter, apart=True, cables=[cable for _, cable in made])


def _connected(ends: ExitStack, bridge: str, network: str, number: int) -> tuple[str, str]:
    """A namespace and its cable."""
    name, outer, inner = f"{bridge}-{number}", f"rso{os.getpid()}-{number}", "eth0"
    _ip("netns", "add", name)
    ends.callback(_ip, "netns", "del", name)
    _ip("link", "add", outer, "type", "veth", "peer", "name", inner, "netns", name)
    ends.callback(_ip, "link", "del", outer)  # a namespace's end takes its links along, but not at once
    _ip("link", "set", outer, "master", bridge, "up")
    _ip("-n", name, "addr", "add", f"{network}.{number + 1}/24", "dev", inner)
    _ip("-n", name, "link", "set", inner, "up")
    _ip("-n", name, "link", "set", "lo", "up")
    return name, outer


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)  # nosec B607 - a developer's own PATH
