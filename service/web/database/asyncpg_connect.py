"""Open asyncpg connections; report failures without the driver's texts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import asyncpg

from service.database_address.address import DatabaseAddress
from service.database_address.driver_arguments import asyncpg_arguments, keep_alive
from service.postgres.connection_failure import failure_of
from service.web.database.database_errors import CannotConnect

# What asyncpg raises when it cannot connect, or the server is not as required.
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
    """Connect to the first host that is as required; CannotConnect if none is.

    ``name``: the application name. ``at_start``: further settings of the start-up message.
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
