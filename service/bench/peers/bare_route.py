"""A Starlette route that sends one query by asyncpg and its row as JSON, and does nothing else.

``python -m service.bench.peers.bare_route PORT`` with DATABASE_URL in the environment.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from service.lists.price_lists import MODELS

# As many connections as the web process takes by default.
CONNECTIONS = 8
QUERY = MODELS.statement({"provider": "", "model": ""}, limit=1)[0]


async def one(request: Request) -> Response:
    asked = request.query_params
    pool: Any = request.app.state.pool
    row = await pool.fetchrow(QUERY, asked["provider"], asked["model_id"], 1)
    return Response(json.dumps(dict(row), default=str), media_type="application/json")


async def ready(request: Request) -> Response:
    return Response(b"{}", media_type="application/json")


@asynccontextmanager
async def lifespan(app: Starlette) -> AsyncIterator[None]:
    app.state.pool = await asyncpg.create_pool(
        os.environ["DATABASE_URL"], min_size=CONNECTIONS, max_size=CONNECTIONS
    )
    yield


def main(port: int) -> None:
    app = Starlette(routes=[Route("/one", one), Route("/health", ready)], lifespan=lifespan)
    uvicorn.run(app, host="127.0.0.1", port=port, access_log=False, log_level="warning")


if __name__ == "__main__":
    main(int(sys.argv[1]))
