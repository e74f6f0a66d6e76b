"""Errors of a view as JSON with a sentence, for whatever has asked."""

from __future__ import annotations

import logging
from collections.abc import Callable

from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from redis import RedisError

from receipt_sync import InvalidReceipt

log = logging.getLogger(__name__)


class ErrorsAsJson:
    """Comes in when a view has raised; its transaction has been rolled back by then."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """The answer of the view, or of `process_exception`."""
        return self._get_response(request)

    def process_exception(self, _request: HttpRequest, error: Exception) -> HttpResponse | None:
        """The answer to an error that a client can do something about; None leaves the others to Django."""
        if isinstance(error, (BadRequest, InvalidReceipt)):
            return JsonResponse({"error": str(error)}, status=400)
        if isinstance(error, Http404):
            return JsonResponse({"error": str(error)}, status=404)
        if isinstance(error, RedisError):
            # Its kind alone: the words of some name addresses.
            log.error("a receipt was not recorded: %s", type(error).__name__)
            return JsonResponse({"error": "try again soon"}, status=503, headers={"Retry-After": "5"})
        return None
