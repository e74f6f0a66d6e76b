"""How a control call is read, and what is said to a wrong one."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

Model = TypeVar("Model", bound=BaseModel)
Endpoint = Callable[[Request], Awaitable[Response]]


class UnreadableError(Exception):
    """A control call is wrong; names each field and what was expected of it."""

    def __init__(self, complaints: dict[str, list[str]]) -> None:
        super().__init__(str(complaints))
        self.complaints = complaints


def routes(table: Iterable[tuple[str, str, Endpoint]]) -> list[Route]:
    """Return one route for each path of (method, path, endpoint), so that `Allow` names all that a path knows."""
    by_path: dict[str, dict[str, Endpoint]] = {}
    for method, path, endpoint in table:
        by_path.setdefault(path, {})[method] = endpoint
    return [Route(path, _by_method(endpoints), methods=list(endpoints)) for path, endpoints in by_path.items()]


def _by_method(endpoints: Mapping[str, Endpoint]) -> Endpoint:
    async def attend(request: Request) -> Response:
        return await endpoints["GET" if request.method == "HEAD" else request.method](request)

    return attend


def complain(_request: Request, error: Exception) -> Response:
    """Answer 422 with the complaints by field."""
    complaints = error.complaints if isinstance(error, UnreadableError) else {}
    return JSONResponse({"errors": complaints}, 422)


async def read(request: Request, model: type[Model]) -> Model:
    """Return the body as a model; raises UnreadableError."""
    body = await request.body()
    return _checked(lambda: model.model_validate_json(body))


def query(request: Request, model: type[Model]) -> Model:
    """Return the query string as a model; raises UnreadableError."""
    return _checked(lambda: model.model_validate(dict(request.query_params)))


def _checked(validate: Callable[[], Model]) -> Model:
    try:
        return validate()
    except ValidationError as error:
        raise UnreadableError(_by_field(error)) from error


def _by_field(error: ValidationError) -> dict[str, list[str]]:
    complaints: dict[str, list[str]] = {}
    fault: Any
    for fault in error.errors(include_url=False):
        name = ".".join(str(part) for part in fault["loc"]) or "base"
        complaints.setdefault(name, []).append(fault["msg"])
    return complaints
