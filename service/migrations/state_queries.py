"""The queries behind ``state``. SCRATCH stands for the schema with the release's own objects."""

from __future__ import annotations

# The release's objects beside those of the same name that are there. In a definition the scratch
# schema is written back to public first. The one parameter is the tables that are ours.
COMPARE = """
with our_table as (
    select w.name, to_regclass(w.name) as oid from unnest(%s::text[]) as w (name)
),
released as (
    select p.proname::text as name, p.prosecdef, p.proconfig,
        regexp_replace(p.oid::regprocedure::text, 'SCRATCH_NAME', 'public.') as signature,
        regexp_replace(pg_get_functiondef(p.oid), 'SCRATCH_NAME', 'public.', 'g') as definition,
        regexp_replace(
            coalesce(pg_get_function_sqlbody(p.oid), p.prosrc), 'SCRATCH_NAME', 'public.', 'g'
        ) as body
    from pg_proc p
    where p.pronamespace = SCRATCH_OID and p.proname not like '%%\\_released'
        -- The engine's have a comparison of their own.
        and p.proname not like 'procrastinate\\_%%'
),
there as (
    select p.proname::text as name, p.prosecdef, p.proconfig,
        p.oid::regprocedure::text as signature,
        case when p.prokind in ('f', 'p') then pg_get_functiondef(p.oid) end as definition,
        coalesce(pg_get_function_sqlbody(p.oid), p.prosrc) as body
    from pg_proc p
    where p.pronamespace = 'public'::regnamespace
        and p.proname in (select r.name from released r)
),
released_view as (
    select c.relname::text as name, c.reloptions,
        regexp_replace(pg_get_viewdef(c.oid), 'SCRATCH_NAME', 'public.', 'g') as definition
    from pg_class c
    where c.relnamespace = SCRATCH_OID and c.relkind = 'v'
),
trigger as (
    select t.tgname::text as name, n.nspname::text as schema, c.relname::text as relation,
        c.oid as relation_oid, t.tgenabled, n.oid = SCRATCH_OID as is_released,
        regexp_replace(
            pg_get_triggerdef(t.oid), 'SCRATCH_NAME', 'procrastinate.', 'g'
        ) as full_text,
        regexp_replace(
            pg_get_triggerdef(t.oid), 'SCRATCH_NAME|public\\.|procrastinate\\.', '', 'g'
        ) as definition
    from pg_trigger t
    join pg_class c on c.oid = t.tgrelid
    join pg_namespace n on n.oid = c.relnamespace
    where not t.tgisinternal and (n.nspname in ('public', 'procrastinate') or n.oid = SCRATCH_OID)
),
released_trigger as (
    select t.* from trigger t where t.is_released
)
select 'function ' || r.signature as object, 'is not there' as found,
    null::text as statement, true as is_ours
from released r
where not exists (select from there t where t.name = r.name)
union all
select 'function ' || t.signature,
    case
        when t.signature <> r.signature then 'has the name of one of ours, and other parameters'
        else 'was replaced: ' || coalesce(
            nullif(
                concat_ws(
                    ' and ',
                    case when t.body is distinct from r.body then 'its body' end,
                    case when t.prosecdef <> r.prosecdef then 'its security' end,
                    case when t.proconfig is distinct from r.proconfig then 'its settings' end
                ),
                ''
            ),
            'its definition'
        ) || ' changed'
    end,
    null, true
from there t
join released r on r.name = t.name
where t.signature <> r.signature or t.definition is distinct from r.definition
union all
select 'view public.' || quote_ident(r.name),
    case
        when c.oid is null then 'is not there'
        when c.relkind <> 'v' then 'is no view'
        when pg_get_viewdef(c.oid) <> r.definition then 'was replaced: its query changed'
        else 'was changed: its options'
    end,
    null, true
from released_view r
left join pg_class c on c.relnamespace = 'public'::regnamespace and c.relname = r.name
where c.oid is null or c.relkind <> 'v' or pg_get_viewdef(c.oid) <> r.definition
    or c.reloptions is distinct from r.reloptions
union all
select format('trigger %%I on %%I', r.name, r.relation),
    case
        when t.name is null then 'is not there'
        when t.definition <> r.definition then 'was replaced: its definition changed'
        else 'is switched off, or fires at other times'
    end,
    -- A replay makes ours; the engine's are made by these.
    case
        when r.name not like 'procrastinate\\_%%' then null
        when t.definition = r.definition
            then format('alter table procrastinate.%%I enable trigger %%I;', r.relation, r.name)
        else case
            when t.name is not null
                then format('drop trigger %%I on procrastinate.%%I; ', r.name, r.relation)
            else ''
        end || r.full_text || ';'
    end,
    true
from released_trigger r
left join trigger t on t.name = r.name and t.relation = r.relation and not t.is_released
where t.name is null or t.definition <> r.definition or t.tgenabled <> r.tgenabled
union all
select format('trigger %%I on %%I', t.name, t.relation), 'is none of ours',
    format('drop trigger %%I on %%I.%%I;', t.name, t.schema, t.relation), false
from trigger t
where (t.schema = 'procrastinate' or t.relation_oid in (select o.oid from our_table o)
        or t.schema = 'public' and t.relation in (select v.name from released_view v))
    and not exists (
        select from released_trigger r where r.name = t.name and r.relation = t.relation
    )
union all
select format('rule %%I on %%s', w.rulename, w.ev_class::regclass), 'is none of ours',
    format('drop rule %%I on %%s;', w.rulename, w.ev_class::regclass), false
from pg_rewrite w
join pg_class c on c.oid = w.ev_class
where w.rulename <> '_RETURN'
    and (
        w.ev_class in (select o.oid from our_table o)
        or c.relnamespace = to_regnamespace('procrastinate')
        or c.relnamespace = 'public'::regnamespace
        and c.relname in (select v.name from released_view v)
    )
union all
-- A child's rows show in its parent, whoever may write them.
select 'table ' || i.inhrelid::regclass, 'is a child of ' || i.inhparent::regclass,
    format('alter table %%s no inherit %%s;', i.inhrelid::regclass, i.inhparent::regclass), false
from pg_inherits i
where i.inhparent in (select o.oid from our_table o)
    or i.inhparent in (
        select c.oid from pg_class c where c.relnamespace = to_regnamespace('procrastinate')
    )
union all
select 'table ' || o.name, 'is not there', null, false
from our_table o
where o.oid is null
order by object, found
"""

# Columns, constraints and indexes of our tables. An index that the operator has added is fine.
# What is bare has no schema: of a temporary object Postgres names none.
COMPARE_TABLES = """
with ours as (
    select r.oid as released, t.oid as there, format('%I.%I', n.nspname, r.relname) as name,
        n.nspname::text as schema
    from pg_class r
    join pg_class t on t.relname = r.relname and t.relkind = 'r'
    join pg_namespace n on n.oid = t.relnamespace
    where r.relnamespace = SCRATCH_OID and r.relkind = 'r'
        and n.nspname in ('public', 'procrastinate')
),
a_column as (
    select x.*, regexp_replace(x.standard, '(public|procrastinate)\\.', '', 'g') as bare_standard
    from (
        select a.attrelid, a.attname::text as name,
            -- A temporary type is named without its schema.
            regexp_replace(
                format_type(a.atttypid, a.atttypmod), 'SCRATCH_NAME|procrastinate\\.|^public\\.', ''
            ) as type,
            a.attnotnull as required, a.attidentity, a.attgenerated,
            regexp_replace(
                pg_get_expr(d.adbin, d.adrelid), 'SCRATCH_NAME', 'public.', 'g'
            ) as standard
        from pg_attribute a
        left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
        where a.attnum > 0 and not a.attisdropped
    ) as x
),
a_constraint as (
    select x.*, regexp_replace(x.definition, '(public|procrastinate)\\.', '', 'g') as bare
    from (
        select k.conrelid, k.conname::text as name, k.convalidated,
            regexp_replace(
                regexp_replace(pg_get_constraintdef(k.oid), 'SCRATCH_NAME', 'public.', 'g'),
                ' NOT VALID$', ''
            ) as definition
        from pg_constraint k
        where k.contype <> 'n' and k.conrelid <> 0
    ) as x
),
an_index as (
    select x.*, regexp_replace(x.definition, '(public|procrastinate)\\.', '', 'g') as bare
    from (
        select i.indrelid, c.relname::text as name, i.indisvalid,
            regexp_replace(
                regexp_replace(pg_get_indexdef(i.indexrelid), 'SCRATCH_NAME', 'public.', 'g'),
                ' ON [a-z_0-9]+\\.', ' ON public.'
            ) as definition
        from pg_index i
        join pg_class c on c.oid = i.indexrelid
        where not exists (select from pg_constraint k where k.conindid = i.indexrelid)
    ) as x
),
a_domain as (
    select t.oid, t.typnamespace, t.typname::text as name,
        (
            select string_agg(pg_get_constraintdef(k.oid), ' ' order by k.conname)
            from pg_constraint k
            where k.contypid = t.oid and k.contype = 'c'
        ) as checks
    from pg_type t
    where t.typtype = 'd'
)
select format('column %s.%I', o.name, r.name) as object, 'is not there' as found,
    format('alter table %s add column %I %s', o.name, r.name,
        case when r.type ~ '^(pricing|procrastinate)_' then o.schema || '.' else '' end || r.type)
        || coalesce(' default ' || replace(r.standard, 'public.', o.schema || '.'), '')
        || case when r.required then ' not null;' else ';' end as statement,
    false as is_ours
from ours o
join a_column r on r.attrelid = o.released
where not exists (select from a_column t where t.attrelid = o.there and t.name = r.name)
union all
select format('column %s.%I', o.name, r.name),
    case
        when t.type <> r.type then 'is ' || t.type || ', not ' || r.type
        when t.required and not r.required then 'may not be null'
        when r.required and not t.required then 'may be null'
        when t.attidentity <> r.attidentity or t.attgenerated <> r.attgenerated
            then 'is not generated as it should be'
        else 'has another default'
    end,
    case
        when t.type <> r.type or t.attidentity <> r.attidentity or t.attgenerated <> r.attgenerated
            then null
        when t.required <> r.required then format(
            'alter table %s alter column %I %s not null;',
            o.name, r.name, case when r.required then 'set' else 'drop' end
        )
        else format(
            'alter table %s alter column %I %s;',
            o.name, r.name,
            coalesce(
                'set default ' || replace(r.standard, 'public.', o.schema || '.'), 'drop default'
            )
        )
    end,
    false
from ours o
join a_column r on r.attrelid = o.released
join a_column t on t.attrelid = o.there and t.name = r.name
where t.type <> r.type or t.required <> r.required or t.attidentity <> r.attidentity
    or t.attgenerated <> r.attgenerated
    or (r.attidentity = '' and t.bare_standard is distinct from r.bare_standard)
union all
select format('constraint %I on %s', r.name, o.name),
    case
        when t.name is null then 'is not there'
        when t.bare <> r.bare then 'was changed'
        else 'was never validated'
    end,
    case
        when t.name is not null then format(
            'alter table %s drop constraint %I; ', o.name, r.name
        ) else ''
    end || format('alter table %s add constraint %I %s;', o.name, r.name,
        replace(r.definition, 'public.', o.schema || '.')),
    false
from ours o
join a_constraint r on r.conrelid = o.released
left join a_constraint t on t.conrelid = o.there and t.name = r.name
where t.name is null or t.bare <> r.bare or t.convalidated <> r.convalidated
union all
select format('constraint %I on %s', t.name, o.name), 'is none of ours',
    format('alter table %s drop constraint %I;', o.name, t.name), false
from ours o
join a_constraint t on t.conrelid = o.there
where not exists (
    select from a_constraint r where r.conrelid = o.released and r.name = t.name
)
union all
select 'index ' || quote_ident(r.name),
    case when t.name is null then 'is not there' else 'was changed, or is not valid' end,
    case when t.name is not null then format('drop index %s.%I; ', o.schema, r.name) else '' end
        || replace(r.definition, 'public.', o.schema || '.') || ';',
    false
from ours o
join an_index r on r.indrelid = o.released
left join an_index t on t.indrelid = o.there and t.name = r.name
where t.name is null or t.bare <> r.bare or not t.indisvalid
union all
select 'domain public.' || quote_ident(r.name), 'has other checks', null, false
from a_domain r
join a_domain t on t.name = r.name and t.typnamespace = 'public'::regnamespace
where r.typnamespace = SCRATCH_OID and t.checks is distinct from r.checks
order by object, found
"""

# pg_cron shows a user its own jobs, and a superuser all.
CRON = """
select 'cron job ' || w.name as object,
    case
        when j.jobid is null then 'is not there'
        when j.database <> current_database() then 'runs in the database ' || j.database
        when not j.active then 'is switched off'
        else 'has another schedule or command'
    end as found,
    case
        when j.jobid is not null and not j.active then
            format('select cron.alter_job(%s, active => true);', j.jobid)
    end as statement,
    j.jobid is null or j.active as is_ours
from SCRATCH.pricing_cron_jobs w
left join cron.job j on j.jobname = w.name and j.username = current_user
where j.jobid is null or not j.active or j.database <> current_database()
    or j.schedule <> w.schedule or j.command <> w.command
order by 1
"""
