"""Step of one file of ``migrations/``."""

from __future__ import annotations

from service.migrations.do_block import REFUSED, do_block, file_literal, quote
from service.migrations.ledger import LEDGER
from service.migrations.migrate_lock import TAKE_LOCK
from service.migrations.schema import SqlFile
from service.postgres.sql_text import fill

# Settings with which a released file runs where it would fail, as its text stays. Operators of one
# cost are evaluated as written: a condition's value, such as '16:30', is converted to a number only
# where its key names a price.
SETTINGS = {"migrations/20261130000410_zeros_are_unknown.sql": ("cpu_operator_cost", "0")}


def migration_block(file: SqlFile) -> str:
    # The replay that follows gives new tables their owner and rights.
    return do_block(
        fill(
            """
declare
    v_search_path constant text := current_setting('search_path');
    v_digest text;
begin
    {take_lock}
    select digest into v_digest from {ledger} where name = {name};
    if v_digest <> {digest} then
        raise exception '% was applied with another text.', {name}
            using errcode = '{refused}',
                hint = 'A released migration is never edited: undo the edit, and write a new one.';
    elsif v_digest is not null then
        return;
    end if;
    perform set_config('search_path', 'pg_catalog, pg_temp', true);
    {execute}
    insert into {ledger} (name, digest) values ({name}, {digest});
    delete from {ledger} where name = 'db';
    perform set_config('search_path', v_search_path, true);
end
""",
            take_lock=TAKE_LOCK,
            ledger=LEDGER,
            name=quote(file.name),
            digest=quote(file.digest),
            refused=REFUSED,
            execute=_execute(file),
        )
    )


def _execute(file: SqlFile) -> str:
    execute = f"execute {file_literal(file)};"
    if file.name not in SETTINGS:
        return execute
    name, value = SETTINGS[file.name]
    return f"set local {name} = {value};\n    {execute}\n    set local {name} = default;"
