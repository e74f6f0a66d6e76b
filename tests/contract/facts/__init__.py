"""The facts about QuickBlox' chat API that the worker stands on, asked of an application: the sandbox, or your own.

Each fact is a sentence, a grade (how surely it is known: docs/chat-api.md) and a function that finds out whether it
holds (`of_…`). It plays on a `stage`: two users, a dialog of its own, messages in it. `running` asks one after the
other, slowly, and takes everything away again, whatever happened. `access` reads from the environment which application
is asked. Marks, edits and logins go the worker's own way; what the worker does not do, over `requests`.
"""
