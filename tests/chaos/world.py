"""Start and stop everything in a run: Postgres, providers, proxies, web and workers."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import psycopg
from psycopg.rows import DictRow, dict_row

from tests.chaos.own_postgres import DATABASE, OwnPostgres, own_postgres
from tests.chaos.price_book import PriceBook
from tests.chaos.provider_sites import ProviderSites
from tests.chaos.service_manager import ServiceManager
from tests.support.postgres import free_port
from tests.support.processes import Processes, answers
from tests.support.tcp_proxy import TcpProxy
from tests.support.waiting import wait_until

# Slug, adapter, models. A long list takes long to parse.
PROVIDERS = (
    ("alpha", "openrouter", 40),
    ("bravo", "deepinfra", 30),
    ("charlie", "openrouter", 20),
    ("delta", "deepinfra", 60),
    ("echo", "openrouter", 8),
    ("foxtrot", "openrouter", 400),
    ("golf", "deepinfra", 25),
)
# Only the measurement of pick-ups triggers it by name.
QUIET_PROVIDER = ("quiet", "openrouter", 3)

HEARTBEAT_SECONDS = 1
LEASE_SECONDS = 4
TIMEOUT_SECONDS = 8
LINGER_SECONDS = 0.25


@dataclass
class Event:
    """An event, with the seconds since the start of the run."""

    at: float
    what: str


@dataclass
class World:
    """``events`` are for the report of a failure; ``sparing`` suspends the kills."""

    postgres: OwnPostgres
    sites: ProviderSites
    services: ServiceManager
    proxies: dict[str, TcpProxy]
    base_url: str
    started_at: float = field(default_factory=time.monotonic)
    events: list[Event] = field(default_factory=list)
    sparing: threading.Event = field(default_factory=threading.Event)

    @property
    def slugs(self) -> list[str]:
        return [slug for slug, _, _ in PROVIDERS]

    def say(self, what: str) -> None:
        self.events.append(Event(time.monotonic() - self.started_at, what))

    def connect(self) -> psycopg.Connection[DictRow]:
        """Open a superuser's session for the suite."""
        return psycopg.connect(
            self.postgres.superuser_url,
            autocommit=True,
            row_factory=dict_row,
            connect_timeout=3,
            application_name="chaos",
        )

    def execute(self, statement: str, *arguments: object) -> list[DictRow]:
        with self.connect() as connection:
            result = connection.execute(statement.encode(), arguments or None)
            return result.fetchall() if result.description else []

    def calm_down(self) -> None:
        """Take back every fault that outlives its step."""
        self.sites.hanging = frozenset()
        self.sites.calm = True
        for proxy in self.proxies.values():
            proxy.thaw()
        self.postgres.wait_until_up()
        self.execute("update chaos.switches set commit_error = null, linger_seconds = 0")
        self.execute(
            "update pricing_providers set enabled = true where not enabled and base_url like %s",
            "http://127%",
        )
        self.execute(f"alter database {DATABASE} reset statement_timeout")
        for name in self.services.names():
            self.services.resume(name)


@contextmanager
def running_world(seed: int, directory: Path) -> Iterator[World]:
    """Start everything with an empty queue; remove everything afterwards."""
    books = [
        PriceBook(slug, adapter, models, Random(f"{seed} {slug}"))
        for slug, adapter, models in (*PROVIDERS, QUIET_PROVIDER)
    ]
    sites = ProviderSites(books, Random(f"{seed} sites"))
    thread = threading.Thread(target=sites.serve, name="providers", daemon=True)
    with (
        own_postgres() as postgres,
        TcpProxy("127.0.0.1", postgres.port) as worker_proxy,
        TcpProxy("127.0.0.1", postgres.port) as web_proxy,
    ):
        processes = Processes(directory, {"DATABASE_URL": postgres.url()})
        processes.interpreters = True
        migration = processes.service("migrate")
        assert migration.wait(120) == 0, migration.output
        _prepare_database(postgres, sites)
        thread.start()
        services = ServiceManager(processes)
        try:
            with services.running():
                port = free_port()
                world = World(
                    postgres,
                    sites,
                    services,
                    {"worker-3": worker_proxy, "web": web_proxy},
                    f"http://127.0.0.1:{port}",
                )
                _start_services(world, port)
                yield world
        finally:
            shutil.copyfile(postgres.log, directory / "postgres.log")
            sites.stop()
            thread.join()


def _prepare_database(postgres: OwnPostgres, sites: ProviderSites) -> None:
    with psycopg.connect(postgres.superuser_url, autocommit=True) as connection:
        connection.execute((Path(__file__).parent / "chaos.sql").read_bytes())
        connection.execute(
            "update pricing_settings set heartbeat_interval = make_interval(secs => %s),"
            " lease = make_interval(secs => %s), scheduler_enabled = true",
            [HEARTBEAT_SECONDS, LEASE_SECONDS],
        )
        connection.execute("update chaos.switches set linger_seconds = %s", [LINGER_SECONDS])
        connection.execute("update pricing_providers set enabled = false")
        for slug, adapter, _ in (*PROVIDERS, QUIET_PROVIDER):
            connection.execute(
                "insert into pricing_providers"
                " (slug, name, adapter, base_url, timeout, next_sync_at)"
                " values (%(slug)s, %(slug)s, %(adapter)s, %(url)s, make_interval(secs => %(s)s),"
                " now() + interval '6 hours')",
                {
                    "slug": slug,
                    "adapter": adapter,
                    "url": sites.base_url(slug),
                    "s": TIMEOUT_SECONDS,
                },
            )


def _start_services(world: World, port: int) -> None:
    """web and worker-3 reach Postgres through a proxy; worker-2 is the engine's own command."""
    postgres, services = world.postgres, world.services
    for name in ("web", "worker-1", "worker-2", "worker-3"):
        proxy = world.proxies.get(name)
        postgres.create_login(name)
        variables = {"DATABASE_URL": postgres.url(name, None if proxy is None else proxy.port)}
        if name == "web":
            services.add(name, "service", "serve", "--port", str(port), **variables)
        elif name == "worker-2":
            arguments = ("--app=service.worker.app", "worker", "--concurrency", "3")
            services.add(name, "procrastinate", *arguments, **variables)
        else:
            services.add(name, "service", "worker", "--concurrency", "3", **variables)
    wait_until(lambda: answers(f"{world.base_url}/health"), 60, "the web process answers")
    registered = "select 1 from procrastinate.procrastinate_workers having count(*) = 3"
    try:
        wait_until(lambda: world.execute(registered), 60, "the workers register")
    except AssertionError as error:
        outputs = "\n".join(f"{name}:\n{output}" for name, output in services.outputs())
        raise AssertionError(f"{error}\n{outputs}") from None
