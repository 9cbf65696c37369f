"""One route, which the application serves and the OpenAPI document describes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from service.web.responses.entity_tag import tagged
from service.web.responses.error_responses import bad_input

# In order: each may do what those before it may.
Role = Literal["read", "operate", "admin"]
ROLES: tuple[Role, ...] = get_args(Role)


@dataclass(frozen=True)
class Parameter:
    """A path, query or header parameter; ``schema`` is JSON Schema."""

    name: str
    where: Literal["path", "query", "header"]
    description: str
    schema: Mapping[str, Any]
    required: bool = False


@dataclass(frozen=True)
class Link:
    """The next request that an answer leads to; values are OpenAPI runtime expressions."""

    operation: str
    description: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Endpoint:
    """``errors``: its own statuses; those of every protected route are added.

    ``text_types``: of an answer that is text instead of JSON.
    ``least_role``: the role that a key needs; default: read for GET, else admin.
    ``media_types``: those besides JSON that ``Accept`` may ask for, with ``row`` in each line.
    ``is_tagged``: its answer has an ETag.
    ``any_query``: unknown query parameters are ignored, as probes may add some.
    """

    method: Literal["GET", "POST", "PATCH", "DELETE"]
    path: str
    handler: Callable[[Request], Awaitable[Response]]
    summary: str
    answer: type[BaseModel] | None
    status: int = 200
    body: type[BaseModel] | None = None
    parameters: tuple[Parameter, ...] = ()
    errors: tuple[int, ...] = ()
    answers_by_status: Mapping[int, type[BaseModel]] = field(default_factory=dict)
    least_role: Role | None = None
    media_types: tuple[str, ...] = ()
    row: type[BaseModel] | None = None
    is_tagged: bool = False
    any_query: bool = False
    links: Mapping[str, Link] = field(default_factory=dict)
    text_types: tuple[str, ...] = ()

    @property
    def role(self) -> Role:
        return self.least_role or default_role(self.method)

    @property
    def query_names(self) -> tuple[str, ...]:
        return tuple(each.name for each in self.parameters if each.where == "query")

    async def serve(self, request: Request) -> Response:
        """The handler's answer; HttpError 422 for a query parameter that it does not have."""
        if request.scope["query_string"] and not self.any_query:
            self._refuse_unknown_query(request)
        response = await self.handler(request)
        return tagged(request, response) if self.is_tagged else response

    def _refuse_unknown_query(self, request: Request) -> None:
        names = self.query_names
        for name, value in request.query_params.multi_items():
            # A caller may say it everywhere.
            is_no_dry_run = self.method != "GET" and (name, value) == ("dry_run", "false")
            if name not in names and not is_no_dry_run:
                hint = f"It has {', '.join(names)}." if names else "It has none."
                if self.method != "GET":
                    hint += " Nothing was changed."
                raise bad_input(f"There is no query parameter {name[:60]!r}.", hint=hint)


def default_role(method: str) -> Role:
    return "read" if method in ("GET", "HEAD") else "admin"


def roles_from(role: Role) -> tuple[Role, ...]:
    """This role and those that include it."""
    return ROLES[ROLES.index(role) :]
