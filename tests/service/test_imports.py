"""Imports point downwards from folder to folder, and none is part of a circle."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise
from pathlib import Path

from tests.support.processes import ROOT

# From the lowest floor up: a folder may import only from those before it.
FLOORS = (
    "errors",
    "printable",
    "environment",
    "prices",
    "database_address",
    "settings",
    "log_context",
    "logs",
    "postgres",
    "reading",
    "fetch",
    "providers",
    "lists",
    "calls",
    "terminal",
    "migrations",
    "engine",
    "sync",
    "worker",
    "embedded",
    "doctor",
    "up",
    "bench",
    "web",
    "cli",
    "__main__",
)
# One noun on several floors for the same thing: over HTTP, on a command line, in the doctor.
SAME_THING = {
    "app",  # procrastinate's, Starlette's, Typer's
    "bench",
    "doctor",
    "held",
    "keys",
    "overrides",
    "previews",
    "prices",
    "providers",
    "rules",
    "syncs",
    "uninstall",
}


def test_every_import_points_downwards() -> None:
    graph = _imports(ROOT / "service")
    floors = {name: number for number, name in enumerate(FLOORS)}
    assert {module.partition(".")[0] for module in graph} == set(FLOORS)
    upward = [
        f"{module} -> {imported}"
        for module, others in graph.items()
        for imported in others
        if floors[_folder(module)] < floors[_folder(imported)]
    ]
    assert upward == []
    assert _circle(graph) == []


def test_an_upward_import_and_a_circle_are_found(tmp_path: Path) -> None:
    """Imports that only the type checker sees count as well."""
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "__init__.py").write_text("")
    hidden = "if TYPE_CHECKING:\n    from service.a import two\n"
    (tmp_path / "a" / "one.py").write_text(f"from typing import TYPE_CHECKING\n{hidden}")
    (tmp_path / "a" / "two.py").write_text("def late():\n    import service.a.one\n")
    graph = _imports(tmp_path)
    assert graph == {"a": set(), "a.one": {"a.two"}, "a.two": {"a.one"}}
    assert sorted(set(_circle(graph))) == ["a.one", "a.two"]


def test_nothing_but_the_command_line_imports_what_people_see() -> None:
    graph = _imports(ROOT / "service")
    into = {
        (_folder(module), _folder(imported))
        for module, others in graph.items()
        for imported in others
        if _folder(imported) in ("web", "cli") and _folder(imported) != _folder(module)
    }
    assert into == {("cli", "web"), ("__main__", "cli")}


def test_no_two_modules_of_one_name_mean_different_things() -> None:
    names = sorted(module.rpartition(".")[2] for module in _imports(ROOT / "service"))
    assert {first for first, second in pairwise(names) if first == second} == SAME_THING


def test_an_init_holds_no_logic() -> None:
    for path in (ROOT / "service").rglob("__init__.py"):
        for node in ast.parse(path.read_text()).body:
            is_docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
            is_future = isinstance(node, ast.ImportFrom) and node.module == "__future__"
            is_version = ast.unparse(node).startswith("__version__ = ")
            assert is_docstring or is_future or is_version, (path, ast.unparse(node))


def _folder(module: str) -> str:
    return module.partition(".")[0]


def _imports(package: Path) -> dict[str, set[str]]:
    """The modules of ours that each module imports anywhere; names lack ``service.``."""
    paths = {_name(path, package): path for path in package.rglob("*.py")}
    paths.pop("", None)
    return {
        module: {found for found in _imported(path, paths) if found in paths}
        for module, path in paths.items()
    }


def _name(path: Path, package: Path) -> str:
    parts = path.relative_to(package).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _imported(path: Path, known: Iterable[str]) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            for alias in node.names:
                member = f"{node.module}.{alias.name}"
                is_module = member.removeprefix("service.") in known
                found.add(member if is_module else node.module)
    return {name.removeprefix("service.") for name in found if name.startswith("service.")}


def _circle(graph: Mapping[str, set[str]]) -> list[str]:
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        circle: list[str] = error.args[1]
        return circle
    return []
