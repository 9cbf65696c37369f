"""Starlette's routes: one for each path, which serves all of the path's methods.

With a route for each method, ``Allow`` would name the methods of one of them only.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match, Route
from starlette.types import Receive, Scope, Send

from service.web.routes.endpoint import Endpoint, Role, default_role

_ROUTE = "pricing.matched_route"


class RouteTable(BaseRoute):
    """All routes as one of Starlette's, which would try each in turn: a path without parameters is
    looked up, and a request is matched once."""

    def __init__(self, endpoints: Iterable[Endpoint]) -> None:
        self._by_path: dict[str, dict[str, Endpoint]] = {}
        for endpoint in endpoints:
            self._by_path.setdefault(endpoint.path, {})[endpoint.method] = endpoint
        self.routes = [
            Route(path, _serving(by_method), methods=list(by_method))
            for path, by_method in self._by_path.items()
        ]
        self._fixed = {route.path: route for route in self.routes if not route.param_convertors}
        self._patterns = [route for route in self.routes if route.param_convertors]

    def matched(self, scope: Scope) -> tuple[str | None, Role]:
        """The path's pattern, and the role that the request needs; unknown ones the default."""
        method = _served_method(scope["method"])
        fixed = self._fixed.get(scope["path"])
        for route in self._patterns if fixed is None else (fixed,):
            match, parameters = route.matches(scope)
            if match is not Match.NONE:
                scope[_ROUTE] = route, match, parameters
                endpoint = self._by_path[route.path].get(method)
                role = default_role(method) if endpoint is None else endpoint.role
                return route.path, role
        return None, default_role(method)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        if _ROUTE not in scope:
            return Match.NONE, {}
        _, match, parameters = scope[_ROUTE]
        return match, parameters

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        route: Route = scope[_ROUTE][0]
        await route.handle(scope, receive, send)


def _serving(by_method: Mapping[str, Endpoint]) -> Callable[[Request], Awaitable[Response]]:
    async def serve(request: Request) -> Response:
        return await by_method[_served_method(request.method)].serve(request)

    return serve


def _served_method(method: str) -> str:
    return "GET" if method == "HEAD" else method
