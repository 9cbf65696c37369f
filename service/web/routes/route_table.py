"""Starlette's routes: one for each path, which serves all of the path's methods.

With a route for each method, ``Allow`` would name the methods of one of them only.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, Route
from starlette.types import Scope

from service.web.routes.endpoint import Endpoint, Role, default_role


class RouteTable:
    def __init__(self, endpoints: Iterable[Endpoint]) -> None:
        self._by_path: dict[str, dict[str, Endpoint]] = {}
        for endpoint in endpoints:
            self._by_path.setdefault(endpoint.path, {})[endpoint.method] = endpoint
        self.routes = [
            Route(path, _serving(by_method), methods=list(by_method))
            for path, by_method in self._by_path.items()
        ]

    def matched(self, scope: Scope) -> tuple[str | None, Role]:
        """The path's pattern, and the role that the request needs; unknown ones the default."""
        method = _served_method(scope["method"])
        for route in self.routes:
            if route.matches(scope)[0] is not Match.NONE:
                endpoint = self._by_path[route.path].get(method)
                role = default_role(method) if endpoint is None else endpoint.role
                return route.path, role
        return None, default_role(method)


def _serving(by_method: dict[str, Endpoint]) -> Callable[[Request], Awaitable[Response]]:
    async def serve(request: Request) -> Response:
        return await by_method[_served_method(request.method)].serve(request)

    return serve


def _served_method(method: str) -> str:
    return "GET" if method == "HEAD" else method
