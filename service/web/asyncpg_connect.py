"""Opens asyncpg's connections, and says in our words why one could not be opened."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import asyncpg

from service.database_address.address import DatabaseAddress
from service.database_address.driver_arguments import asyncpg_arguments, keep_alive
from service.postgres.connection_failure import failure_of
from service.web.error_responses import CannotConnect

# What asyncpg raises when it does not get through, or what it met is not as wanted.
_FAILURES = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError)
_INTERNAL = (asyncpg.InternalClientError, ValueError)


async def open_connection(
    address: DatabaseAddress,
    *,
    name: str,
    seconds: float,
    at_start: Mapping[str, str] | None = None,
    **options: Any,
) -> asyncpg.Connection[asyncpg.Record]:
    """To the first host that is as wanted; CannotConnect when there is none.

    ``name`` is the application's, ``at_start`` further settings that are sent with it.
    """
    failures = []
    for target in address.targets():
        arguments = asyncpg_arguments(address, target, name=name, seconds=seconds)
        arguments["server_settings"] |= at_start or {}
        try:
            connection: asyncpg.Connection[asyncpg.Record] = await asyncpg.connect(
                **arguments, **options
            )
        except (*_FAILURES, *_INTERNAL) as error:
            failures.append(failure_of(error, address, target.host))
            continue
        own = connection._transport.get_extra_info("socket")  # type: ignore[attr-defined]
        keep_alive(own, address)
        return connection
    raise CannotConnect("; ".join(dict.fromkeys(failures)))
