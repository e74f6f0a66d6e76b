"""The refusals of the chat API, with the bodies they were seen with.

`errors` is a list in some and a mapping in others; clients must read both, so the sandbox sends both.
"""

from collections.abc import Iterable

from sandbox.answers import Answer, json_answer


class ApiError(Exception):
    """A call is refused; raised before anything was changed.

    Attributes:
        status: The HTTP status of the answer.
        document: The JSON body of the answer.
        allow: The methods that its path knows, where that is what was wrong.
    """

    def __init__(self, status: int, document: object, allow: Iterable[str] = ()) -> None:
        super().__init__(f"{status} {document}")
        self.status = status
        self.document = document
        self.allow = tuple(allow)

    def answer(self) -> Answer:
        """Return the answer that tells the caller."""
        told = json_answer(self.document, self.status)
        return told.with_header(b"allow", ", ".join(self.allow)) if self.allow else told


def bad_request() -> ApiError:
    """400: the body cannot be read. The words are not documented [?]."""
    return ApiError(400, {"errors": ["Bad request"]})


def session_missing() -> ApiError:
    """401: the token is unknown, expired or destroyed [B]."""
    return ApiError(401, {"errors": {"base": ["Required session does not exist"]}})


def unauthorized() -> ApiError:
    """401: a bad login [B]; the sandbox says the same to a bad API key [C]."""
    return ApiError(401, {"errors": ["Unauthorized"]})


def forbidden() -> ApiError:
    """403: not the caller's to see or change [B]."""
    return ApiError(403, {"errors": ["You don't have appropriate permissions to perform this operation"]})


def not_found() -> ApiError:
    """404: no such message, dialog or path [B]."""
    return ApiError(404, {"errors": ["The resource wasn't found"]})


def not_allowed(methods: Iterable[str]) -> ApiError:
    """405: the path is there, the method is not [?]; HTTP wants it to be said so, with those that are."""
    return ApiError(405, {"errors": ["Method not allowed"]}, sorted(methods))


def unknown_user() -> ApiError:
    """404 in the form of the users API [B]: On-Behalf-Of names nobody, and the sandbox creates nobody."""
    return ApiError(404, {"code": None, "message": "Entity you are looking for was not found."})


def need_user() -> ApiError:
    """422: the session has no user [B]; the sandbox says the same to an API key without On-Behalf-Of [C]."""
    return ApiError(422, {"errors": {"base": ["Forbidden. Need user."]}})


def invalid(field: str, complaint: str) -> ApiError:
    """422: one field is missing or wrong [B]; the complaint's words are the sandbox's own."""
    return ApiError(422, {"errors": {field: [complaint]}})


def broken() -> ApiError:
    """500: the server failed; a documented status, its words are not [?]."""
    return ApiError(500, {"errors": ["Internal server error"]})


def rejected(status: int, field: str) -> ApiError:
    """Return the refusal with that status for an id that the faults name."""
    plain = {400: bad_request, 403: forbidden, 404: not_found, 500: broken}
    return plain[status]() if status in plain else invalid(field, "is invalid")
