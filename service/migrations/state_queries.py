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
            pg_get_triggerdef(t.oid), ' ON [a-z_0-9]+\\.', ' ON '
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
                    case when t.prosecdef <> r.prosecdef then 'by whose rights it runs' end,
                    case when t.proconfig is distinct from r.proconfig then 'its settings' end
                ),
                ''
            ),
            'its definition'
        ) || ' differs'
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
        when pg_get_viewdef(c.oid) <> r.definition then 'was replaced: its query differs'
        else 'was changed: its options differ'
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
        when t.definition <> r.definition then 'was replaced: its definition differs'
        else 'is switched off, or fires at other times'
    end,
    null, true
from released_trigger r
left join trigger t on t.name = r.name and t.relation = r.relation and not t.is_released
where t.name is null or t.definition <> r.definition or t.tgenabled <> r.tgenabled
union all
select format('trigger %%I on %%I', t.name, t.relation), 'is none of ours',
    format('drop trigger %%I on %%I.%%I;', t.name, t.schema, t.relation), false
from trigger t
where (t.schema = 'procrastinate' and t.name not like 'procrastinate\\_%%'
        or t.relation_oid in (select o.oid from our_table o))
    and not exists (
        select from released_trigger r where r.name = t.name and r.relation = t.relation
    )
union all
select format('trigger %%I on %%I', t.name, t.relation), 'is switched off, or fires at other times',
    format('alter table %%I.%%I enable trigger %%I;', t.schema, t.relation, t.name), true
from trigger t
where t.schema = 'procrastinate' and t.tgenabled <> 'O'
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
select 'table ' || o.name, 'is not there', null, false
from our_table o
where o.oid is null
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
