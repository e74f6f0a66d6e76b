"""What an address must look like, and the broker's address made from the ledger's.

Every check takes the text (or pydantic's wrapping of it), returns it normalized, and raises `ValueError` with the
reason, never with a part of the text: addresses carry passwords.
"""

from __future__ import annotations

from urllib.parse import SplitResult, parse_qs, quote, unquote, urlencode, urlsplit

from pydantic import SecretStr

SENTINEL_SCHEMES = ("redis+sentinel", "rediss+sentinel")
CLUSTER_SCHEMES = ("redis+cluster", "rediss+cluster")
LEDGER_SCHEMES = ("redis", "rediss", "unix", *SENTINEL_SCHEMES, *CLUSTER_SCHEMES)
BROKER_SCHEMES = ("redis", "rediss", "redis+socket", "redis+sentinel", "amqp", "amqps", "pyamqp")
# Of redis-py's options those that change how a server is reached, and not what it answers: with `decode_responses` the
# workers would not know their own ledger again, and a name that redis-py does not know is a TypeError far from here.
LEDGER_OPTIONS = (
    "db", "username", "password", "sentinel_username", "sentinel_password", "client_name", "socket_timeout",
    "socket_connect_timeout", "socket_keepalive", "socket_read_size", "retry_on_timeout", "health_check_interval",
    "max_connections",
)  # fmt: skip
_SECONDS = ("socket_timeout", "socket_connect_timeout", "health_check_interval", "max_connections")
_SEVERAL = tuple(f"{scheme}://" for scheme in (*SENTINEL_SCHEMES, *CLUSTER_SCHEMES))


def plain(value: object) -> str:
    """The text of a value that may be wrapped so that logs cannot show it."""
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    if isinstance(value, str):
        return value
    raise ValueError("not a text")


def split(text: str, schemes: tuple[str, ...]) -> SplitResult:
    """The parts of a URL of one of these schemes, with a host, or with a path where the scheme means a socket file."""
    if any(char.isspace() or not char.isprintable() for char in text):
        raise ValueError("it holds a space or a control character")
    parts = _parts(text)
    if parts is None:
        raise ValueError("host or port cannot be read; is a character of the password not percent-encoded?")
    if parts.scheme not in schemes or not text.startswith(f"{parts.scheme}://"):
        raise ValueError("the scheme is another one")
    _require_place(parts)
    return parts


def _parts(text: str) -> SplitResult | None:
    # None, not the error: Python's own says what stands before the '@'.
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return None
    return None if port == 0 else parts


def _require_place(parts: SplitResult) -> None:
    if parts.scheme in {"unix", "redis+socket"}:
        if parts.hostname or len(parts.path) <= 1:
            raise ValueError("the path of a socket starts with a third slash")
    elif not parts.hostname:
        raise ValueError("the host is missing")


def ledger(value: object) -> str:
    """The ledger's address, as `redis.Redis.from_url` takes it.

    A database that is no number is refused here because redis-py would silently use database 0.
    """
    text = plain(value)
    if text.startswith(_SEVERAL):
        return _several(text)
    parts = split(text, LEDGER_SCHEMES)
    _require_options(parts)
    _require_database(_option(parts, "db") or ("" if parts.scheme == "unix" else parts.path.strip("/")))
    if parts.fragment:
        raise ValueError("it holds a '#'; is a character of the password not percent-encoded?")
    return text


def _several(text: str) -> str:
    """The address of Sentinels or of a cluster; of several servers, each has to be one that `split` takes."""
    for single in one_by_one(text):
        parts = split(single, (*SENTINEL_SCHEMES, *CLUSTER_SCHEMES))
        _require_options(parts)
        if parts.fragment:
            raise ValueError("it holds a '#'; is a character of the password not percent-encoded?")
    service, _, database = parts.path.strip("/").partition("/")
    if parts.scheme in CLUSTER_SCHEMES:
        if f"{service}{database}{_option(parts, 'db')}".strip("0"):
            raise ValueError("a cluster has database 0 alone")
    elif not service:
        raise ValueError("the service's name is missing: …/service/db")
    else:
        _require_database(_option(parts, "db") or database)
    return text


def one_by_one(text: str) -> list[str]:
    """An address of several servers as several addresses of one."""
    scheme, _, rest = text.partition("://")
    end = min([found for mark in "/?#" if (found := rest.find(mark)) >= 0], default=len(rest))
    credentials, at, hosts = rest[:end].rpartition("@")
    return [f"{scheme}://{credentials}{at}{host}{rest[end:]}" for host in hosts.split(",")]


def _require_options(parts: SplitResult) -> None:
    options = parse_qs(parts.query, keep_blank_values=True)
    if any(name not in LEDGER_OPTIONS and not name.startswith(("ssl_", "sentinel_ssl_")) for name in options):
        raise ValueError(f"an option is none of ssl_…, sentinel_ssl_…, {', '.join(LEDGER_OPTIONS)}")
    if any(name.startswith("ssl_") for name in options) and not parts.scheme.startswith("rediss"):
        raise ValueError("an option of TLS (ssl_…), and the scheme is without it")
    if any(name.startswith("sentinel_") for name in options) and parts.scheme not in SENTINEL_SCHEMES:
        raise ValueError("an option of Sentinels (sentinel_…), and the scheme is without them")
    if parts.scheme == "unix" and "socket_keepalive" in options:
        raise ValueError("socket_keepalive is for TCP alone")
    for name in _SECONDS:
        if not all(_is_number(value) for value in options.get(name, [])):
            raise ValueError(f"{name} is no number")


def _is_number(text: str) -> bool:
    return text.isascii() and text.replace(".", "", 1).isdigit()


def _require_database(text: str) -> None:
    if text and not (text.isascii() and text.isdigit()):
        raise ValueError("the database is no number")


def broker(value: object) -> str:
    """The broker's address, or several joined by `;`, as Celery takes them."""
    text = plain(value)
    if text.startswith("redis+sentinel://"):
        return _several(text)  # taken apart for kombu by worker/broker.py
    if text.startswith(_SEVERAL):
        raise ValueError("a cluster, or Sentinels behind TLS, cannot be Celery's broker: name another broker here")
    texts = text.split(";")
    for text in texts:
        if text.startswith("sentinel://"):
            raise ValueError(
                "Celery's own spelling has no place for the service: redis+sentinel://host,host/service/db"
            )
        parts = split(text, BROKER_SCHEMES)
        if parts.scheme in {"redis", "rediss"}:
            _require_database(parts.path.strip("/"))
    return ";".join(_verified(text) for text in texts)


def _verified(text: str) -> str:
    # kombu takes a rediss:// address without this option as "do not verify"; redis-py as "verify".
    if not text.startswith("rediss://") or "ssl_cert_reqs=" in text:
        return text
    return f"{text}{'&' if '?' in text else '?'}ssl_cert_reqs=required"


def broker_of(ledger_url: str) -> str:
    """The broker's address for the same Redis as the ledger's.

    Redis addresses mean the same to redis-py and to kombu only in part: kombu takes the database from the path (of a
    socket: from `virtual_host`), credentials from before the `@`, of the options only `ssl_*`, and raises a `TypeError`
    on others. Options such as `socket_timeout` therefore stay behind.
    """
    if ledger_url.startswith(_SEVERAL):
        return ledger_url  # `broker` says whether Celery can use it
    parts = urlsplit(ledger_url)
    user = unquote(parts.username or "") or _option(parts, "username")
    password = unquote(parts.password or "") or _option(parts, "password")
    credentials = f"{quote(user, safe='')}:{quote(password, safe='')}@" if user or password else ""
    if parts.scheme == "unix":
        return f"redis+socket://{credentials}{parts.path}?virtual_host={_option(parts, 'db') or 0}"
    options = urlencode({key: values[0] for key, values in parse_qs(parts.query).items() if key.startswith("ssl_")})
    database = _option(parts, "db") or parts.path.strip("/") or "0"
    place = parts.netloc.rpartition("@")[2]
    return _verified(f"{parts.scheme}://{credentials}{place}/{database}{'?' if options else ''}{options}")


def _option(parts: SplitResult, name: str) -> str:
    return parse_qs(parts.query).get(name, [""])[0]


def endpoint(value: object) -> str:
    """The chat API's address without its trailing slash."""
    text = plain(value)
    parts = split(text, ("http", "https"))
    if "?" in text or "#" in text:
        raise ValueError("it holds a '?' or a '#'")
    if "@" in parts.netloc:
        raise ValueError("it holds credentials")
    return text.rstrip("/")


def dsn(value: object) -> SecretStr:
    """Sentry's address of a project."""
    text = plain(value)
    parts = split(text, ("http", "https"))
    if not parts.username or not parts.path.rpartition("/")[2].isdigit():
        raise ValueError("the key or the project's number is missing")
    return SecretStr(text)
