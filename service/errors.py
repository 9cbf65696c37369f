"""Defines every error that a user can see: a code, a sentence and a hint.

    PricingError
    ├── UsageError               a command was called with wrong arguments
    ├── SettingsError            the environment is wrong or incomplete
    ├── DatabaseUnavailable      Postgres does not answer, or refuses the login
    ├── DatabaseRefused          a database function refused (PT404, PT409, PT422, PT429)
    ├── MigrationError           the schema is not what this version needs
    │   └── ForeignRelations     tables with our names that are not ours
    ├── EmbeddedPostgresError    the embedded server does not start
    ├── AlreadyUp                another ``up`` uses this data directory
    ├── UpFailed                 one of the processes of ``up`` ended
    ├── NoPort                   no port is free for ``up``
    ├── PortTaken                the port of ``serve`` is in use
    ├── UnknownName              a command names a provider, model or job that does not exist
    ├── NotConfirmed             a command that needs a confirmation did not get it
    ├── SecretNotWritten         a new key could not be printed, so it was not made
    ├── BenchFailed              a benchmark cannot be measured here
    ├── WorkerError              the worker ended without a stop
    │   ├── WorkerPruned         its heartbeats were too late; it registers anew
    │   ├── WorkerGaveUp         it failed too often in a row while Postgres answered
    │   └── SyncsLeft            it was stopped and could not write the end of each running sync
    └── SyncError                one attempt at one provider failed; ``code`` is the error kind
        ├── FetchError           no usable answer (timeout, connection, http_status, ...)
        └── ParseError           an answer, but not a price list (not_json, bad_shape, ...)

The terminal prints ``message`` and ``hint``; HTTP sends all three; the log row of an attempt
keeps ``code`` as ``error_kind`` and ``message`` as ``error_message``.
"""

from __future__ import annotations

from datetime import timedelta


class PricingError(Exception):
    """Base of the tree. ``exit_status`` is the exit status of a command."""

    code = "error"
    exit_status = 1

    def __init__(self, message: str, *, hint: str | None = None, code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        if code is not None:
            self.code = code


class UsageError(PricingError):
    code = "usage"
    exit_status = 2


class SettingsError(PricingError):
    code = "bad_settings"
    exit_status = 2


class DatabaseUnavailable(PricingError):
    code = "database_unavailable"


class DatabaseRefused(PricingError):
    """``code`` is the SQLSTATE, such as ``PT422``; ``kind`` the attempt's error kind, if any."""

    code = "refused"

    def __init__(
        self,
        message: str,
        *,
        hint: str | None = None,
        code: str | None = None,
        kind: str | None = None,
    ) -> None:
        super().__init__(message, hint=hint, code=code)
        self.kind = kind


class MigrationError(PricingError):
    code = "migration_failed"


class ForeignRelations(MigrationError):
    code = "foreign_relations"


class EmbeddedPostgresError(PricingError):
    code = "embedded_postgres"


class SecretNotWritten(PricingError):
    code = "not_written"


class PortTaken(PricingError):
    code = "port_taken"


class AlreadyUp(PricingError):
    code = "already_up"


class NoPort(PricingError):
    code = "no_port"


class UpFailed(PricingError):
    code = "up_failed"


class UnknownName(PricingError):
    code = "not_found"


class NotConfirmed(PricingError):
    code = "not_confirmed"


class BenchFailed(PricingError):
    code = "bench_failed"


class WorkerError(PricingError):
    code = "worker_failed"


class WorkerPruned(WorkerError):
    code = "worker_pruned"


class WorkerGaveUp(WorkerError):
    code = "worker_gave_up"


class SyncsLeft(WorkerError):
    """Nothing is lost: when the lease is over, another worker runs the syncs again."""

    code = "syncs_left"


class SyncError(PricingError):
    """One attempt failed; nothing was written. ``code`` is one of the closed set of error kinds."""

    code = "internal"


class FetchError(SyncError):
    """``retry_after``: the pause that the provider asked for, by the header of that name.

    ``may_be_offline``: the name or the route was missing, as without any network.
    """

    code = "connection"

    def __init__(
        self,
        message: str,
        *,
        code: str,
        hint: str | None = None,
        retry_after: timedelta | None = None,
        may_be_offline: bool = False,
    ) -> None:
        super().__init__(message, hint=hint, code=code)
        self.retry_after = retry_after
        self.may_be_offline = may_be_offline


class ParseError(SyncError):
    code = "bad_shape"
