"""Runs every command and statement of docs/deploy.md, except for a platform's own part."""

from __future__ import annotations

import json
import os
import re
import shutil
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2
import psycopg
import pytest
import yaml
from psycopg.rows import DictRow, dict_row

from service import __version__
from service.migrations.migrate import migrate
from tests.db.pricing import Pricing, Row, price
from tests.deploy.image import Image, build_image
from tests.deploy.test_compose import COMPOSE, MOUNTED
from tests.deploy.units import UNITS, read_unit
from tests.docs.runbook import filled, section_blocks, sections, statements, tables
from tests.docs.test_security import PASSWORDS, assert_they_work
from tests.docs.typing_in_a_shell import PYTHON, Shell
from tests.service.migrations.test_export import psql_program
from tests.support.postgres import Cluster, free_port, running_cluster
from tests.support.processes import ADMIN_KEY, ROOT, Processes, answers
from tests.support.promtool import promtool
from tests.support.syncing import Queue, StartWorker
from tests.support.waiting import wait_until

pytestmark = pytest.mark.long

PAGE = "docs/deploy.md"
PIPX = "pipx==1.18.4"

# The test that runs the blocks of each section; a test takes all of its section's blocks.
TYPED = {
    "From a wheel": "test_a_wheel_is_built_and_installed_with_what_the_lock_says",
    "The image": "test_the_image_runs_with_the_variables_that_are_named",
    "Migrate": "test_supabase_is_migrated_or_pushed_and_gets_its_logins",
    "The SQL editor and pg_cron": "test_pg_cron_has_our_jobs",
    "Keys": "test_the_data_api_reaches_nothing",
    "Monitor for the first 24 hours": "test_the_first_day",
    "systemd": "test_systemd_finds_what_its_units_want",
    "Compose": "test_compose_runs_on_its_files",
    "A proxy in front": "test_the_proxy_s_file_is_put_where_nginx_reads_it",
    "Prometheus and Grafana": "test_prometheus_scrapes_with_the_key_of_its_file",
}


def blocks(heading: str) -> list[str]:
    return [block.text for block in section_blocks(heading, PAGE)]


def run_sql(connection: psycopg.Connection[DictRow], sql: str, **words: object) -> list[object]:
    found: list[object] = []
    for statement in statements(filled(sql, **words)):
        cursor = connection.execute(statement.encode())
        found.append(cursor.fetchall() if cursor.description is not None else cursor.rowcount)
    return found


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    home = tmp_path / "home"
    home.mkdir()
    return Shell(home)


def test_no_block_is_left_out() -> None:
    assert {heading for heading in sections(PAGE) if section_blocks(heading, PAGE)} == TYPED.keys()
    assert all(name in globals() for name in TYPED.values())


# Install.


def test_a_wheel_is_built_and_installed_with_what_the_lock_says(shell: Shell) -> None:
    build, pipx, venv = blocks("From a wheel")
    for name in ("pyproject.toml", "README.md", "LICENSE", "requirements.lock"):
        shutil.copy(ROOT / name, shell.home)
    for folder in ("service", "db", "migrations"):
        shutil.copytree(ROOT / folder, shell.home / folder)
    # Without isolation the build uses the installed hatchling.
    shell.environment = {"PIP_NO_BUILD_ISOLATION": "false", "PYTHONWARNINGS": "default"}
    shell.type(build)
    (wheel,) = (shell.home / "dist").glob("*.whl")
    assert wheel.name.startswith(f"pricing_sync-{__version__}-")

    shell.stand_in("pipx", f'exec {PYTHON} -m uv tool run --quiet --from {PIPX} pipx "$@"')
    # Without constraints the first line would install newer versions, and the second the locked
    # ones again.
    lock = (ROOT / "requirements.lock").read_text()
    constraint = shell.home / "constraint"
    constraint.write_text("\n".join(re.findall(r"^[a-z0-9-]+==[^ ;]+", lock, re.MULTILINE)))
    shell.environment = {
        "UV_CONSTRAINT": str(constraint),
        # As pip does: the index may have a certificate that only this machine trusts.
        "UV_SYSTEM_CERTS": "1",
        # A link for each file: pip's copies would take 2 minutes on a busy disk.
        "PIPX_DEFAULT_BACKEND": "uv",
        "UV_LINK_MODE": "symlink",
        "PIPX_HOME": str(shell.home / "pipx"),
        "PIPX_BIN_DIR": str(shell.programs),
        "PIPX_DEFAULT_PYTHON": str(PYTHON),
    }
    assert "PRICING_WORKER_DATABASE_URL" in shell.type(pipx)
    installed = shell.home / "pipx" / "venvs" / "pricing-sync"
    assert_works_with_the_lock(installed, shell)

    uv = f"{PYTHON} -m uv pip install --quiet --python {shell.home}/opt/bin/python"
    shell.replaced = {
        "/opt/pricing-sync/bin/pip install": uv,
        "/opt/pricing-sync": str(shell.home / "opt"),
    }
    shell.type(venv)
    assert_works_with_the_lock(shell.home / "opt", shell)


def assert_works_with_the_lock(environment: Path, shell: Shell) -> None:
    program = environment / "bin" / "pricing-sync"
    target = shell.home / f"exported-{environment.name}"
    target.mkdir()
    # Outside of the checkout the program uses the wheel's own SQL.
    done = subprocess.run(
        [program, "migrate", "--export", target], capture_output=True, text=True, cwd="/"
    )
    assert done.returncode == 0, done.stderr
    assert (
        "create or replace function public.trigger_pricing_sync("
        in next(target.glob("*.sql")).read_text()
    )
    locked = dict(
        re.findall(r"^([a-z0-9-]+)==(\S+)", (ROOT / "requirements.lock").read_text(), re.M)
    )
    listed = subprocess.run(
        [PYTHON, "-m", "uv", "pip", "list", "--format=json", f"--python={environment}"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    versions = {each["name"]: each["version"] for each in json.loads(listed)}
    for name in ("procrastinate", "psycopg", "asyncpg", "starlette", "uvicorn"):
        assert versions[name] == locked[name]


@pytest.fixture
def image(tmp_path: Path) -> Image:
    return build_image(tmp_path / "image")


# Replaces `docker`: starts a process that has the named variables and otherwise only the image's.
# The process listens on the published port itself.
DOCKER = r"""
echo "$*" >>"$LOG"
case "$1" in build) exit ;; run) shift ;; *) exit 64 ;; esac
given=() detached=
while :; do
    case "$1" in
    --env) case "$2" in *=*) given+=("$2") ;; *) given+=("$2=${!2}") ;; esac; shift 2 ;;
    --publish) given+=("PRICING_PORT=$(cut -d: -f2 <<<"$2")"); shift 2 ;;
    --restart) shift 2 ;;
    --detach) detached=yes; shift ;;
    --rm | --init) shift ;;
    pricing-sync) shift; break ;;
    *) exit 64 ;;
    esac
done
cd @FILES@
run=(env -i "PATH=$PATH" @ENVIRONMENT@ "${given[@]}" @PYTHON@ -m service "$@")
if [ "$detached" ]; then
    "${run[@]}" >"$LOG.$1" 2>&1 </dev/null & echo $! >>"$LOG.pids"
else
    "${run[@]}"
fi
"""


def test_the_image_runs_with_the_variables_that_are_named(
    image: Image, shell: Shell, database: str, connection: psycopg.Connection[DictRow]
) -> None:
    (block,) = blocks("The image")
    port = free_port()
    environment = " ".join(f"{name}={value}" for name, value in image.environment().items())
    script = DOCKER.replace("@FILES@", str(image.files)).replace("@ENVIRONMENT@", environment)
    shell.stand_in("docker", script.replace("@PYTHON@", str(PYTHON)))
    shell.replaced = {"127.0.0.1:8000:8000": f"127.0.0.1:{port}:8000"}
    urls = ("DATABASE_URL", "PRICING_WEB_DATABASE_URL", "PRICING_WORKER_DATABASE_URL")
    shell.environment = {**dict.fromkeys(urls, database), "PRICING_ADMIN_KEY": ADMIN_KEY}
    try:
        shell.type(block)
        wait_until(lambda: answers(f"http://127.0.0.1:{port}/health"), 60, "the web process")
        alive = "select pricing_workers_alive() as n"
        wait_until(lambda: Pricing(connection).value(alive) == 1, 60, "the worker")
    finally:
        for pid in Path(f"{shell.log('docker')}.pids").read_text().split():
            os.kill(int(pid), 15)
    assert shell.logged("docker")[0] == "build --tag pricing-sync ."


# Supabase.


def test_supabase_is_migrated_or_pushed_and_gets_its_logins(
    shell: Shell, fresh_cluster: Cluster, tmp_path: Path
) -> None:
    """Run as a login that is no superuser: `postgres` is none on Supabase either."""
    by_hand, push, logins = blocks("Migrate")
    password = PASSWORDS["migrate_password"]
    with psycopg.connect(fresh_cluster.url, autocommit=True) as superuser:
        superuser.execute(f"create role supabase login createrole password '{password}'".encode())
    psql = f"{psql_program()} -X -q -v ON_ERROR_STOP=1"
    # Applies each file that the database lacks, in one transaction.
    shell.stand_in(
        "supabase",
        '[ "$*" = "db push" ]\n'
        f'for file in supabase/migrations/*.sql; do {psql} -1 -f "$file" "$DATABASE_URL"; done',
    )
    (shell.home / "supabase" / "migrations").mkdir(parents=True)
    with fresh_cluster.database(owner="supabase") as pushed:
        url = fresh_cluster.url_of(pushed, user="supabase", password=password)
        shell.environment = {"DATABASE_URL": url}
        shell.type(push)
        assert "nothing to do" in shell.type(by_hand), "migrate after push changes nothing"
    with fresh_cluster.database(owner="supabase") as name:
        url = fresh_cluster.url_of(name, user="supabase", password=password)
        shell.environment = {"DATABASE_URL": url}
        assert "steps applied" in shell.type(by_hand)
        words = {key: PASSWORDS[key] for key in ("web_password", "worker_password")}
        with psycopg.connect(url, autocommit=True, row_factory=dict_row) as editor:
            run_sql(editor, logins, **words)
        own = {
            f"PRICING_{each.upper()}_DATABASE_URL": fresh_cluster.url_of(
                name, user=f"pricing_{each}_login", password=words[f"{each}_password"]
            )
            for each in ("web", "worker")
        }
        assert_they_work(url, own, tmp_path)


@pytest.fixture
def fresh_cluster() -> Iterator[Cluster]:
    """A server of its own, because logins belong to a whole server."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("TEST_DATABASE_URL", raising=False)
        with running_cluster() as cluster:
            yield cluster


def test_pg_cron_has_our_jobs(shell: Shell, empty_cron_database: str) -> None:
    extension, migrating, jobs = blocks("The SQL editor and pg_cron")
    shell.environment = {"DATABASE_URL": empty_cron_database}
    with psycopg.connect(empty_cron_database, autocommit=True, row_factory=dict_row) as editor:
        run_sql(editor, extension)
        shell.type(migrating)
        (found,) = run_sql(editor, jobs)
        assert isinstance(found, list)
        assert len(found) == 4 and all(job["active"] for job in found)
        editor.execute("select cron.unschedule('pricing_sync_schedule')")
        shell.type(migrating)
        assert run_sql(editor, jobs) == [found], "made again"


def test_the_data_api_reaches_nothing(connection: psycopg.Connection[DictRow]) -> None:
    (block,) = blocks("Keys")
    assert run_sql(connection, block) == [[], []]
    connection.execute("grant select on model_prices to anon")
    differences, opened = run_sql(connection, block)
    assert isinstance(differences, list) and isinstance(opened, list)
    assert [(row["rolname"], row["relation"]) for row in opened] == [("anon", "model_prices")]
    connection.execute(differences[0]["statement"].encode())
    assert run_sql(connection, block) == [[], []]
    # Supabase's API keys act as these roles.
    for role, reads in (("anon", False), ("authenticated", False), ("service_role", True)):
        connection.execute(f"set role {role}".encode())
        if reads:
            connection.execute("select from model_prices")
        else:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute("select from model_prices")
        connection.execute("reset role")


def test_the_first_day(
    shell: Shell,
    database: str,
    processes: Processes,
    queue: Queue,
    start_worker: StartWorker,
) -> None:
    commands, look = blocks("Monitor for the first 24 hours")
    pricing = Pricing(queue.connection)
    pricing.do("update pricing_providers set enabled = slug in ('catalogue', 'deepinfra')")
    pricing.do("update pricing_settings set scheduler_enabled = true")
    pricing.do("update pricing_providers set next_sync_at = now() + interval '1 day'")
    port = free_port()
    processes.service("serve", "--port", str(port))
    worker = start_worker()
    assert queue.wait_for_end(queue.trigger("catalogue"))["outcome"] == "success"
    wait_until(lambda: answers(f"http://127.0.0.1:{port}/health"), 60, "the web process")
    wait_until(lambda: queue.rows("select from pricing_scheduler_ticks"), 60, "a tick")

    shell.environment = {"DATABASE_URL": database}
    shell.replaced = {"127.0.0.1:8000": f"127.0.0.1:{port}"}
    printed = shell.type(commands)
    ready = json.loads(printed[printed.rindex("\n{") :] if "\n{" in printed else printed)
    assert (ready["status"], ready["workers"]) == ("ok", 1)

    found = run_sql(queue.connection, look)
    (table,) = tables("Monitor for the first 24 hours", PAGE)
    assert [row["statement"][0] for row in table] == [str(n + 1) for n in range(len(found))]
    ticks, states, failures, jobs, held, changes, connections = map(rows_of, found)
    assert ticks[0]["silent_for"].total_seconds() < 90 and ticks[0]["last_error"] is None
    assert {row["slug"]: row["state"] for row in states} == {"catalogue": "ok", "deepinfra": "ok"}
    assert (failures, held) == ([], [])
    assert [(job["status"], job["outcome"], job["count"]) for job in jobs] == [
        ("completed", "success", 1)
    ]
    assert sum(row["changes"] for row in changes) > 1000, "first prices"
    assert sum(row["count"] for row in connections) < int(connections[0]["out_of"])

    # The queries also show what is wrong.
    assert worker.stop() == 0
    pricing.do("update pricing_providers set guards_enabled = true where slug = 'deepinfra'")
    pricing.sync("deepinfra", [price("a")])
    pricing.sync("deepinfra", [price("a", input="0.9")])
    lost = pricing.start("deepinfra", worker_id=pricing.worker("30 seconds"))
    pricing.do("select cleanup_stuck_pricing_syncs()")
    _, _, failures, _, held, _, _ = map(rows_of, run_sql(queue.connection, look))
    assert [row["error_kind"] for row in failures] == ["worker_lost"], lost
    assert [row["provider"] for row in held] == ["deepinfra"]


def rows_of(answer: object) -> list[Row]:
    assert isinstance(answer, list)
    return answer


# deploy/.


def test_systemd_finds_what_its_units_want(shell: Shell) -> None:
    (block,) = blocks("systemd")
    shell.stand_in("systemctl", 'echo "$*" >>"$LOG"')
    configured, installed = shell.home / "etc", shell.home / "units"
    installed.mkdir()
    shell.replaced = {
        "/etc/pricing-sync": str(configured),
        "/etc/systemd/system": str(installed),
        "deploy/systemd": str(UNITS),
    }
    words: dict[str, Any] = {"host": "db.example", "database": "prices", **PASSWORDS}
    shell.type(block, **words)
    assert stat.S_IMODE(configured.stat().st_mode) == 0o700
    for unit in map(read_unit, installed.glob("*.service")):
        unit.environment(configured, shell.home / "credentials")
        for credential in unit.values("Service", "LoadCredential"):
            file = configured / Path(credential.partition(":")[2]).name
            assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert (installed / "pricing-sync-.service.d" / "hardening.conf").exists()
    reload, first, rest = shell.logged("systemctl")
    assert (reload, first) == ("daemon-reload", "start pricing-sync-migrate")
    for started in rest.removeprefix("enable --now ").split():
        file = installed / (re.sub("@.*", "@", started) + ".service")
        assert read_unit(file).value("Install", "WantedBy") == "multi-user.target"


def test_compose_runs_on_its_files(shell: Shell, fresh_cluster: Cluster, tmp_path: Path) -> None:
    (block,) = blocks("Compose")
    (shell.home / "deploy").mkdir()
    shutil.copy(COMPOSE, shell.home / "deploy")
    shell.stand_in("docker", 'echo "$*" >>"$LOG"')
    shell.type(block)
    up = f"compose --file deploy/{COMPOSE.name} up --build --detach"
    assert shell.logged("docker") == [up]

    content = yaml.safe_load(COMPOSE.read_text())
    folder = shell.home / "deploy" / "secrets"
    assert {file.name for file in folder.iterdir()} == content["secrets"].keys()
    # The folder is closed to other users here; the user of a container gets a file alone and must
    # be able to read it.
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert all(file.stat().st_mode & stat.S_IROTH for file in folder.iterdir())

    with fresh_cluster.database() as name:
        server = urlsplit(fresh_cluster.url_of(name))
        (folder / "postgres-password").write_text(f"{server.password}\n")
        for file in folder.glob("*-database-url"):
            place = f"@{server.hostname}:{server.port}/{name}"
            file.write_text(file.read_text().replace("@db:5432/postgres", place))
        owner = fresh_cluster.url_of(name)
        migrate(owner)
        services = content["services"]
        script = services["logins"]["entrypoint"][-1].replace("$$", "$")
        shell.stand_in("psql", f'exec {psql_program()} "$@"')
        shell.environment = {
            **services["logins"]["environment"],
            "PGHOST": str(server.hostname),
            "PGPORT": str(server.port),
            "PGDATABASE": name,
        }
        mounted = {"/run/secrets": str(folder), "/compose.sql": str(ROOT / "compose.sql")}
        shell.replaced = mounted
        for _ in range(2):
            shell.type(script)
        variables = {
            variable: value.replace(MOUNTED, f"{folder}/")
            for service in ("web", "worker")
            for variable, value in services[service]["environment"].items()
            if variable.endswith("DATABASE_URL_FILE")
        }
        assert len(variables) == 2
        assert_they_work(owner, variables, tmp_path)
        (check,) = {tuple(services["worker"]["healthcheck"]["test"][1:])}
        shell.replaced, shell.environment = {}, variables
        shell.type(" ".join(check))


def test_the_proxy_s_file_is_put_where_nginx_reads_it(shell: Shell) -> None:
    (block,) = blocks("A proxy in front")
    shell.stand_in("nginx", 'echo "$*" >>"$LOG"')
    target = shell.home / "pricing-sync.conf"
    shell.replaced = {
        "deploy/nginx.conf": str(ROOT / "deploy" / "nginx.conf"),
        "/etc/nginx/conf.d/pricing-sync.conf": str(target),
    }
    shell.type(block)
    assert target.read_text() == (ROOT / "deploy" / "nginx.conf").read_text()
    assert shell.logged("nginx") == ["-t", "-s reload"]


def test_prometheus_scrapes_with_the_key_of_its_file(
    shell: Shell, database: str, processes: Processes
) -> None:
    """Prometheus itself, on the files that are shipped: only path, port and interval are others."""
    promtool("--version")
    (block,) = blocks("Prometheus and Grafana")
    configured = shell.home / "etc"
    configured.mkdir()
    port, own_port = free_port(), free_port()
    example = shell.home / "example.yaml"
    text = (ROOT / "deploy/prometheus/prometheus.yaml").read_text()
    for written, meant in (
        ("/etc/prometheus", str(configured)),
        ("127.0.0.1:8000", f"127.0.0.1:{port}"),
        *(("_interval: 30s", "_interval: 1s"), ("_timeout: 10s", "_timeout: 1s")),
    ):
        assert written in text
        text = text.replace(written, meant)
    example.write_text(text)
    shell.environment = {"DATABASE_URL": database}
    shell.stand_in("chown", 'echo "$*" >>"$LOG"')
    shell.replaced = {
        "/etc/prometheus": str(configured),
        "deploy/prometheus/prometheus.yaml": str(example),
        "deploy/prometheus/alerts.yaml": str(ROOT / "deploy/prometheus/alerts.yaml"),
    }
    shell.type(block)
    assert stat.S_IMODE((configured / "pricing-sync.key").stat().st_mode) == 0o600
    processes.service("serve", "--port", str(port))
    wait_until(lambda: answers(f"http://127.0.0.1:{port}/health"), 60, "the web process")

    url = f"http://127.0.0.1:{own_port}"
    options = [
        f"--config.file={configured}/prometheus.yml",
        f"--storage.tsdb.path={shell.home}/data",
        f"--web.listen-address=127.0.0.1:{own_port}",
    ]
    with (shell.home / "prometheus.log").open("wb") as log:
        prometheus = subprocess.Popen(["prometheus", *options], stdout=log, stderr=log)

    def asked(query: str) -> list[dict[str, Any]]:
        answer = httpx2.get(f"{url}/api/v1/query", params={"query": query}, timeout=30)
        found: list[dict[str, Any]] = answer.json()["data"]["result"]
        return found

    try:
        wait_until(lambda: answers(f"{url}/-/ready"), 60, "Prometheus starts")
        wait_until(lambda: asked("pricing_workers_alive"), 60, "Prometheus has scraped")
        assert [each["value"][1] for each in asked('up{job="pricing-sync"}')] == ["1"]
        rules = httpx2.get(f"{url}/api/v1/rules?type=alert", timeout=30).json()["data"]["groups"]
        names = {rule["name"] for group in rules for rule in group["rules"]}
        assert "PricingNoWorkers" in names
    finally:
        prometheus.terminate()
        prometheus.wait(60)


# What the text says about other files.


def test_railway_s_services_are_the_files_that_there_are() -> None:
    (table,) = tables("Railway", PAGE)
    named = {re.findall(r"`/([^`]+)`", row["config file"])[0] for row in table}
    files = {*(ROOT / "deploy").glob("railway*.json"), *ROOT.glob("railway*.json")}
    assert named == {str(file.relative_to(ROOT)) for file in files}


def test_ci_runs_the_versions_that_the_page_names() -> None:
    (table,) = tables("Versions of PostgreSQL", PAGE)
    in_ci = {row["version"] for row in table if row["what was run on it"].endswith("in CI")}
    assert in_ci == {"15", "17"}
    script = (ROOT / ".ci" / "run").read_text()
    assert "other=17" in script and 'make check VERSION="$other"' in script
