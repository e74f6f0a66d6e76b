"""The applications file: QuickBlox applications as TOML, a table each, checked as a whole.

A table's keys are the variables of an application in lower case without `QUICKBLOX_`; what stands before the first
table holds for all. Values are taken as the environment's are: as texts, so that one set of checks judges both. They
may be secrets: no error shows one.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from settings.application import Application, names_of
from settings.errors import Fault, shown
from settings.variable import Variable, variables

VARIABLE = "RECEIPTS_APPLICATIONS_FILE"
LARGEST_BYTES = 1_048_576
EXAMPLE = """\
plan_calls_per_s = 120          # holds for every application whose table says nothing else

[shop]
api_key_file = "/run/secrets/shop_api_key"

[big-shop]
endpoint = "https://api.big-shop.example"
api_key_file = "/run/secrets/big_shop_api_key"
plan_calls_per_s = 160
"""
_Texts = dict[str, str]


def key_of(variable: Variable) -> str:
    """A variable's key in the file: `rate_per_s` for `QUICKBLOX_RATE_PER_S`."""
    return variable.name.removeprefix("QUICKBLOX_").lower()


@dataclass(frozen=True, slots=True)
class ApplicationsFile:
    """What the file says: texts by key, for every application and for each.

    Attributes:
        names: the applications, in the file's order.
        faults: what of it cannot be used.
    """

    names: tuple[str, ...] = ()
    faults: tuple[Fault, ...] = ()
    _common: _Texts = field(default_factory=dict, repr=False)
    _tables: Mapping[str, _Texts] = field(default_factory=dict, repr=False)

    def entries(self, application: str | None) -> Mapping[str, str]:
        """The texts by key of one application's table; None: of what holds for all."""
        return self._common if application is None else self._tables.get(application, {})


def place(application: str | None, key: str) -> str:
    """How errors name an entry."""
    return f"{VARIABLE}: " + (key if application is None else f"table {shown(application)}, {key}")


def read(path: str) -> ApplicationsFile:
    """The file's content; everything that is wrong with it is among its faults."""
    try:
        content = _content(Path(path))
    except ValueError as error:
        return ApplicationsFile(faults=(Fault(VARIABLE, shown(path), f"the path of a TOML file ({error})"),))
    faults: list[Fault] = []
    tables = {name: table for name, table in content.items() if isinstance(table, dict)}
    common = dict(_texts(None, {key: value for key, value in content.items() if key not in tables}, faults))
    texts = {name: dict(_texts(name, table, faults)) for name, table in tables.items()}
    return ApplicationsFile(_names(path, texts, faults), tuple(faults), common, texts)


def _content(path: Path) -> dict[str, object]:
    """The file as TOML; the error says why it is none and shows nothing of it."""
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_BYTES + 1)
    except OSError as error:
        raise ValueError(error.strerror or type(error).__name__) from None
    if len(content) > LARGEST_BYTES:
        raise ValueError(f"it is larger than {LARGEST_BYTES} bytes")
    try:
        return tomllib.loads(content.decode("utf-8"))
    except UnicodeDecodeError:
        raise ValueError("it is not UTF-8") from None
    except (ValueError, RecursionError) as error:
        # Where, and not what: the sentence may repeat a piece of a secret.
        where = re.search(r"\(at [^()]*\)\Z", str(error))
        raise ValueError(f"it is not TOML {where.group() if where else ''}".rstrip()) from None


def _names(path: str, tables: Mapping[str, _Texts], faults: list[Fault]) -> tuple[str, ...]:
    if not tables:
        faults.append(Fault(VARIABLE, shown(path), "a file with a table for each application (it has none)"))
        return ()
    usable = [name for name in tables if _is_name(name, faults)]
    try:
        return names_of(",".join(usable)) if usable else ()
    except ValueError as error:
        faults.append(Fault(f"{VARIABLE}: tables", shown(", ".join(usable)), f"other names ({error})"))
        return ()


def _is_name(name: str, faults: list[Fault]) -> bool:
    try:
        return names_of(name) == (name,)
    except ValueError:
        faults.append(Fault(f"{VARIABLE}: table", shown(name), "a name of 1 to 32 of a-z, 0-9 and '-'"))
        return False


def _texts(application: str | None, entries: Mapping[str, object], faults: list[Fault]) -> Iterator[tuple[str, str]]:
    known = {key: variable for _, variable in variables(Application) for key in (key_of(variable), _file_key(variable))}
    for key, value in entries.items():
        if key not in known:
            faults.append(Fault(place(application, shown(key)), "unknown", _meant(key, known)))
        elif application is None and not known[key].falls_back:
            faults.append(Fault(place(None, key), "before the first table", "a table of one application's own"))
        elif not _is_scalar(value):
            faults.append(
                Fault(place(application, key), f"a {type(value).__name__}", "a text, a number, true or false")
            )
        elif value != "":
            yield key, str(value).lower() if isinstance(value, bool) else str(value)


def _is_scalar(value: object) -> bool:
    # Python reads numbers of any length, and writes them only so far.
    return isinstance(value, (str, float)) or (isinstance(value, int) and value.bit_length() < 64)  # noqa: PLR2004 - TOML's own limit


def _file_key(variable: Variable) -> str:
    return f"{key_of(variable)}_file"


def _meant(key: str, known: Mapping[str, Variable]) -> str:
    close = difflib.get_close_matches(key.lower().removeprefix("quickblox_"), sorted(known), n=1)
    return f"a key of docs/settings.md; did you mean {close[0]}?" if close else "a key of docs/settings.md"
