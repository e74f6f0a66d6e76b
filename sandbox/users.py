"""Who exists, and who logs in with what."""

from dataclasses import dataclass

FIRST_LOGIN_ID = 1_000_001  # above the small ids that tests choose by hand


@dataclass(frozen=True, slots=True)
class _Login:
    user_id: int
    password: str


class Users:
    """The users of the application; they have no profile here."""

    def __init__(self) -> None:
        self._ids: set[int] = set()
        self._logins: dict[str, _Login] = {}
        self._next_id = FIRST_LOGIN_ID

    def __len__(self) -> int:
        return len(self._ids)

    def clear(self) -> None:
        """Forget all users and logins."""
        self._ids.clear()
        self._logins.clear()

    def add(self, user_id: int) -> None:
        """Let a user exist; one that exists already stays as it is."""
        self._ids.add(user_id)

    def knows(self, user_id: int) -> bool:
        """Return whether the user exists."""
        return user_id in self._ids

    def let_in(self, user_id: int, name: str, password: str) -> None:
        """Let a user exist who logs in with this name and password, and with no earlier one of that name."""
        self._ids.add(user_id)
        self._logins[name] = _Login(user_id, password)

    def log_in(self, name: str, password: str, *, create: bool) -> int | None:
        """Return the user behind a login or e-mail address.

        Args:
            name: Login or address.
            password: The first one seen for this name is the right one.
            create: Whether a name never seen becomes a new user.

        Returns:
            The user's id, or None when the password is wrong or the name unknown.
        """
        login = self._logins.get(name)
        if login is None and create:
            login = self._logins[name] = _Login(self._new_id(), password)
        return login.user_id if login and login.password == password else None

    def _new_id(self) -> int:
        while self._next_id in self._ids:
            self._next_id += 1
        self._ids.add(self._next_id)
        return self._next_id
