"""The shadow: how many PUTs a given gather time would have cost, from what arrived when. Nothing is sent or recorded.

notes.py      what arrives: one receipt, when, and what it could share a PUT with
journal.py    notes from files, and into them
stream.py     notes of live traffic, as `receipt_sync.ShadowQueue` leaves them in Redis
counting.py   pure: notes in, PUTs and waits out, for one gather time
"""
