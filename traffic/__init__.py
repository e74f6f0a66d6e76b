"""Receipts as they arrive, and the yardstick for how well they are coalesced.

`recorded` replays a trace, `busy_chat` makes up a day of a busy chat, `oracle` says how few PUTs could carry either.
"""
