"""Reads the settings from environment variables; nothing else reads them.

Settings that SQL needs as well (lease, timeouts, retention) are in ``pricing_settings`` instead.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator
from pydantic_core import ErrorDetails, PydanticCustomError

from service.database_address.address import DatabaseAddress
from service.environment.credential_hosts import CredentialHosts
from service.environment.secret_files import SUFFIX, naming_variable, read_secret
from service.environment.trusted_proxies import TrustedProxies
from service.errors import SettingsError

PREFIX = "PRICING_"

# Read under its customary name, which other tools for Postgres read too.
UNPREFIXED = {"database_url": "DATABASE_URL"}
# Each may come from a file instead (service/environment/secret_files.py).
SECRETS = ("database_url", "web_database_url", "worker_database_url", "admin_key")
# Container platforms set this; PRICING_PORT wins.
PLATFORM_PORT = "PORT"

MEBIBYTE = 1024 * 1024


class Settings(BaseModel):
    """All settings; ``pricing-sync config`` prints each field's ``description``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    database_url: DatabaseAddress | None = Field(
        default=None, description="the owner's connection: migrations, the command line"
    )
    web_database_url: DatabaseAddress | None = Field(
        default=None, description="the web process; default: DATABASE_URL with role pricing_web"
    )
    worker_database_url: DatabaseAddress | None = Field(
        default=None, description="the worker; default: DATABASE_URL with role pricing_worker"
    )
    admin_key: SecretStr | None = Field(
        default=None, min_length=24, description="bearer key with all rights, 24 characters or more"
    )
    host: str = Field(default="127.0.0.1", description="address that the web process listens on")
    port: int = Field(
        default=8000, ge=1, le=65535, description="port of the web process; default: PORT, or 8000"
    )
    max_connections: int = Field(
        default=1000, ge=16, le=100_000, description="HTTP connections at once"
    )
    trusted_proxies: TrustedProxies = Field(
        default=TrustedProxies(),
        description="networks, with commas, of proxies whose X-Forwarded-For is believed",
    )
    access_log: bool = Field(default=True, description="log each HTTP request, probes left out")
    open_documents: bool = Field(default=False, description="answer /openapi.json without a key")
    open_metrics: bool = Field(default=False, description="answer /metrics without a key")
    http_success_word: Literal["completed", "success"] = Field(
        default="completed", description="what HTTP calls a completed job; older scripts: success"
    )
    worker_concurrency: int = Field(
        default=20, ge=1, le=64, description="provider syncs that one worker runs at once"
    )
    web_workers: int = Field(
        default=1, ge=1, le=64, description="processes of `serve`, which share its port"
    )
    web_connections: int = Field(
        default=9, ge=2, le=500, description="most connections of each web process; one listens"
    )
    worker_connections: int = Field(
        default=10, ge=2, le=500, description="most connections of one worker; with 2 none listens"
    )
    allow_private_hosts: bool = Field(
        default=False, description="fetch from http and private addresses too; for tests only"
    )
    credential_hosts: CredentialHosts = Field(
        default=CredentialHosts(),
        description="VARIABLE=host,...: hosts that a provider's credential may be sent to as well",
    )
    max_body_bytes: int = Field(
        default=8 * MEBIBYTE,
        ge=1024,
        description="largest price list accepted, after decompression",
    )
    data_dir: Path = Field(
        default=Path(".pricing-sync"), description="where `up` keeps its database, key and logs"
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        default="INFO", description="least level that is logged"
    )
    log_format: Literal["text", "json"] = Field(
        default="text", description="one line a record: text for people, json for collectors"
    )

    @field_validator("log_level", mode="before")
    @classmethod
    def _upper(cls, value: object) -> object:
        return value.upper() if isinstance(value, str) else value

    @field_validator("credential_hosts", mode="before")
    @classmethod
    def _pairs(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        try:
            return CredentialHosts.parse(value)
        except ValueError as error:
            raise PydanticCustomError("hosts", "{wrong}", {"wrong": str(error)}) from None

    @field_validator("trusted_proxies", mode="before")
    @classmethod
    def _networks(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        try:
            return TrustedProxies.parse(value)
        except ValueError as error:
            raise PydanticCustomError("networks", "{wrong}", {"wrong": str(error)}) from None

    def require_database_url(self) -> DatabaseAddress:
        """DATABASE_URL; SettingsError without one."""
        if self.database_url is None:
            raise SettingsError(
                "DATABASE_URL is not set.",
                hint="Set it to your Postgres, or run `pricing-sync up` for an embedded one.",
            )
        return self.database_url


def variable_name(field: str) -> str:
    """The environment variable that sets a field."""
    return UNPREFIXED.get(field, PREFIX + field.upper())


def read_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Read the environment; a wrong value is a SettingsError that names the variable."""
    source = os.environ if environ is None else environ
    values = {
        field: _read(field, text, source, environ)
        for field in Settings.model_fields
        if (text := _text(field, source))
    }
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        # The offending value stays out of the message: it may be a secret.
        first = error.errors(include_input=False, include_url=False)[0]
        field = str(first["loc"][0])
        raise SettingsError(
            f"{_set_by(field, source)}: {_what_is_wrong(first)}",
            hint="`pricing-sync config` lists every setting with its meaning.",
        ) from None


def _text(field: str, source: Mapping[str, str]) -> str | None:
    if field in SECRETS:
        return read_secret(variable_name(field), source)
    return source.get(_set_by(field, source))


def _set_by(field: str, source: Mapping[str, str]) -> str:
    """The variable that sets a field in this environment."""
    variable = variable_name(field)
    if field in SECRETS:
        return naming_variable(variable, source)
    if field == "port" and not source.get(variable):
        return PLATFORM_PORT
    return variable


def _read(
    field: str, text: str, source: Mapping[str, str], environ: Mapping[str, str] | None
) -> object:
    if field.endswith("database_url"):
        return DatabaseAddress.from_text(_set_by(field, source), text, environ)
    return text


def _what_is_wrong(error: ErrorDetails) -> str:
    if error["type"] == "too_short":
        # pydantic's own message counts "items" for a secret.
        return f"It needs at least {error['ctx']['min_length']} characters"
    return error["msg"]


def read_credential(variable: str) -> str | None:
    """The value of a provider's ``credential_variable``; None without one.

    SettingsError for a file that cannot be used.
    """
    return read_secret(variable, os.environ)


def shown_settings(settings: Settings) -> list[dict[str, str]]:
    """Each setting for display: ``variable``, ``value`` with secrets hidden, ``meaning``."""
    rows = []
    for field, info in Settings.model_fields.items():
        value = getattr(settings, field)
        rows.append(
            {
                "variable": variable_name(field),
                "value": _shown(value),
                "meaning": _meaning(field, info.description or ""),
            }
        )
    return rows


def _meaning(field: str, description: str) -> str:
    if field in SECRETS:
        return f"{description}; or {variable_name(field)}{SUFFIX}, the path of a file with it"
    return description


def _shown(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, DatabaseAddress):
        return value.shown()
    return "********" if isinstance(value, SecretStr) else str(value)
