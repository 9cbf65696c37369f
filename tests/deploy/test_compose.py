"""deploy/compose.secrets.yaml: compose.yaml with every secret read from a file."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import yaml

from service.settings import SECRETS, variable_name
from tests.support.processes import ROOT

COMPOSE = ROOT / "deploy" / "compose.secrets.yaml"
MOUNTED = "/run/secrets/"


def read(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load(path.read_text())
    return content


def test_compose_accepts_both_files() -> None:
    program = shutil.which("docker-compose")
    command = [program] if program else ["docker", "compose"]
    required = ("POSTGRES_PASSWORD", "PRICING_WEB_PASSWORD", "PRICING_WORKER_PASSWORD")
    environment = dict.fromkeys((*required, "PRICING_ADMIN_KEY"), "x") | {"PATH": "/usr/bin:/bin"}
    for file, given in ((COMPOSE, {"PATH": "/usr/bin:/bin"}), (ROOT / "compose.yaml", environment)):
        done = subprocess.run(
            [*command, "--file", str(file), "config", "--quiet"],
            env=given,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert (done.returncode, done.stderr) == (0, ""), file


def test_it_is_compose_yaml_with_files_in_the_place_of_secrets() -> None:
    ours, plain = read(COMPOSE)["services"], read(ROOT / "compose.yaml")["services"]
    assert ours.keys() == plain.keys()
    assert ours["logins"]["volumes"] == ["../compose.sql:/compose.sql:ro"]
    assert {ours[name]["build"] for name in ("migrate", "web", "worker")} == {".."}
    differing = {"build", "environment", "secrets", "entrypoint", "volumes"}
    for name, service in ours.items():
        same = service.keys() - differing
        assert {key: service[key] for key in same} == {key: plain[name][key] for key in same}, name
        assert same == plain[name].keys() - differing


def test_no_secret_is_in_an_environment_and_each_file_is_given_to_who_reads_it() -> None:
    content = read(COMPOSE)
    secret = {variable_name(field) for field in SECRETS} | {"POSTGRES_PASSWORD"}
    for name, service in content["services"].items():
        environment = service.get("environment", {})
        assert not environment.keys() & secret, name
        named = {v for v in environment.values() if str(v).startswith(MOUNTED)}
        given = {MOUNTED + each for each in service.get("secrets", [])}
        if name == "logins":
            script = service["entrypoint"][-1]
            named = {f"{MOUNTED}{each}" for each in given_names(script)}
        assert named == given, name
    used = {each for service in content["services"].values() for each in service.get("secrets", [])}
    assert used == content["secrets"].keys()
    for name, secret_file in content["secrets"].items():
        assert secret_file == {"file": f"secrets/{name}"}


def given_names(script: str) -> list[str]:
    return [part.split(")")[0] for part in script.split("$$(secret ")[1:]]


def test_the_word_for_older_scripts_is_one_comment_away() -> None:
    for path in (COMPOSE, ROOT / "compose.yaml"):
        text = path.read_text()
        assert "PRICING_HTTP_SUCCESS_WORD" not in str(read(path))
        activated = text.replace("# PRICING_HTTP_SUCCESS_WORD", "PRICING_HTTP_SUCCESS_WORD")
        web = yaml.safe_load(activated)["services"]["web"]
        assert web["environment"]["PRICING_HTTP_SUCCESS_WORD"] == "success"


def test_the_files_are_kept_out_of_the_repository() -> None:
    assert "deploy/secrets/" in (ROOT / ".gitignore").read_text().splitlines()
