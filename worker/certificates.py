"""Certificates that were refused: what is said of them. Every client wraps OpenSSL's error in its own."""

from __future__ import annotations

import ssl


def certificate_refusal(error: BaseException) -> str | None:
    """OpenSSL's reason for not trusting a server, out of an error's causes; None where it was something else.

    The words name no secret: "self-signed certificate in certificate chain", "Hostname mismatch, certificate is not
    valid for 'redis.example'".
    """
    seen: list[BaseException] = []
    waiting: list[object] = [error]
    while waiting:
        found = waiting.pop()
        if isinstance(found, ssl.SSLCertVerificationError):
            return f"its certificate is not trusted: {found.verify_message or found.reason}"
        if isinstance(found, BaseException) and not any(found is each for each in seen):
            seen.append(found)
            waiting += [found.__cause__, found.__context__, getattr(found, "reason", None), *found.args]
    return None


def why(error: BaseException) -> str:
    """An error's kind, since the words of some hold addresses and passwords; of a refused certificate the reason."""
    refusal = certificate_refusal(error)
    return type(error).__name__ if refusal is None else f"{type(error).__name__}, {refusal}"
