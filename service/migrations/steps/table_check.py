"""Step ``tables``: refuse a database that lost a table which the ledger lists."""

from __future__ import annotations

from service.migrations.do_block import REFUSED, do_block, quote
from service.migrations.ledger import LEDGER
from service.migrations.migrate_lock import TAKE_LOCK
from service.migrations.schema import Schema
from service.postgres.sql_text import fill


def table_check(schema: Schema) -> str:
    """Refuse when a relation that the ledger lists is missing, or is of another kind."""
    made = [(name, file.name, "r") for file in schema.migrations for name in file.relations()]
    made += [
        (f"public.{file.creates[0]}", f"db/views/{file.creates[0]}", "v")
        for file in schema.db
        if file.kind == "view"
    ]
    relations = ",\n            ".join(f"({', '.join(map(quote, each))})" for each in made)
    return do_block(
        fill(
            """
declare
    v_ledger text[];
    v_relation record;
    v_missing text;
begin
    {take_lock}
    if to_regclass('{ledger}') is null then
        return;
    end if;
    execute 'select coalesce(array_agg(name), ''{}'') from {ledger}' into v_ledger;
    if v_ledger <> '{}' and not exists (
        select
        from pg_index i
        where i.indrelid = to_regclass('{ledger}') and i.indisunique and i.indisvalid
            and i.indnkeyatts = 1 and pg_get_indexdef(i.indexrelid, 1, true) = 'name'
    ) then
        raise exception '{ledger} has no primary key: constraints and indexes were not restored.'
            using errcode = '{refused}',
                hint = 'Nothing was changed. Restore the rest of the dump (pg_restore '
                    '--section=post-data), and migrate again. If only that key is gone: '
                    'alter table {ledger} add primary key (name);';
    end if;

    for v_relation in
        select made.name, made.part, made.kind, c.relkind, c.relname,
            case c.relkind
                when 'v' then 'view' when 'm' then 'materialized view' when 'f' then 'foreign table'
                when 'S' then 'sequence' else 'table'
            end as is_now
        from (values
            {relations}
        ) as made (name, part, kind)
        left join pg_class c on c.oid = to_regclass(made.name)
        where made.part = any (v_ledger)
        order by made.name
    loop
        if v_relation.relkind is null and v_relation.kind = 'r' then
            v_missing := concat_ws(', ', v_missing, v_relation.name);
        elsif v_relation.relkind <> v_relation.kind then
            raise exception '% is a %, and this version has a % of that name.',
                v_relation.name, v_relation.is_now,
                case v_relation.kind when 'v' then 'view' else 'table' end
                using errcode = '{refused}', hint = 'Nothing was changed. Rename it, and migrate '
                    'again: ' || format('alter %s %s rename to %I;',
                        v_relation.is_now, v_relation.name, left(v_relation.relname, 58) || '_old');
        end if;
    end loop;
    if v_missing is not null then
        raise exception 'Tables that the ledger lists are missing: %.', v_missing
            using errcode = '{refused}',
                hint = 'Nothing was changed. Restore them from a backup (pg_restore '
                    '--table=<table>), and migrate again: it names the constraints and indexes '
                    'that they lack. Or make them again, empty: `pricing-sync migrate --repair`.';
    end if;
end
""",
            take_lock=TAKE_LOCK,
            ledger=LEDGER,
            refused=REFUSED,
            relations=relations,
        )
    )
