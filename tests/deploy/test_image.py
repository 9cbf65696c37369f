"""The Dockerfile, checked against the tree that it copies."""

from __future__ import annotations

from tests.deploy.image import Image
from tests.support.processes import ROOT, Processes


def test_it_holds_what_it_runs_and_nothing_else(image: Image, processes: Processes) -> None:
    assert {path.name for path in image.files.iterdir()} == {
        "LICENSE",
        "requirements.lock",
        "service",
        "db",
        "migrations",
    }
    assert (image.files / "requirements.lock").read_text() == (
        ROOT / "requirements.lock"
    ).read_text()
    arguments = [*image.arguments(" ".join(image.entrypoint)), "migrate", "--export", "."]
    exported = processes.service(*arguments, may_fail=False, cwd=image.files, **image.environment())
    assert exported.wait(30) == 0, exported.output
    assert list(image.files.glob("*_pricing_sync_*.sql")), "it has found its SQL"


def test_it_installs_by_digest_and_runs_without_privileges(image: Image) -> None:
    names = [name for name, _ in image.instructions]
    (installing,) = (value for name, value in image.instructions if "pip install" in value)
    assert "--require-hashes -r requirements.lock" in installing
    assert image.only("USER") in image.instructions[names.index("USER") - 1][1]
    assert names.index("USER") < names.index("ENTRYPOINT")
