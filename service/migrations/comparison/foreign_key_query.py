"""Foreign keys whose triggers are disabled.

A ``pg_restore --disable-triggers`` that was killed leaves them so.
"""

from __future__ import annotations

from service.migrations.comparison.table_pairs import TABLE_PAIRS
from service.postgres.sql_text import fill

# Dropped and added again, because only a superuser may enable the triggers of a constraint. It
# stays unvalidated only if rows that were written meanwhile violate it.
FOREIGN_KEYS = fill(
    """
with {tables}
select distinct format('constraint %I on %s', k.conname, k.conrelid::regclass) as object,
    'is not checked: its triggers are switched off' as found,
    case
        when o.there is null then format(
            'alter table %s enable trigger all;', t.tgrelid::regclass
        )
        else format(
            'alter table %1$s drop constraint %2$I;'
            ' alter table %1$s add constraint %2$I %3$s not valid;'
            ' do $$ begin alter table %1$s validate constraint %2$I;'
            ' exception when foreign_key_violation then null; end $$;',
            k.conrelid::regclass, k.conname,
            regexp_replace(pg_get_constraintdef(k.oid), ' NOT VALID$', '')
        )
    end as statement,
    o.there is not null and pg_has_role(c.relowner, 'usage') as is_ours, true as runs_first
from pg_trigger t
join pg_constraint k on k.oid = t.tgconstraint
join pg_class c on c.oid = k.conrelid
left join a_table o on o.there = k.conrelid
where t.tgisinternal and t.tgenabled <> 'O' and k.contype = 'f'
    and t.tgrelid in (select a.there from a_table a)
order by object
""",
    tables=TABLE_PAIRS,
)
