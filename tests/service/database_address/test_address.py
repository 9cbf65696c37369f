"""Each address has one meaning or is refused without repeating any part of it."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest
from psycopg import pq
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from service.database_address.address import DatabaseAddress
from service.database_address.allowed_parameters import ASKS_NOTHING, REFUSED, SUPPORTED
from service.database_address.driver_arguments import asyncpg_arguments, psycopg_arguments
from service.database_address.hosts import Host
from service.database_address.libpq_environment import FIELD_VARIABLES, LIBPQ_VARIABLES
from service.errors import SettingsError
from service.settings import read_settings, shown_settings

ODD = "#?/[]@%\\ :&=+,;'\""
# Each odd character alone and each pair, in a password and at its ends.
PASSWORDS = [
    "pArT1".join(["", *odd, ""])
    for odd in (*itertools.product(ODD), *itertools.product(ODD, repeat=2))
] + [f"pArT1{one}{other}" for one, other in itertools.product(ODD, repeat=2)]


def read(text: str, **environ: str) -> DatabaseAddress:
    return DatabaseAddress.from_text("DATABASE_URL", text, environ)


def secret(address: DatabaseAddress) -> str | None:
    return None if address.password is None else address.password.get_secret_value()


def libpq(text: str) -> dict[str, str] | None:
    try:
        return {key: str(value) for key, value in conninfo_to_dict(text).items()}
    except psycopg.ProgrammingError:
        return None


def test_a_raw_odd_character_means_what_libpq_says_or_is_refused_without_a_trace() -> None:
    understood = set()
    for password in PASSWORDS:
        text = f"postgresql://user:{password}@db.example:5433/prices?sslmode=require"
        by_libpq = libpq(text)
        try:
            address = read(text)
        except SettingsError as refused:
            assert refused.message.startswith("DATABASE_URL is no database URL")
            assert "pArT1" not in f"{refused.message} {refused.hint}", password
            assert refused.hint is not None and "percent-encode" in refused.hint
            continue
        understood |= set(password)
        assert address.hosts == (Host("db.example", 5433),), password
        assert (address.user, address.database) == ("user", "prices")
        assert "pArT1" not in address.shown()
        if "%" not in password:
            assert secret(address) == password
        if by_libpq is not None:
            # libpq took a part of the password for a host, and would not have connected.
            place = by_libpq.get("host", "") + by_libpq.get("port", "")
            assert by_libpq["password"] == secret(address) or "@" in place, password
    assert set("#?[]@\\:&=+") <= understood


def test_encoded_or_quoted_every_character_is_understood() -> None:
    for password in PASSWORDS:
        quoted = password.replace("\\", "\\\\").replace("'", "\\'")
        for text in (
            f"postgres://user:{quote(password, safe='')}@db/prices",
            f"host=db user = user dbname=prices password='{quoted}'",
        ):
            address = read(text)
            assert secret(address) == password
            assert address.hosts == (Host("db", 5432),)
            assert read(address.url()) == address
            told = psycopg_arguments(address, address.targets()[0], {})
            assert conninfo_to_dict(make_conninfo(**told))["password"] == password
            by_asyncpg = asyncpg_arguments(address, address.targets()[0], name="", seconds=1)
            assert by_asyncpg["password"] == password


@pytest.mark.parametrize(
    "text",
    [
        "postgresql://user:12/pArT1@db:5432/prices",
        "postgresql://user:/pArT1@db/prices",
        "postgresql://user:p@pArT1/x@db/prices",
        "postgresql://user:p@pArT1?user=x@db",
        "postgresql://db/prices?user=x&password=pArT1@x",
        "postgresql://user@db:pArT1/prices",
        "postgresql://user@db:5432,db:99999/prices?password=pArT1",
        "postgresql://user@pArT1 x/prices",
        "postgresql://[pArT1",
        "postgresql://user@db/prices?pArT1=x",
        "postgresql://user@db/prices?application_name=a=pArT1",
        "postgresql://user@db/prices?x",
        "postgresql://user:pArT1%zz@db/prices",
        "postgresql://user:pArT1%00@db/prices",
        "postgresql://user:pArT1%ff@db/prices",
        "postgresql+asyncpg://user:pArT1@db/prices",
        "mysql://user:pArT1@db/prices",
        "postgres//user:pArT1@db",
        "host=db password=a pArT1",
        "host=db password='pArT1",
        "host=db password='a'pArT1",
        "host=db pArT1=x",
        "host='a@pArT1'",
        "port=pArT1",
        "postgresql://user:p@pArT1..x/d",
        f"postgresql://user:p@pArT1{'x' * 64}/d",
        "postgresql://user:pArT1\udcff@db",
        "host=db password='pArT1\0'",
        "pArT1",
        " ",
    ],
)
def test_what_is_not_understood_is_refused_by_every_command_and_never_shown(text: str) -> None:
    for variable in (
        "DATABASE_URL",
        "PRICING_WEB_DATABASE_URL",
        "PRICING_WORKER_DATABASE_URL",
    ):
        with pytest.raises(SettingsError) as refused:
            read_settings({variable: text})
        assert refused.value.message.startswith(f"{variable} is no database URL")
        assert "pArT1" not in f"{refused.value.message} {refused.value.hint}"
        assert refused.value.__context__ is None or refused.value.__suppress_context__


@pytest.mark.parametrize(
    ("text", "hosts", "rest"),
    [
        ("postgresql://u@[::1]:5433/d", [Host("::1", 5433)], ("u", None, "d")),
        ("postgresql://u@[fe80::1%25eth0]:5433/d", [Host("fe80::1%eth0", 5433)], ("u", None, "d")),
        ("postgres://u:p@db", [Host("db", 5432)], ("u", "p", "u")),
        ("postgresql://u@a,b:1/d", [Host("a", 5432), Host("b", 1)], ("u", None, "d")),
        ("host=a,b port=7 user=u", [Host("a", 7), Host("b", 7)], ("u", None, "u")),
        ("postgresql://u@%2Ftmp%2Fa%20b:7/d", [Host("/tmp/a b", 7)], ("u", None, "d")),
        ("postgresql:///d?host=/tmp/@a&user=u".replace("@", "%40"), [Host("/tmp/@a", 5432)], 0),
        ("postgresql://u:p@/d?host=/tmp&port=7\n", [Host("/tmp", 7)], ("u", "p", "d")),
        ("postgresql://u@h/d?host=x&dbname=y&user=z", [Host("x", 5432)], ("z", None, "y")),
        ("postgresql://u%40tenant:p@h/a%2Fb", [Host("h", 5432)], ("u@tenant", "p", "a/b")),
        ("postgresql://u:pä@h/d#e", [Host("h", 5432)], ("u", "pä", "d#e")),
    ],
)
def test_what_was_legal_stays_legal(text: str, hosts: list[Host], rest: object) -> None:
    address = read(text)
    assert list(address.hosts) == hosts
    if rest:
        assert (address.user, secret(address), address.database) == rest
    assert read(address.url()) == address


def test_every_parameter_of_libpq_works_or_is_refused_by_name() -> None:
    """A parameter that a newer libpq adds fails here: the test asks the installed libpq."""
    fields = {"host", "port", "user", "password", "dbname"}
    known = {*fields, *SUPPORTED, *ASKS_NOTHING, *REFUSED}
    for option in pq.Conninfo.get_defaults():
        assert option.keyword.decode() in known
        assert option.envvar is None or option.envvar.decode() in LIBPQ_VARIABLES
    for name in REFUSED:
        for text in (f"postgresql://u@h/d?{name}=require", f"host=h {name}=require"):
            with pytest.raises(SettingsError) as refused:
                read(text)
            assert refused.value.message.startswith(f"DATABASE_URL: {name} is not supported")
    assert read("postgresql://u@h/d?ssl=true") == read("postgresql://u@h/d?sslmode=require")
    for name, values in ASKS_NOTHING.items():
        for value in values:
            assert read(f"postgresql://u@h/d?{name}={value}").parameters == ()


@pytest.mark.parametrize(
    ("pair", "can_be"),
    [
        ("sslmode=pArT1", "disable, allow, prefer, require, verify-ca, verify-full"),
        ("connect_timeout=pArT1", "a whole number"),
        ("keepalives=2", "0, 1"),
        ("target_session_attrs=pArT1", "read-write"),
    ],
)
def test_a_wrong_value_is_not_shown_and_what_it_can_be_is(pair: str, can_be: str) -> None:
    with pytest.raises(SettingsError) as refused:
        read(f"postgresql://u@h/d?{pair}")
    name = pair.partition("=")[0]
    assert refused.value.message == f"DATABASE_URL: {name} has a value that it cannot have."
    # The hint does not advise to drop the parameter: the address would be less safe.
    assert can_be in (refused.value.hint or "") and "Leave it out" not in (refused.value.hint or "")


@pytest.mark.parametrize(
    ("pair", "remedy"),
    [
        ("sslmode=require&channel_binding=require", "Leave it out: sslmode=verify-full with"),
        ("pgbouncer=true&connection_limit=1", "PRICING_WEB_CONNECTIONS"),
        ("ssl=1", "sslmode=require"),
        ("supa=pArT1", "Leave it out."),
    ],
)
def test_what_hosts_write_into_their_urls_is_refused_by_name(pair: str, remedy: str) -> None:
    with pytest.raises(SettingsError) as refused:
        read(f"postgresql://u:pArT1@h/d?{pair}")
    assert " is not supported: " in refused.value.message
    assert remedy in (refused.value.hint or "")
    assert "pArT1" not in f"{refused.value.message}{refused.value.hint}"


def test_only_what_is_known_to_be_no_secret_is_shown(tmp_path: Path) -> None:
    file = tmp_path / "ca.crt"
    file.touch()
    text = (
        "postgresql://u@h/d?password=pArT1&sslpassword=pArT1&passfile=/pArT1&options=-c%20pArT1"
        f"&application_name=pArT1&sslmode=verify-full&sslrootcert={file}&connect_timeout=4"
    )
    rows = shown_settings(read_settings({"DATABASE_URL": text}))
    shown = next(row["value"] for row in rows if row["variable"] == "DATABASE_URL")
    assert "pArT1" not in shown
    assert shown.startswith("postgresql://u:********@h:5432/d?")
    assert f"sslrootcert={file}" in shown and "connect_timeout=4" in shown
    assert "options=********" in shown


def test_a_tls_file_that_cannot_be_read_is_an_error_and_not_less_safety(tmp_path: Path) -> None:
    for name in ("sslrootcert", "sslcrl", "sslcert", "sslkey"):
        with pytest.raises(SettingsError, match=f"{name} names no file"):
            read(f"postgresql://u@h/d?sslmode=require&{name}={tmp_path}/none")
    with pytest.raises(SettingsError, match="sslmode=verify-full"):
        read("postgresql://u@h/d?sslmode=require&sslrootcert=system")


def test_the_environment_fills_in_what_is_left_out_and_nothing_else(tmp_path: Path) -> None:
    environ = {
        "PGHOST": "other",
        "PGPORT": "1",
        "PGUSER": "other",
        "PGPASSWORD": "other",
        "PGDATABASE": "other",
        "PGOPTIONS": "-c datestyle=german",
        "PGSERVICE": "other",
        "PGAPPNAME": "other",
        "PGTARGETSESSIONATTRS": "standby",
    }
    assert read("postgresql://u:p@h:5432/d", **environ) == read("postgresql://u:p@h:5432/d")
    whole = read("postgresql://", **environ, PGSSLMODE="require")
    assert whole == read("postgresql://other:other@other:1/other?sslmode=require")
    for name, value in (("PGREQUIREAUTH", "x"), ("PGCHANNELBINDING", "require")):
        # Refused rather than ignored, because not every driver obeys them.
        with pytest.raises(SettingsError, match=f"^{name}: {FIELD_PARAMETER[name]} is not"):
            read("postgresql://u:p@h/d", **{name: value})
    with pytest.raises(SettingsError, match="DATABASE_URL names no host, and PGSERVICE"):
        read("postgresql://u:p@/d", PGSERVICE="x")
    for name, value in (("PGPORT", "x"), ("PGPASSWORD", "\udcff")):
        with pytest.raises(SettingsError, match=f"^{name} is not understood"):
            read("postgresql://u@h/d", **{name: value})


FIELD_PARAMETER = {variable: field for field, variable in FIELD_VARIABLES.items()}


def test_no_library_finds_a_variable_of_libpq_any_more() -> None:
    script = (
        "import os; from service.settings import read_settings;"
        "from service.database_address.libpq_environment import environment_of_children;"
        "a = read_settings().database_url;"
        "print(a.place(), [n for n in os.environ if n.startswith('PG')],"
        " environment_of_children()['PGTZ'])"
    )
    environ = {**os.environ, "DATABASE_URL": "postgresql://u@/d", "PGHOST": "h", "PGTZ": "UTC"}
    answer = subprocess.run(
        [sys.executable, "-c", script], env=environ, capture_output=True, text=True, check=True
    )
    assert answer.stdout.split() == ["h:5432/d", "[]", "UTC"]


def test_the_password_file_is_read_for_all_alike(tmp_path: Path) -> None:
    file = tmp_path / "passwords"
    file.write_text(
        "# a comment\n"
        "other:5432:*:*:wrong\n"
        r"h:5432:d\:1:u\\x:a\:b\\c" + "\n"
        "localhost:*:*:*:of a socket\n"
        "*:*:*:*:of\x0ball\u2028\r\n"
    )
    file.chmod(0o600)
    options = f"?passfile={file}"
    for text, password in (
        ("postgresql://u%5Cx@h/d%3A1", "a:b\\c"),
        ("postgresql://u@%2Ftmp/d", "of a socket"),
        ("postgresql://u@x/d", "of\x0ball\u2028"),
        ("postgresql://u:own@x/d", "own"),
    ):
        address = read(text + options)
        target = address.targets()[0]
        assert psycopg_arguments(address, target, {})["password"] == password
        told = asyncpg_arguments(address, target, name="", seconds=1)
        assert told["password"] == password
    file.chmod(0o640)
    assert read(f"postgresql://u@x/d{options}").password_for(Host("x", 5432)) is None


def test_a_password_file_that_others_may_read_is_told_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "passwords"
    file.write_text("*:*:*:*:a password")
    file.chmod(0o644)
    address = read(f"postgresql://u@h/d?passfile={file}")
    for _ in range(3):
        assert psycopg_arguments(address, address.targets()[0], {}).get("password") is None
    assert len(caplog.messages) == 1 and "others may read it" in caplog.text


def test_the_example_for_another_login_is_the_same_place_and_as_safe() -> None:
    address = read(
        "host=a,b port=1,2 user=u password=pArT1 dbname='d b?#/%' sslmode=verify-full"
        " target_session_attrs=primary options='-c pArT1' application_name=pArT1"
    )
    example = read(address.example("w"))
    assert (example.user, secret(example)) == ("w", "...")
    assert (example.hosts, example.database) == (address.hosts, address.database)
    wanted = {"sslmode": "verify-full", "target_session_attrs": "primary"}
    assert dict(example.parameters) == wanted
