"""The release's tables beside those of the database."""

from __future__ import annotations

# The release's table, and the one that is there.
TABLE_PAIRS = """
a_table as (
    select r.oid as released, t.oid as there, format('%I.%I', n.nspname, t.relname) as name
    from pg_class r
    join pg_namespace n
        on n.nspname = case
            when r.relname like 'procrastinate\\_%' then 'procrastinate' else 'public'
        end
    join pg_class t on t.relnamespace = n.oid and t.relname = r.relname and t.relkind = 'r'
    where r.relnamespace = SCRATCH_OID and r.relkind = 'r'
)"""

# The same where ours are known to be the release's: each beside itself.
OWN_TABLES = """
a_table as (
    select t.oid as released, t.oid as there, format('%I.%I', n.nspname, t.relname) as name
    from pg_class t
    join pg_namespace n on n.oid = t.relnamespace
    where t.relkind = 'r' and format('%I.%I', n.nspname, t.relname) = any ({names})
)"""
