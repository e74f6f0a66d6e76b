"""The chat API of one application: reached, over TLS, and the credentials accepted; by a call that changes nothing.

`GET /chat/Message/unread.json` counts unread messages and marks nothing as read, as listing messages would. It is one
call outside the pace. A service session is not tried: a login makes a session; what came of the workers' own is read.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import redis

from receipt_sync import keys
from receipt_sync.cluster import node_of
from settings import Application
from settings.application import suffix_of
from settings.masking import mask_url
from settings.service_session import CREDENTIALS
from worker.chat_api import Answer, ChatApi
from worker.doctor.findings import Finding, fault, ok, unseen, warning
from worker.ledger.reading import whole
from worker.runtime import endpoint_of
from worker.verdicts import Unavailable

PATH = "/chat/Message/unread.json"
_LOCAL = ("127.0.0.1", "::1", "localhost")
_MENDS = {
    "SSLError": "its certificate is not trusted here, or is another host's: mend its name, or QUICKBLOX_CA_FILE",
    "ConnectTimeout": "a firewall, or another address",
    "ReadTimeout": "it takes a connection and is silent: QUICKBLOX_READ_TIMEOUT_S, or ask QuickBlox",
    "ProxyError": "the proxy of HTTPS_PROXY, or NO_PROXY for this host",
}
_REFUSED, _FORBIDDEN, _UNKNOWN, _NEED_USER, _THROTTLED = 401, 403, 404, 422, 429


def examine_api(application: Application, user_id: int | None) -> list[Finding]:
    """What its endpoint answers.

    Args:
        application: whose.
        user_id: on whose behalf to ask; None for nobody's: the API then wants one, or minds the key before.
    """
    headers = {}
    if application.api_key is not None:
        headers["Authorization"] = f"ApiKey {application.api_key.get_secret_value()}"
        if user_id is not None:
            headers["On-Behalf-Of"] = str(user_id)
    answer = ChatApi(endpoint_of(application)).call("GET", PATH, b"", headers)
    return [*_reached(application, answer), *_key(application, answer, user_id)]


def _reached(application: Application, answer: Answer | Unavailable) -> Iterator[Finding]:
    name, said = application.name, mask_url(application.endpoint)
    variable = f"QUICKBLOX_ENDPOINT{suffix_of(name)}"
    if isinstance(answer, Unavailable):
        # The reason names the error's kind first, and then perhaps what of the certificate is wrong.
        kind = answer.reason.removeprefix("no answer: ").partition(",")[0]
        mend = _MENDS.get(kind, f"{variable}: does the name resolve, and is the way open?")
        yield fault("api", f"not reached at {said}: {answer.reason}", mend, name)
        return
    parts = urlsplit(application.endpoint)
    if parts.scheme == "https":
        yield ok("api", f"reached at {said}, over TLS with a certificate that holds", name)
    elif parts.hostname in _LOCAL:
        yield ok("api", f"reached at {said}; without TLS, on this machine", name)
    else:
        yield fault(
            "api", f"reached at {said} without TLS: the API key travels in the open", f"https:// in {variable}", name
        )


def _key(application: Application, answer: Answer | Unavailable, user_id: int | None) -> Iterator[Finding]:
    if application.api_key is None or isinstance(answer, Unavailable):
        return
    name, variable = application.name, f"QUICKBLOX_API_KEY{suffix_of(application.name)}"
    status = answer.status
    if 200 <= status < 300:  # noqa: PLR2004 - the 2xx
        yield ok("credentials", "the API key is accepted", name)
    elif status == _REFUSED:
        yield fault("credentials", "the API key is refused (401)", f"{variable}: the key of this application?", name)
    elif status == _NEED_USER and user_id is None:
        yield ok(
            "credentials", "the API key is not refused; the API asks on whose behalf: `--user ID` tells more", name
        )
    elif status == _THROTTLED:
        yield unseen("credentials", "the API throttles (429)", "again in a while", name)
    elif status in (_FORBIDDEN, _UNKNOWN, _NEED_USER):
        mend = f"is user {user_id} one of this application?" if user_id else f"{variable}: what may this key do?"
        yield warning("credentials", f"the API answers {status} to {PATH}", mend, name)
    else:
        yield fault(
            "api", f"the API answers {status}", "see whether it is well: status.quickblox.com, or ask them", name
        )


def examine_session(application: Application, client: redis.Redis) -> list[Finding]:
    """What came of the workers' service session, as the ledger has it; [] where there is none to be had."""
    if application.api_key is not None or not all(getattr(application, each) for each in CREDENTIALS):
        return []
    name, prefix = application.name, keys.prefix(application.name)
    asking: Any = node_of(client, prefix)
    user, expires, fails, trouble = asking.hmget(f"{prefix}:session", "user_id", "expires_ms", "fails", "trouble")
    seconds, _ = asking.time()
    if whole(fails, 1):
        why = (trouble or b"").decode(errors="backslashreplace")
        return [
            fault(
                "credentials",
                f"the service session cannot be opened ({why or 'not known why'}), {whole(fails, 1)} times in a row",
                "QUICKBLOX_LOGIN and the four beside it (docs/sessions.md); the workers' log says more",
                name,
            )
        ]
    if (whole(expires, 1) or 0) > int(seconds) * 1000:
        return [ok("credentials", f"the service session of user {whole(user, 1)} is open", name)]
    return [
        unseen(
            "credentials", "no service session is open: it is made when it is needed", "`record` a receipt of it", name
        )
    ]
