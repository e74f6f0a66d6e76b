"""Everything that can be turned, as one frozen value.

`load` reads the environment once, when a process starts. Every variable is typed and bounded; all of them are checked
before anything is refused, so that one start tells everything that is wrong: variable, value, what was expected. A
misspelt variable of ours is a fault too, for a setting that silently does nothing is found on the worst of days.

A value comes from `NAME`, or from the file that `NAME_FILE` names. Each QuickBlox application has its own `Application`
(`NAME__SHOP` before `NAME`, or a table of the applications file; the API key never falls back, as one application must
not send with another's key).

Nothing here shows a secret: keys are pydantic's `SecretStr`, passwords in addresses are masked in every representation,
and a `Fault` is made with its value masked already. The addresses themselves (`redis_url`, `broker_url`) are plain
strings, since clients need them so: do not log them, log `describe`.

One story per module: `variable` (what a field says about itself), `application`, `connections` and `model` (the
values), `addresses`, `tls`, `token_keys`, `service_session` and `sentry` (what their texts must look like),
`environment`, `applications_file` and `loading` (from variables and tables to the value), `schedule` and `crontab` (the
file with beat's jobs), `masking` and `errors` (what may be shown), `rows` and `page` (the tables).
"""

from settings.application import Application
from settings.crontab import Crontab
from settings.errors import Fault, SettingsError, UnknownApplicationError
from settings.loading import load
from settings.model import Settings
from settings.rows import Row, describe
from settings.schedule import Job, load_schedule

__all__ = [
    "Application",
    "Crontab",
    "Fault",
    "Job",
    "Row",
    "Settings",
    "SettingsError",
    "UnknownApplicationError",
    "describe",
    "load",
    "load_schedule",
]
