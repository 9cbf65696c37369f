"""The web process and the worker of one ``up``: started, kept running, stopped."""

from __future__ import annotations

import http.client
import time
from collections.abc import Mapping
from pathlib import Path
from typing import NoReturn

from service.calls.jobs import workers_alive
from service.errors import UpFailed
from service.settings import Settings
from service.terminal.output import Terminal
from service.up.children import Child, stop_children
from service.up.logins import login_address
from service.up.ports import free_port, reachable_host, require_free
from service.up.stopping import StopSignals
from service.up.up_database import UpDatabase

READY_SECONDS = 30.0
# A child that dies this often in a row, before the first sync has ended, will not recover.
FAILURES = 4


class ChildGroup:
    """``port``: where the web process listens: the one that was set, else the first free one."""

    def __init__(
        self, settings: Settings, terminal: Terminal, signals: StopSignals, database: UpDatabase
    ) -> None:
        self._settings = settings
        self._say = terminal.say
        self._signals = signals
        self._database = database
        self._admin_key = ""
        self._logs = settings.data_dir / "logs"
        self._children: list[Child] = []
        self.port = settings.port
        self._has_fixed_port = "port" in settings.model_fields_set

    def __bool__(self) -> bool:
        """Whether any was started."""
        return bool(self._children)

    def start_web(self, admin_key: str) -> None:
        """It may start before the database is migrated: it is not ready until then."""
        self._admin_key = admin_key
        self._start(Child("serve", _log(self._logs, "web"), self._web_environment))

    def start_worker(self) -> None:
        self._start(Child("worker", _log(self._logs, "worker"), self._environment))

    def _start(self, child: Child) -> None:
        self._children.append(child)
        with self._signals.deferred():
            child.start()

    def require_port(self) -> None:
        """PortTaken if a port was set and another program listens there."""
        if self._has_fixed_port:
            require_free(self._settings.host, self.port)

    def stop(self) -> None:
        stop_children(self._children)

    def tend_during_first_sync(self) -> None:
        """As ``tend``; UpFailed instead of endless tries, because the operator waits."""
        self.tend(patience=FAILURES)

    def tend(self, patience: int | None = None) -> None:
        """Start again what has died. ``patience``: how often in a row before giving up."""
        self._database.probe()
        for child in self._children:
            with self._signals.deferred():
                news = child.check()
            if news is None:
                continue
            if patience is not None and child.failures >= patience:
                self._fail(child, f"The {child.name} ends again and again.")
            self._say(news, style="yellow")

    def wait_until_ready(self) -> None:
        """Until the web process is ready for requests; UpFailed after READY_SECONDS."""
        deadline = time.monotonic() + READY_SECONDS
        while not self._is_ready():
            self.tend_during_first_sync()
            if time.monotonic() > deadline:
                self._fail(
                    self._children[0], f"The web process is not ready after {READY_SECONDS:g} s."
                )
            time.sleep(0.05)

    def require_worker(self, asked: float) -> None:
        """UpFailed when no worker is alive READY_SECONDS after ``asked``.

        A sync may wait longer for a locked provider, but not for a worker.
        """
        if time.monotonic() - asked > READY_SECONDS and not self._database.ask(
            workers_alive, self.tend_during_first_sync
        ):
            self._fail(
                self._children[-1], f"No worker took the first sync within {READY_SECONDS:g} s."
            )

    def _environment(self) -> Mapping[str, str]:
        """Secrets go by environment, where other users of the machine cannot read them."""
        address = self._database.address
        environment = {"DATABASE_URL": address.url(), "PRICING_ADMIN_KEY": self._admin_key}
        if self._database.is_embedded:
            environment |= {
                "PRICING_WEB_DATABASE_URL": login_address(address, "pricing_web").url(),
                "PRICING_WORKER_DATABASE_URL": login_address(address, "pricing_worker").url(),
            }
        return environment

    def _web_environment(self) -> Mapping[str, str]:
        """Called at every start, because another program may have taken the port meanwhile."""
        if not self._has_fixed_port:
            port = free_port(self._settings.host, self.port)
            if port != self.port:
                self._say(f"Port {self.port} is taken: the web process listens on {port}.")
                self.port = port
        return {**self._environment(), "PRICING_PORT": str(self.port)}

    def _is_ready(self) -> bool:
        web = self._children[0].process
        if web is None or web.poll() is not None:
            return False
        connection = http.client.HTTPConnection(
            reachable_host(self._settings.host), self.port, timeout=2
        )
        try:
            connection.request("GET", "/health/ready")
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def _fail(self, child: Child, message: str) -> NoReturn:
        for line in child.last_lines():
            self._say(f"  {line}")
        raise UpFailed(message, hint=f"Its log is {child.log}; the lines above are its last.")


def _log(directory: Path, name: str) -> Path:
    return directory / f"{name}.log"
