"""Logs: one line for each event, JSON for machines, a sentence for people at a terminal.

Every event is declared once, in `events.py`: its name, its level, its sentence and its fields (`fields.py`). Code says
`SOMETHING.say(log, application=…)`. What Celery and its friends write goes through the same formatters (`lines.py`),
under names of its own where it matters (`celery_lines.py`). Nothing private is in any line (`private.py`). What repeats
itself is cut short (`repetition.py`). `setup.py` puts it all in place; `page.py` writes docs/logs.md and the schema.

Levels: ERROR - somebody has to act. WARNING - it heals itself, look tomorrow. INFO - the life of a process, and each
dead letter. DEBUG - each PUT, each task.
"""
