"""Takes a chat server's events and records them as receipts; docs/webhook.md tells how to run it.

An event may come twice, late, and in any order: servers send again what was not answered. Nothing is remembered here,
for receipts bear that by themselves: a mark names its message (`up_to`), an edit its time (`revision`).
"""
