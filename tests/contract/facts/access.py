"""Which application is asked, and as whom: read from the environment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from settings import addresses
from worker.signing import Credentials

WITHOUT_CREDENTIALS = (
    "Without credentials it is skipped. docs/chat-api.md names the variables for an application of your own."
)

PREFIX = "QUICKBLOX_CONTRACT_"
ENDPOINT, CA_FILE = f"{PREFIX}ENDPOINT", f"{PREFIX}CA_FILE"
OF_LOGINS = tuple(
    PREFIX + name
    for name in ("APPLICATION_ID", "AUTH_KEY", "AUTH_SECRET", "LOGIN", "PASSWORD", "OTHER_LOGIN", "OTHER_PASSWORD")
)
API_KEY = f"{PREFIX}API_KEY"
OF_KEY = (API_KEY, f"{PREFIX}USER_ID", f"{PREFIX}OTHER_USER_ID")


class NoCredentialsError(Exception):
    """No variable names credentials; the text is the sentence to say."""

    def __init__(self) -> None:
        super().__init__(WITHOUT_CREDENTIALS)


class AccessError(Exception):
    """Variables are missing or wrong; the text names them all and holds no value."""


@dataclass(frozen=True)
class Access:
    """An application and two of its users: by their logins, by an API key and their ids, or both ways.

    Attributes:
        endpoint: Of the API, without a trailing slash.
        ca_file: The authority of its certificate; None: those of certifi.
        reader: Who reads; None without logins.
        sender: Who sends, and owns the dialogs; None without logins.
        api_key: None without one.
        user_ids: Of reader and sender, for the API key; None: as their sessions say.
    """

    endpoint: str
    ca_file: str | None = None
    reader: Credentials | None = None
    sender: Credentials | None = None
    api_key: str | None = field(default=None, repr=False)
    user_ids: tuple[int, int] | None = None

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> Access:
        """The access that the variables describe; an empty variable is none.

        Raises:
            NoCredentialsError: None of them names credentials.
            AccessError: Some are missing or wrong.
        """
        given = {name: environ[name] for name in (ENDPOINT, CA_FILE, *OF_LOGINS, *OF_KEY) if environ.get(name)}
        by_login = [name for name in OF_LOGINS if name in given]
        by_key = [name for name in OF_KEY if name in given]
        if not by_login and not by_key:
            raise NoCredentialsError
        faults = list(_faults(given, with_logins=bool(by_login), with_key=bool(by_key)))
        if faults:
            raise AccessError("; ".join(faults))
        reader, sender = _users(given) if by_login else (None, None)
        ids = (int(given[OF_KEY[1]]), int(given[OF_KEY[2]])) if OF_KEY[1] in given else None
        endpoint = addresses.endpoint(given.get(ENDPOINT, "https://api.quickblox.com"))
        return cls(endpoint, given.get(CA_FILE), reader, sender, given.get(API_KEY), ids)

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must not be printed."""
        of_users = [(user.auth_key, user.auth_secret, user.password) for user in (self.reader, self.sender) if user]
        return tuple(secret for group in [*of_users, (self.api_key or "",)] for secret in group if secret)


def _faults(given: Mapping[str, str], *, with_logins: bool, with_key: bool) -> list[str]:
    faults = []
    # Beside logins the key needs no ids: the sessions tell them. One id alone says too little either way.
    ids = OF_KEY[1:]
    needed = (*(OF_LOGINS if with_logins else ()), *((API_KEY,) if with_key else ()))
    needed = (*needed, *(ids if with_key and (not with_logins or any(one in given for one in ids)) else ()))
    missing = [name for name in needed if name not in given]
    if missing:
        faults.append(f"missing: {', '.join(missing)}")
    faults += [f"{name}: expected a user's number" for name in ids if not given.get(name, "1").isdecimal()]
    try:
        addresses.endpoint(given.get(ENDPOINT, "https://api.quickblox.com"))
    except ValueError as error:
        faults.append(f"{ENDPOINT}: {error}")
    return faults


def _users(given: Mapping[str, str]) -> tuple[Credentials, Credentials]:
    application = [given[name] for name in OF_LOGINS[:3]]
    reader, sender = [given[name] for name in OF_LOGINS[3:5]], [given[name] for name in OF_LOGINS[5:]]
    return Credentials(*application, *reader), Credentials(*application, *sender)
