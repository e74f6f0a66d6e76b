"""Each night: whatever waits for users who have not been seen for a month counts as delivered; docs/beat.md.

Safe to run twice, side by side, or to be killed in the middle: receipts are recorded first and noted as recorded then,
and one that is recorded twice names the same message, which costs no second call.
"""
