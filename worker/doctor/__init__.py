"""The doctor: looks at everything a deployment stands on, changes nothing, and says of each fault how it is mended.

contradictions  settings that say one thing and another                contradictions.py, pure
redis           version, persistence, eviction, memory, role, clock     redis_server.py
broker          reached, the ledger's or its own, how safe, queues      broker.py
api             reached, over TLS, credentials accepted                 api.py
ledger          accounts, keys, policy, what holds calls back           ledger.py
workers         listening, answering, getting on                        workers.py

A fault is what loses receipts, sends none or will do so; a warning is what may be meant. What cannot be seen from here
is said to be so, and is neither.
"""

from worker.doctor.examination import examine
from worker.doctor.findings import Finding, Level

__all__ = ["Finding", "Level", "examine"]
