"""The handler that lists the workers."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from service.lists.job_lists import WORKERS
from service.web.handlers.list_pages import ShownList, list_page
from service.web.responses.provider_responses import Worker, WorkersAnswer

WORKER_LIST = ShownList(WORKERS, "workers", Worker, WorkersAnswer)


async def list_workers(request: Request) -> Response:
    return await list_page(request, WORKER_LIST)
