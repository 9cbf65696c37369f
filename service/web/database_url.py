"""The operator's database URL as asyncpg wants it."""

from __future__ import annotations

from service.errors import SettingsError

# libpq reads these from a URL; asyncpg would send them to the server as settings, which it refuses.
LIBPQ_ONLY = {
    "channel_binding",
    "connect_timeout",
    "fallback_application_name",
    "gssencmode",
    "keepalives",
    "keepalives_count",
    "keepalives_idle",
    "keepalives_interval",
    "load_balance_hosts",
    "require_auth",
    "sslcompression",
    "sslsni",
    "tcp_user_timeout",
}


def asyncpg_url(url: str) -> str:
    """The URL without the parameters that only libpq knows; not a URL: SettingsError."""
    address, _, query = url.partition("?")
    if not address.startswith(("postgres://", "postgresql://")):
        raise SettingsError(
            "The web process needs its database as a URL.",
            hint="Write DATABASE_URL, or PRICING_WEB_DATABASE_URL where that is set, as "
            "postgresql://user:password@host:5432/database.",
        )
    kept = [pair for pair in query.split("&") if pair and pair.partition("=")[0] not in LIBPQ_ONLY]
    return "?".join([address, "&".join(kept)] if kept else [address])
