"""Functions, views, triggers, rules and tables that differ from the release's."""

from __future__ import annotations

# The release's objects beside the database's of the same name. The parameter lists the release's
# tables and triggers. The setting pricing.unmade lists those of the release that could not be made
# in the scratch schema.
COMPARE = """
with our_table as (
    select w.name, w.statement, to_regclass(w.name) as oid
    from jsonb_to_recordset(%(released)s::jsonb -> 'tables') as w (name text, statement text)
),
unmade as (
    select u.kind, u.name
    from jsonb_to_recordset(current_setting('pricing.unmade')::jsonb) as u (kind text, name text)
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
        -- The engine's functions have a comparison of their own.
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
unmade_there as (
    select 'function ' || p.oid::regprocedure as object
    from unmade u
    join pg_proc p on p.pronamespace = 'public'::regnamespace and p.proname = u.name
    where u.kind = 'function'
    union all
    select u.kind || ' public.' || quote_ident(u.name)
    from unmade u
    where u.kind = 'view' and to_regclass(format('public.%%I', u.name)) is not null
),
released_view as (
    select c.relname::text as name, c.reloptions,
        regexp_replace(pg_get_viewdef(c.oid), 'SCRATCH_NAME', 'public.', 'g') as definition
    from pg_class c
    where c.relnamespace = SCRATCH_OID and c.relkind = 'v'
),
trigger as (
    select t.tgname::text as name, c.relname::text as relation, c.oid as relation_oid, t.tgenabled,
        n.oid = SCRATCH_OID as is_released,
        case
            when n.oid <> SCRATCH_OID then n.nspname::text
            when c.relname like 'procrastinate\\_%%' then 'procrastinate'
            else 'public'
        end as schema,
        SCRATCH.named_released(pg_get_triggerdef(t.oid)) as definition
    from pg_trigger t
    join pg_class c on c.oid = t.tgrelid
    join pg_namespace n on n.oid = c.relnamespace
    where not t.tgisinternal and (n.nspname in ('public', 'procrastinate') or n.oid = SCRATCH_OID)
),
released_trigger as (
    select t.name, t.schema, t.relation, t.tgenabled, t.definition
    from trigger t
    where t.is_released
    union all
    -- One that could not be made has no definition.
    select w.name, w.schema, w.relation, null, null
    from jsonb_to_recordset(%(released)s::jsonb -> 'triggers')
        as w (name text, schema text, relation text)
    where not exists (
        select from trigger t
        where t.is_released and t.name = w.name and t.schema = w.schema
            and t.relation = w.relation
    )
)
select 'function ' || r.signature as object, 'is not there' as found,
    null::text as statement, true as is_ours
from released r
where not exists (select from there t where t.name = r.name)
union all
select w.kind || ' public.' || quote_ident(w.name), 'is not there', null, true
from unmade w
where case w.kind
        when 'function' then not exists (
            select from pg_proc p
            where p.pronamespace = 'public'::regnamespace and p.proname = w.name
        )
        when 'view' then to_regclass(format('public.%%I', w.name)) is null
    end
union all
select u.object, 'cannot be compared: what it needs was changed or is not there', null, true
from unmade_there u
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
        when r.definition is null
            then 'cannot be compared: what it needs was changed or is not there'
        when t.definition <> r.definition then 'was replaced: its definition changed'
        else 'is switched off, or fires at other times'
    end,
    -- A replay makes our triggers; these statements make the engine's.
    case
        when r.name not like 'procrastinate\\_%%' then null
        when t.definition = r.definition
            then format('alter table procrastinate.%%I enable trigger %%I;', r.relation, r.name)
        else case
            when t.name is not null
                then format('drop trigger %%I on procrastinate.%%I; ', r.name, r.relation)
            else ''
        end || r.definition || ';'
    end,
    true
from released_trigger r
left join trigger t
    on t.name = r.name and t.schema = r.schema and t.relation = r.relation and not t.is_released
where t.name is null or r.definition is null or t.definition <> r.definition
    or t.tgenabled <> r.tgenabled
union all
select format('trigger %%I on %%I', t.name, t.relation), 'is none of ours',
    format('drop trigger %%I on %%I.%%I;', t.name, t.schema, t.relation), false
from trigger t
where not t.is_released
    and (
        t.schema = 'procrastinate' or t.relation_oid in (select o.oid from our_table o)
        or t.schema = 'public' and t.relation in (select v.name from released_view v)
    )
    and not exists (
        select from released_trigger r
        where r.name = t.name and r.schema = t.schema and r.relation = t.relation
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
-- A child's rows show in its parent, and other logins may write the child.
select 'table ' || i.inhrelid::regclass, 'is a child of ' || i.inhparent::regclass,
    format('alter table %%s no inherit %%s;', i.inhrelid::regclass, i.inhparent::regclass), false
from pg_inherits i
where i.inhparent in (select o.oid from our_table o)
    or i.inhparent in (
        select c.oid from pg_class c where c.relnamespace = to_regnamespace('procrastinate')
    )
    -- A change of the parent's rows changes the child's.
    or i.inhrelid in (select o.oid from our_table o)
union all
select 'table ' || o.name, case when c.oid is null then 'is not there' else 'is no table' end,
    case when c.oid is null then coalesce(o.statement, SCRATCH.table_released(o.name)) end, false
from our_table o
left join pg_class c on c.oid = o.oid
where c.oid is null or c.relkind <> 'r'
order by object, found
"""
