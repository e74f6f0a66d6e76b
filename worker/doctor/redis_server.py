"""The Redis that holds the ledger: whether it keeps what it is given, has room, and whose clock it has."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import Any

import redis

from worker.doctor.findings import Finding, fault, ok, unseen, warning
from worker.ledger.keeping import told_policy

_WITH_FUNCTIONS = (7, 0)
_FULL, _NEARLY_FULL = 0.9, 0.75
# A little is every machine's; from a minute on edits of several producers are in the wrong order, and logins refused.
_CLOCK_WARN_S, _CLOCK_FAULT_S = 1.0, 60.0
_MIB = 2**20

Info = Mapping[str, Any]


def examine_server(server: redis.Redis) -> list[Finding]:
    """What one server says of itself.

    Raises:
        redis.RedisError: it was not reached.
    """
    found = [_clock(server)]
    info = _info(server)
    if info is None:
        found.append(unseen("redis", "it refuses INFO", "grant INFO, or look at version, persistence and memory there"))
    else:
        found += [_version(info), *_persistence(server, info), *_memory(info), *_role(info)]
    found.append(eviction("redis", told_policy(server)))
    return found


def _info(server: redis.Redis) -> Info | None:
    asking: Any = server
    try:
        info: Info = asking.info("everything")
    except redis.exceptions.BusyLoadingError:
        raise
    except redis.ResponseError:
        return None
    return info


def _version(info: Info) -> Finding:
    name = "Valkey" if info.get("valkey_version") else "Redis"
    version = str(info.get("valkey_version") or info.get("redis_version") or "?")
    if version_of(str(info.get("redis_version"))) >= _WITH_FUNCTIONS:
        return ok("redis", f"{name} {version}")
    return warning(
        "redis",
        f"{name} {version} has no functions: the ledger's Lua runs as scripts, with a round trip more for each call",
        "Redis 7.0 or later, or any Valkey",
    )


def version_of(text: str) -> tuple[int, ...]:
    """`7.2.4` → (7, 2, 4); what is no number ends it."""
    parts: list[int] = []
    for part in text.split("."):
        if not part.isdecimal():
            break
        parts.append(int(part))
    return tuple(parts)


def _persistence(server: redis.Redis, info: Info) -> Iterator[Finding]:
    if not info.get("aof_enabled"):
        yield fault(
            "persistence",
            "there is no append-only file: a restart loses every receipt since the last snapshot, or all of them",
            "CONFIG SET appendonly yes, and in its configuration file (docs/redis.md)",
        )
    elif info.get("aof_last_write_status", "ok") != "ok":
        yield fault(
            "persistence", "the append-only file cannot be written: Redis refuses to record", "free or mend the disk"
        )
    else:
        yield _fsync(server)
    if info.get("rdb_last_bgsave_status", "ok") != "ok":
        yield fault(
            "persistence",
            "the last snapshot failed: with stop-writes-on-bgsave-error Redis refuses to record",
            "see Redis' log; memory (vm.overcommit_memory) or the disk",
        )


def _fsync(server: redis.Redis) -> Finding:
    asking: Any = server
    try:
        fsync = str(asking.config_get("appendfsync").get("appendfsync"))
    except redis.ResponseError:
        return unseen("persistence", "an append-only file; CONFIG is refused", "see to it that appendfsync is not `no`")
    if fsync == "no":
        return warning(
            "persistence",
            "an append-only file that is never forced to the disk: a power cut loses up to half a minute",
            "CONFIG SET appendfsync everysec",
        )
    loses = "nothing" if fsync == "always" else "about a second"
    return ok("persistence", f"an append-only file, appendfsync {fsync}: a power cut loses {loses}")


def eviction(about: str, policy: str | None) -> Finding:
    """What a server's `maxmemory-policy` means for whoever keeps something in it."""
    if policy == "noeviction":
        return ok(about, "maxmemory-policy noeviction")
    if policy is None:
        return unseen(about, "it does not tell its maxmemory-policy", "see to it that it is noeviction")
    return fault(
        about,
        f"maxmemory-policy {policy}: receipts may be evicted; workers refuse to start",
        "CONFIG SET maxmemory-policy noeviction, and in its configuration file",
    )


def _memory(info: Info) -> Iterator[Finding]:
    used, most = int(info.get("used_memory", 0)), int(info.get("maxmemory", 0))
    whose = "maxmemory" if most else "the machine's"
    most = most or int(info.get("total_system_memory", 0))
    if not most:
        yield unseen("memory", f"{_size(used)} used; the limit is not told", "look at the machine")
        return
    says = f"{_size(used)} of {_size(most)} used ({whose}, {used / most:.0%})"
    if used / most >= _FULL:
        yield fault("memory", f"{says}: when it is full, recording is refused", "more memory; or drain")
    elif used / most >= _NEARLY_FULL:
        yield warning("memory", f"{says}: when it is full, recording is refused", "more memory")
    else:
        yield ok("memory", says)


def _size(size: int) -> str:
    return f"{size / _MIB:.1f} MiB" if size < 1024 * _MIB else f"{size / _MIB / 1024:.1f} GiB"


def _role(info: Info) -> Iterator[Finding]:
    if info.get("role") == "slave":
        yield fault("redis", "this is a replica: it refuses to record", "REDIS_URL of the master, or of the Sentinels")
    elif int(info.get("connected_slaves", 0)):
        yield ok("redis", f"a master with {info['connected_slaves']} replicas")


def _clock(server: redis.Redis) -> Finding:
    before_s = time.time()
    seconds, microseconds = _time(server)
    after_s = time.time()
    ahead_s = seconds + microseconds / 1e6 - (before_s + after_s) / 2
    # How far the answer can have been on its way.
    apart_s = max(0.0, abs(ahead_s) - (after_s - before_s) / 2)
    return clock("ahead of" if ahead_s > 0 else "behind", apart_s)


def _time(server: redis.Redis) -> tuple[int, int]:
    asking: Any = server
    seconds, microseconds = asking.time()
    return int(seconds), int(microseconds)


def clock(where: str, apart_s: float) -> Finding:
    """What it means that Redis' clock is so many seconds `ahead of` or `behind` this machine's, at least."""
    if apart_s < _CLOCK_WARN_S:
        return ok("clock", "Redis' clock and this machine's agree")
    says = (
        f"Redis' clock is {apart_s:.1f} s {where} this machine's: edits without a revision take their producer's time"
    )
    level = fault if apart_s >= _CLOCK_FAULT_S else warning
    return level("clock", f"{says}, and may win or lose wrongly", "keep the time on both (NTP)")
