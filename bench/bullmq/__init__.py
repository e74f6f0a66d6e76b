"""BullMQ (https://docs.bullmq.io), the peer with debounce: its programs in JavaScript, and how they are started.

The queue and the job of a receipt are in jobs.js, what adds them in producer.js, what sends their PUTs in worker.js.
The versions are pinned in package.json; what npm installs lies beside it and is in no commit.
"""
