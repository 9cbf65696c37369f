"""One route, which the application serves and the OpenAPI document describes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

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


@dataclass(frozen=True)
class Endpoint:
    """``errors``: its own statuses; those of every protected route are added.

    ``least_role``: the role that a key needs; default: read for GET, else admin.
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

    @property
    def role(self) -> Role:
        return self.least_role or default_role(self.method)

    async def serve(self, request: Request) -> Response:
        """The handler's answer; HttpError 422 for a dry run of what has none."""
        asked = request.query_params.get("dry_run", "false") != "false"
        if asked and self.method != "GET" and all(p.name != "dry_run" for p in self.parameters):
            raise bad_input("It has no dry run.", hint="Nothing was changed.")
        return await self.handler(request)


def default_role(method: str) -> Role:
    return "read" if method in ("GET", "HEAD") else "admin"


def roles_from(role: Role) -> tuple[Role, ...]:
    """This role and those that include it."""
    return ROLES[ROLES.index(role) :]
