"""The command line: ``pricing-sync``, and ``python -m service``.

An error is one line and a hint on stderr, or with ``--json`` a line of JSON, and an exit status: 1
failure, 2 wrong usage or configuration, 130 Ctrl-C. A reader that closes the pipe early, as
``| head`` does, is no error. ``--debug`` before the command prints tracebacks.
"""

from __future__ import annotations

import errno
import os
import sys
from contextlib import suppress
from dataclasses import dataclass
from typing import NoReturn

from service.cli.command_hints import PROGRAM
from service.cli.error_events import log_error, logs_events
from service.cli.error_output import print_error, wants_json
from service.cli.streams import forget
from service.errors import PricingError, UsageError

OUR_VARIABLES = ("DATABASE_URL", "PRICING_")
# Errors of a write to a stream; those of a file have its name.
OUTPUT_LOST = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF)


@dataclass
class Invocation:
    """The options before the command."""

    debug: bool = False


def main() -> NoReturn:
    """Run the command that argv names, and exit."""
    _open_closed()
    for stream in (sys.stdout, sys.stderr):
        # A character that the terminal cannot show must not fail the command.
        with suppress(AttributeError):
            stream.reconfigure(errors="replace")  # type: ignore[union-attr]
    status = _run(sys.argv[1:])
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except BrokenPipeError:
            forget(stream)
        except OSError:
            # Reported already: the interpreter would report it again, with its own exit status.
            forget(stream)
            status = status or 1
    sys.exit(status)


def _open_closed() -> None:
    """Open a stream that was closed at start (``>&-``), and so is None, on /dev/null."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w"))  # noqa: SIM115


def _run(arguments: list[str]) -> int:
    invocation = Invocation()
    try:
        _require_utf8(arguments)
        status = _call(arguments, invocation)
        sys.stdout.flush()
        return status
    except BrokenPipeError:
        # The reader has read enough.
        forget(sys.stdout)
        return 0
    except KeyboardInterrupt:
        return 130
    except Exception as error:
        is_event = logs_events(arguments, os.environ)
        if invocation.debug and not is_event:
            from service.logs import shown_traceback

            print(shown_traceback(error), file=sys.stderr)
        known = _known_error(error) or PricingError(
            f"{type(error).__name__}: {' '.join(str(error).split())}",
            hint=f"Run `{PROGRAM} --debug ...` to see where.",
            code="internal",
        )
        if is_event:
            log_error(known, error if invocation.debug else None)
        else:
            print_error(known, as_json=wants_json(arguments))
        return known.exit_status


def _require_utf8(arguments: list[str]) -> None:
    """Refuse arguments and variables that are not UTF-8: libraries may fail on them later."""
    for each in arguments:
        if not _is_text(each):
            raise UsageError(
                f"An argument is not UTF-8: {each!r}",
                hint="Check the encoding of the terminal or of the calling program.",
            )
    for name, value in os.environ.items():
        if name.startswith(OUR_VARIABLES) and not _is_text(value):
            raise UsageError(
                f"The value of {name} is not UTF-8.", hint="Check where this variable is set."
            )


def _is_text(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _known_error(error: Exception) -> PricingError | None:
    """The error as one of ours; None for an unexpected one."""
    if isinstance(error, PricingError):
        return error
    if isinstance(error, OSError) and error.errno in OUTPUT_LOST and error.filename is None:
        return PricingError(
            f"The output could not be written: {error.strerror}.",
            hint="The command may have done its work: check before you repeat it.",
        )
    if type(error).__module__.partition(".")[0] == "psycopg":
        from service.postgres.connect import refusal

        return refusal(error)
    return None


def _call(arguments: list[str], invocation: Invocation) -> int:
    import typer

    from service.cli.app import app

    command = typer.main.get_command(app)
    try:
        status = command.main(arguments, prog_name=PROGRAM, standalone_mode=False, obj=invocation)
    except SystemExit as ended:
        # Typer ends the process itself when it meets a closed pipe.
        if isinstance(ended.__context__, BrokenPipeError):
            raise ended.__context__ from None
        raise
    except typer.TyperException as error:
        # Wrong usage: an unknown command or option, a missing argument, a value out of range.
        raise UsageError(error.format_message(), hint=_help_of(error)) from error
    return status if isinstance(status, int) else 0


def _help_of(error: Exception) -> str:
    context = getattr(error, "ctx", None)
    path = PROGRAM if context is None else context.command_path
    return f"See `{path} --help`."
