"""What leaves the sandbox: one value per answer, sent as it stands."""

import json
from dataclasses import dataclass, replace
from http.client import responses

JSON_TYPE = b"application/json; charset=utf-8"
HTML_TYPE = b"text/html"


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP answer.

    Attributes:
        status: The HTTP status.
        body: The bytes of the body; empty for a successful PUT.
        content_type: Its media type; None leaves the header out.
        headers: Further headers, names in lower case.
    """

    status: int
    body: bytes = b""
    content_type: bytes | None = None
    headers: tuple[tuple[bytes, bytes], ...] = ()

    def with_header(self, name: bytes, value: str) -> "Answer":
        """Return the same answer with one more header."""
        return replace(self, headers=(*self.headers, (name, value.encode("latin-1"))))

    def header_lines(self) -> list[tuple[bytes, bytes]]:
        """Return all headers in the form ASGI wants."""
        lines = [(b"content-length", str(len(self.body)).encode()), *self.headers]
        if self.content_type is not None:
            lines.append((b"content-type", self.content_type))
        return lines


EMPTY = Answer(200)  # what the documentation calls "Empty body" after a PUT [A]


def json_answer(document: object, status: int = 200) -> Answer:
    """Return an answer whose body is the document as JSON."""
    return Answer(status, json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode(), JSON_TYPE)


def front_server_page(status: int) -> Answer:
    """Return the HTML page of a front server that never reached the API [C]."""
    title = f"{status} {responses.get(status, 'Error')}"
    page = f"<html>\n<head><title>{title}</title></head>\n<body>\n<center><h1>{title}</h1></center>\n</body>\n</html>\n"
    return Answer(status, page.encode(), HTML_TYPE)
