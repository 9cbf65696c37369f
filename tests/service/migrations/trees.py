"""Small trees of migrations/ and db/ for migrate, with the real engine."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from service.migrations.schema import Roots
from service.migrations.schema_files import default_roots

FIRST = "20260101000000_first.sql"
SECOND = "20260102000000_second.sql"


@dataclass(frozen=True)
class Tree:
    """A tree whose files are written and removed by their path below ``root``."""

    root: Path

    @property
    def roots(self) -> Roots:
        return Roots(self.root / "migrations", self.root / "db", default_roots().engine)

    def write(self, path: str, text: str) -> None:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def remove(self, path: str) -> None:
        (self.root / path).unlink()


def small_tree(root: Path) -> Tree:
    """Two tables, a function, a view that reads it, a trigger; without roles."""
    tree = Tree(root)
    tree.write(f"migrations/{FIRST}", "create table public.fruit (id bigint primary key);\n")
    tree.write(
        f"migrations/{SECOND}",
        "alter table public.fruit add column name text;\n"
        "update public.fruit set name = '100% ripe';\n"
        "create table if not exists public.basket (id bigint primary key, size int);\n",
    )
    tree.write(
        "db/functions/fruit_size.sql", function("fruit_size", "id bigint", "int", "select 1")
    )
    tree.write(
        "db/functions/guard_fruit.sql",
        "create or replace function public.guard_fruit() returns trigger language plpgsql as\n"
        "$$ begin return new; end $$;\n",
    )
    tree.write(
        "db/views/fruits.sql",
        "create or replace view public.fruits as\n"
        "select f.id, public.fruit_size(f.id) as size from public.fruit as f;\n",
    )
    tree.write(
        "db/triggers/guard_fruit.sql",
        "create or replace trigger fruit_guard before insert on public.fruit\n"
        "for each row execute function public.guard_fruit();\n",
    )
    tree.write("db/access.sql", "revoke all on public.fruit from public;\n")
    tree.write("db/engine.sql", (default_roots().db / "engine.sql").read_text())
    return tree


def function(name: str, parameters: str, returns: str, body: str) -> str:
    """The file of one SQL function."""
    return (
        f"create or replace function public.{name}({parameters}) returns {returns}\n"
        f"language sql stable as $$ {body} $$;\n"
    )
