"""A credential is sent only to the hosts that code or environment name for it."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import product

import httpx2
import pytest

from service.environment.credential_hosts import CredentialHosts
from service.errors import SettingsError, SyncError
from service.providers.adapter import adapter, adapter_slugs
from service.settings import read_settings
from service.sync.attempt import Attempt
from service.sync.fetch_list import SyncTools, fetch_provider_list

EVIL = "evil.example"
CYRILLIC_A = "\u0430"
# Hosts that the operator lists, each for one variable.
LISTED = {"GROQ_API_KEY": "gateway.example", "ANOTHER_KEY": "localhost:9000"}
PAIRS = ",".join(f"{variable}={host}" for variable, host in LISTED.items())
OTHERS = (
    *("DATABASE_URL", "PRICING_ADMIN_KEY", "PRICING_WORKER_DATABASE_URL", "PGPASSWORD"),
    *("PGSERVICEFILE", "HOME", "AWS_SECRET_ACCESS_KEY", "SUPABASE_DB_URL", "ANOTHER_KEY"),
)
ADAPTERS = [adapter(slug) for slug in adapter_slugs()]
VARIABLES = (*(each.credential_variable for each in ADAPTERS if each.credential_variable), *OTHERS)


def marked(variable: str) -> str:
    return f"marked-secret-of-{variable}"


def addresses(host: str) -> list[str]:
    """Values of a row that a person could take for ``host``, or that are near it."""
    return [
        *(f"https://{host}", f"https://{host.upper()}:443/prefix", f"http://{host}"),
        *(f"https://{host}.", f"https://{host}:8443", f"https://{host}.{EVIL}"),
        *(f"https://{EVIL}/{host}", f"https://{host}@{EVIL}", f"https://{EVIL}\\@{host}"),
        *(f"https://sub.{host}", f"https://{EVIL}?{host}", f"https://{EVIL}#@{host}"),
        *(
            f"https://{host[1:]}",
            f"https://{host.replace('a', CYRILLIC_A)}",
            f"https://{host}%2e{EVIL}",
        ),
        *(f"https://{host}\t.{EVIL}", f"https:/{EVIL}/{host}", f"https://{host};{EVIL}"),
    ]


class Internet:
    """A server for every host name; it records requests, and redirects if so configured."""

    def __init__(self) -> None:
        self.arrived: set[tuple[str, str, str]] = set()
        self.leads_to: str | None = None

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        said = f"{request.url} {request.headers.raw!r}"
        port = "" if request.url.port is None else f":{request.url.port}"
        host = f"{request.url.raw_host.decode()}{port}"
        for variable in VARIABLES:
            # The quote or blank rules out a longer name with the same beginning.
            if f"{marked(variable)}'" in said or f"{marked(variable)} " in said:
                self.arrived.add((variable, request.url.scheme, host))
        if self.leads_to is not None and request.url.path != "/led":
            return httpx2.Response(302, headers={"Location": self.leads_to})
        return httpx2.Response(200, stream=httpx2.ByteStream(b"{}"))


@pytest.fixture
def internet(monkeypatch: pytest.MonkeyPatch) -> Iterator[Internet]:
    for variable in VARIABLES:
        monkeypatch.setenv(variable, marked(variable))
    yield Internet()


async def attempts(internet: Internet, *rows: tuple[str, str | None, str]) -> list[str]:
    """The error kind of one attempt at each (adapter, base_url, credential variable)."""
    kinds = []
    settings = read_settings(
        {"PRICING_CREDENTIAL_HOSTS": PAIRS, "PRICING_ALLOW_PRIVATE_HOSTS": "1"}
    )
    transport = httpx2.MockTransport(internet)
    with ThreadPoolExecutor(1) as threads:
        async with httpx2.AsyncClient(transport=transport) as client:
            tools = SyncTools(settings, client, threads)
            for slug, base_url, variable in rows:
                attempt = Attempt(
                    *(1, 1, "job", "row", slug, base_url, variable, 30.0, None, None, None, True)
                )
                with pytest.raises(SyncError) as failed:
                    await fetch_provider_list(attempt, tools)
                assert "marked-secret" not in f"{failed.value.message} {failed.value.hint}"
                kinds.append(failed.value.code)
    return kinds


@pytest.mark.anyio
async def test_marked_secrets_arrive_at_no_host_but_their_own(internet: Internet) -> None:
    """Rows have every variable and every kind of address, and hosts redirect.

    The kinds of address are tried with one adapter that has a key, one that has a listed host too
    and one that has none: the rule knows variables and hosts, and no adapters.
    """
    hosts = ["api.deepinfra.com", "gateway.example", "localhost:9000", "api.groq.com"]
    bases = [None, *(address for host in hosts for address in addresses(host))]
    rows = [
        *product(adapter_slugs(), [None], VARIABLES),
        *product(("deepinfra", "groq", "openrouter"), bases, VARIABLES),
    ]
    for internet.leads_to in (None, f"https://{EVIL}/led"):
        await attempts(internet, *rows)
    for slug in adapter_slugs():
        own = adapter(slug).base_url
        for internet.leads_to in (f"{own.replace('https', 'http')}/led", f"{own}:8443/led"):
            await attempts(internet, *((slug, None, variable) for variable in VARIABLES))

    arrives = {
        (each.credential_variable, "https", httpx2.URL(each.base_url).host)
        for each in ADAPTERS
        if each.credential_variable
    }
    # A listed host may also be reached over http where http is allowed at all.
    listed = {
        (variable, scheme, host)
        for variable, host in LISTED.items()
        for scheme in ("https", "http")
    }
    assert internet.arrived == arrives | listed


@pytest.mark.anyio
async def test_the_refusal_is_the_same_whether_the_variable_is_there(
    internet: Internet, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = ("openrouter", None, "AWS_SECRET_ACCESS_KEY")
    assert await attempts(internet, row) == ["credential_refused"]
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    assert await attempts(internet, row) == ["credential_refused"]
    assert internet.arrived == set()


def test_the_setting_names_hosts_exactly() -> None:
    assert str(CredentialHosts.parse(" A_KEY=API.x.example , B=[::1]:90,")) == (
        "A_KEY=api.x.example,B=[::1]:90"
    )


@pytest.mark.parametrize(
    "host",
    [
        *("", "*", "*.x.example", ".x.example", "x.example.", "https://x.example", "x.example/y"),
        *("user@x.example", "x.example:0", "x.example:99999", "bücher.example", "a b", "x=y"),
    ],
)
def test_what_is_no_host_is_refused_and_not_repeated(host: str) -> None:
    with pytest.raises(SettingsError) as refused:
        read_settings({"PRICING_CREDENTIAL_HOSTS": f"A_KEY={host}"})
    assert "A_KEY= is no host" in refused.value.message
    assert not host or host not in refused.value.message.split("=", 1)[1]


@pytest.mark.parametrize(
    "variable", ["DATABASE_URL", "PRICING_ADMIN_KEY", "PRICING_ANYTHING", "PGPASSWORD", "PG"]
)
def test_the_setting_refuses_what_is_never_sent(variable: str) -> None:
    with pytest.raises(SettingsError) as refused:
        read_settings({"PRICING_CREDENTIAL_HOSTS": f"A_KEY=x.example,{variable}=x.example"})
    assert f"{variable} is never sent" in refused.value.message


def test_every_adapters_own_hosts_are_reached_over_https() -> None:
    for each in ADAPTERS:
        assert each.base_url.startswith("https://"), each.slug
        for host in each.credential_hosts(each.credential_variable or ""):
            assert host.https_only and host.port is None, each.slug
