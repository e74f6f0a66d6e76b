"""What a process and all its descendants take: processor time and memory, as the system counts them."""

import psutil


def cpu_s(pid: int) -> float:
    """Seconds of processor time since they began.

    Raises:
        psutil.NoSuchProcess: It has ended.
    """
    return sum(sum(member.cpu_times()[:2]) for member in _members(pid))


def own_bytes(pid: int) -> int:
    """Memory that would be free if they ended (USS); what several of them share does not count.

    Raises:
        psutil.NoSuchProcess: It has ended.
    """
    return sum(int(member.memory_full_info().uss) for member in _members(pid))


def resident_bytes(pid: int) -> int:
    """Memory that they have in RAM (RSS); what they share counts for each of them.

    Raises:
        psutil.NoSuchProcess: It has ended.
    """
    return sum(int(member.memory_info().rss) for member in _members(pid))


def _members(pid: int) -> list[psutil.Process]:
    head = psutil.Process(pid)
    return [head, *head.children(recursive=True)]
