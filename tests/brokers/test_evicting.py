"""A Redis that may evict the ledger is refused behind Sentinels and in a cluster, too."""

from __future__ import annotations

import pytest
import redis

from stack.redis_cluster import RedisCluster
from stack.redis_server import HOST
from stack.sentinels import Sentinels
from tests.running import PATIENCE_S, System

REFUSED = "allkeys-lru"


def is_refused(system: System, url: str) -> None:
    worker = system.start_worker(
        until_it_says=REFUSED, REDIS_URL=url, CELERY_BROKER_URL=system.redis_server.url_of("worker")
    )
    assert worker.wait(PATIENCE_S) == 1
    assert "maxmemory-policy" in worker.log.text()
    assert "Traceback" not in worker.log.text()


def test_the_master_behind_sentinels_is_asked(system: System, sentinels: Sentinels) -> None:
    with redis.Redis(host=HOST, port=sentinels.master_port()) as master:
        master.config_set("maxmemory-policy", REFUSED)
    is_refused(system, sentinels.url)


@pytest.mark.parametrize("holds_it", [True, False])
def test_the_node_of_a_cluster_that_holds_the_ledger_is_asked(
    system: System, cluster: RedisCluster, *, holds_it: bool
) -> None:
    holder = cluster.owner("rs:{default}")
    for name in ("default", "shop", "club", "team", "crew"):
        node = cluster.owner(f"rs:{{{name}}}")
        if (node is holder) is holds_it:
            break
    with node.client() as client:
        client.config_set("maxmemory-policy", REFUSED)
    if holds_it:
        is_refused(system, cluster.url)
    else:
        assert node is not holder
        system.start_worker(REDIS_URL=cluster.url, CELERY_BROKER_URL=system.redis_server.url_of("worker"))
