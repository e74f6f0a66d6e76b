"""Receipts as they arrive, and the yardstick for how well they are coalesced.

`recorded` replays a trace, `busy_chat` makes up a day of a busy chat, `oracle` says how few PUTs could carry either;
`waits` says how long each receipt waited for its PUT, and whether one was lost.
"""
