"""What a process and all its descendants have in memory, as the system counts it; processor time: processor.py."""

import psutil


def written_bytes(pid: int) -> int:
    """Memory that they have written and share with nobody (private dirty); Linux alone tells it.

    Unlike what would be free if they ended (USS), it does not move when a stranger with the same libraries ends.

    Raises:
        psutil.NoSuchProcess: It has ended.
    """
    return sum(int(region.private_dirty) for member in _members(pid) for region in member.memory_maps())


def resident_bytes(pid: int) -> int:
    """Memory that they have in RAM (RSS); what they share counts for each of them.

    Raises:
        psutil.NoSuchProcess: It has ended.
    """
    return sum(int(member.memory_info().rss) for member in _members(pid))


def _members(pid: int) -> list[psutil.Process]:
    head = psutil.Process(pid)
    return [head, *head.children(recursive=True)]
