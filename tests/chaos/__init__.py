"""Chaos: the whole system as real processes under faults drawn by a seed, judged by two independent journals.

Producers write down every receipt before they record it and again when it is acknowledged (journal.py). The sandbox
writes down every call. Between the workers and Redis, broker and API stand proxies of our own (proxy.py): network
namespaces need root and do not exist on macOS, a proxy does the same to a connection everywhere. The director
(directing.py) kills, pauses, cuts and misleads all through the run; then the faults end, everything must drain, and the
judge (judge.py) compares the journals.

How hard kills are counted: one for each SIGKILL that met a living process. A whole worker, main process and children,
is one; a single pool child is one; Redis is one. A process still starting, or already gone, is none.

When a slot is twice in flight: a call is open from its arrival at the API to its end, no longer than the longest
request (connect and read timeout: a living client gives up then), and no longer than its connection (a cut ends it).
Two open calls of one slot are a doubled flight. A client that was killed needs no excuse: its lease outlives the
longest request, so nobody sends that slot again while the call counts. A paused client does not either, for the same
reason; a call that it sends after it woke up counts like any other.
"""
