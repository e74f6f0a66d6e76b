"""The chat: who is in which dialog, what was read, what was edited."""
