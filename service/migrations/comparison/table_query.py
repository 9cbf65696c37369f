"""Columns, constraints and indexes that differ from the release's."""

from __future__ import annotations

# Columns, constraints and indexes of our tables, in the order in which the statements can run. What
# the operator has added counts only where it refuses our rows.
COMPARE_TABLES = """
with ours as (
    select r.oid as released, t.oid as there, format('%I.%I', n.nspname, r.relname) as name,
        n.nspname::text as schema, t.relpersistence
    from pg_class r
    join pg_class t on t.relname = r.relname and t.relkind = 'r'
    join pg_namespace n on n.oid = t.relnamespace
    where r.relnamespace = SCRATCH_OID and r.relkind = 'r'
        and n.nspname
            = case when r.relname like 'procrastinate\\_%' then 'procrastinate' else 'public' end
),
table_oid as materialized (
    select o.released as oid from ours o union all select o.there from ours o
),
a_column as (
    select a.attrelid, a.attnum, a.attname::text as name,
        SCRATCH.named_released(format_type(a.atttypid, a.atttypmod)) as type,
        a.attnotnull as required, a.attidentity, a.attgenerated, a.attcollation,
        SCRATCH.named_released(pg_get_expr(d.adbin, d.adrelid)) as standard,
        t.typnotnull or exists (
            select from pg_constraint k where k.contypid = t.oid and k.contype = 'n'
        ) as is_required_by_type
    from pg_attribute a
    join pg_type t on t.oid = a.atttypid
    left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
    where a.attnum > 0 and not a.attisdropped and a.attrelid in (select o.oid from table_oid o)
),
a_constraint as (
    select k.conrelid, k.contypid, k.conname::text as name, k.convalidated, k.contype, k.confrelid,
        regexp_replace(
            SCRATCH.named_released(pg_get_constraintdef(k.oid)), ' NOT VALID$', ''
        ) as definition
    from pg_constraint k
    -- A constraint trigger is reported as a trigger.
    where k.contype not in ('n', 't')
        and (k.contypid <> 0 or k.conrelid in (select o.oid from table_oid o))
),
an_index as (
    select i.indrelid, c.relname::text as name, i.indisvalid and i.indisready as is_valid,
        i.indisunique, SCRATCH.named_released(pg_get_indexdef(i.indexrelid)) as definition
    from pg_index i
    join pg_class c on c.oid = i.indexrelid
    where i.indrelid in (select o.oid from table_oid o)
        and not exists (
            select from pg_constraint k
            where k.conindid = i.indexrelid and k.contype in ('p', 'u', 'x')
        )
),
a_domain as (
    select r.oid as released, t.oid as there, format('public.%I', t.typname) as name,
        t.typnotnull as required, r.typnotnull as should_be_required,
        t.typdefault as standard, r.typdefault as should_be_standard
    from pg_type r
    join pg_type t on t.typname = r.typname and t.typnamespace = 'public'::regnamespace
    where r.typnamespace = SCRATCH_OID and r.typtype = 'd' and t.typtype = 'd'
),
difference as (
    select 1 as place, format('column %s.%I', o.name, r.name) as object, 'is not there' as found,
        format(
            'alter table %s add column %s;',
            o.name, SCRATCH.column_released(o.released, r.attnum)
        ) || coalesce(SCRATCH.comment_released(o.released, o.name, r.attnum), '') as statement
    from ours o
    join a_column r on r.attrelid = o.released
    where not exists (select from a_column t where t.attrelid = o.there and t.name = r.name)
    union all
    select 1, format('column %s.%I', o.name, r.name),
        case
            when t.type <> r.type then 'is ' || t.type || ', not ' || r.type
            when t.attcollation <> r.attcollation
                then 'is collated as ' || coalesce(
                    (select l.collname from pg_collation l where l.oid = t.attcollation), 'nothing'
                )
            when t.required and not r.required then 'may not be null'
            when r.required and not t.required then 'may be null'
            when t.attidentity <> r.attidentity or t.attgenerated <> r.attgenerated
                then 'is not generated as it should be'
            else 'has another default'
        end,
        case
            when t.type <> r.type then null
            when t.attcollation <> r.attcollation then format(
                'alter table %s alter column %I type %s collate %s;',
                o.name, r.name, r.type,
                (
                    select format('%I.%I', l.collnamespace::regnamespace::text, l.collname)
                    from pg_collation l
                    where l.oid = r.attcollation
                )
            )
            when t.required <> r.required then format(
                'alter table %s alter column %I %s not null;',
                o.name, r.name, case when r.required then 'set' else 'drop' end
            )
            when t.attidentity <> r.attidentity or t.attgenerated <> r.attgenerated then null
            else format(
                'alter table %s alter column %I %s;',
                o.name, r.name, coalesce('set default ' || r.standard, 'drop default')
            )
        end
    from ours o
    join a_column r on r.attrelid = o.released
    join a_column t on t.attrelid = o.there and t.name = r.name
    where t.type <> r.type or t.required <> r.required or t.attidentity <> r.attidentity
        or t.attgenerated <> r.attgenerated or t.attcollation <> r.attcollation
        or (r.attidentity = '' and t.standard is distinct from r.standard)
    union all
    select 1, format('column %s.%I', o.name, t.name), 'is none of ours, and must be given',
        format(
            case
                when t.required then 'alter table %s alter column %I drop not null;'
                else 'alter table %s drop column %I;'
            end,
            o.name, t.name
        )
    from ours o
    join a_column t on t.attrelid = o.there
    where (t.required or t.is_required_by_type)
        and t.standard is null and t.attidentity = '' and t.attgenerated = ''
        and not exists (select from a_column r where r.attrelid = o.released and r.name = t.name)
    union all
    select 1, 'table ' || o.name, 'is unlogged: a crash of the server empties it',
        format('alter table %s set logged;', o.name)
    from ours o
    where o.relpersistence = 'u'
    union all
    select 1, 'table ' || o.name, 'has lost the rows that it was shipped with',
        ltrim(SCRATCH.rows_released(o.name))
    from ours o
    where SCRATCH.is_empty_released(o.there) and not SCRATCH.is_empty_released(o.released)
    union all
    select 1, 'domain ' || d.name, 'may not be null',
        format('alter domain %s drop not null;', d.name)
    from a_domain d
    where d.required and not d.should_be_required
    union all
    select 1, 'domain ' || d.name, 'has another default',
        format(
            'alter domain %s %s;',
            d.name, coalesce('set default ' || d.should_be_standard, 'drop default')
        )
    from a_domain d
    where d.standard is distinct from d.should_be_standard
    union all
    -- Keys and indexes before the foreign keys that point at them.
    select
        case when coalesce(r.contype, t.contype) = 'f' then 4 else 2 end,
        format('constraint %I on %s', coalesce(r.name, t.name), o.shown),
        case
            when r.name is null then 'is none of ours'
            when t.name is null then 'is not there'
            when t.definition <> r.definition then 'was changed'
            else 'was never validated'
        end,
        -- A foreign key to a missing table cannot be added.
        case
            when r.contype = 'f' and not exists (select from ours f where f.released = r.confrelid)
                then null
            else concat_ws(
                ' ',
                case
                    when t.name is not null
                        then format('alter %s drop constraint %I;', o.altered, t.name)
                end,
                case
                    when r.name is not null then
                        format('alter %s add constraint %I %s;', o.altered, r.name, r.definition)
                end
            )
        end
    from (
        select w.there, w.released, 0::oid as of_type, 0::oid as should_be_of_type,
            w.name as shown, 'table ' || w.name as altered
        from ours w
        union all
        select 0, 0, d.there, d.released, 'domain ' || d.name, 'domain ' || d.name
        from a_domain d
    ) as o
    cross join lateral (
        select k.name from a_constraint k
        where (k.conrelid, k.contypid)
            in ((o.there, o.of_type), (o.released, o.should_be_of_type))
        group by k.name
    ) as k
    left join a_constraint r
        on r.conrelid = o.released and r.contypid = o.should_be_of_type and r.name = k.name
    left join a_constraint t
        on t.conrelid = o.there and t.contypid = o.of_type and t.name = k.name
    where r.name is null or t.name is null or t.definition <> r.definition
        or t.convalidated <> r.convalidated
    union all
    -- PostgreSQL 18 keeps NOT NULL as a constraint.
    select 2, format('constraint %I on %s', k.conname, o.name), 'was never validated',
        format('alter table %s validate constraint %I;', o.name, k.conname)
    from ours o
    join pg_constraint k on k.conrelid = o.there and k.contype = 'n' and not k.convalidated
    union all
    select 3, 'index ' || quote_ident(r.name),
        case when t.name is null then 'is not there' else 'was changed, or is not valid' end,
        case when t.name is not null then format('drop index %s.%I; ', o.schema, r.name) else '' end
            || r.definition || ';'
    from ours o
    join an_index r on r.indrelid = o.released
    left join an_index t on t.indrelid = o.there and t.name = r.name
    where t.name is null or t.definition <> r.definition or not t.is_valid
    union all
    select 3, format('index %I on %s', t.name, o.name), 'is none of ours, and refuses rows',
        format('drop index %s.%I;', o.schema, t.name)
    from ours o
    join an_index t on t.indrelid = o.there and t.indisunique
    where not exists (select from an_index r where r.indrelid = o.released and r.name = t.name)
)
select d.object, d.found, d.statement, false as is_ours
from difference d
order by d.place, d.object, d.found
"""
