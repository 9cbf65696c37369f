"""The queries behind ``state``. SCRATCH stands for the schema with the release's own objects."""

from __future__ import annotations

# Writes the schemas of the release into what was made in the scratch schema. What lies in the
# temporary one is named without a schema where it is a type, or a relation in an expression. A
# function is never: one that is named without a schema is none of ours.
MAKE_NAMED = """
create function SCRATCH.named_released(text) returns text
language sql immutable
as $$
    select regexp_replace(
        regexp_replace(
            $1, 'SCRATCH_NAME(?=procrastinate_)|SCRATCH_BARE(?=procrastinate_)',
            'procrastinate.', 'g'
        ),
        'SCRATCH_NAME|SCRATCH_OURS', 'public.', 'g'
    )
$$
"""

# The engine's types, which come before the tables that have them.
COMPARE_TYPES = """
with a_type as (
    select t.oid, t.typnamespace, t.typname::text as name, t.typtype,
        array(
            select e.enumlabel::text from pg_enum e
            where e.enumtypid = t.oid
            order by e.enumsortorder
        ) as labels,
        (
            select string_agg(
                format(
                    '%I %s', a.attname,
                    SCRATCH.named_released(format_type(a.atttypid, a.atttypmod))
                ),
                ', ' order by a.attnum
            )
            from pg_attribute a
            where a.attrelid = t.typrelid and a.attnum > 0 and not a.attisdropped
        ) as attributes
    from pg_type t
    left join pg_class c on c.oid = t.typrelid
    where t.typnamespace in (SCRATCH_OID, to_regnamespace('procrastinate'))
        and (t.typtype = 'e' or c.relkind = 'c')
),
compared as (
    select format('procrastinate.%I', r.name) as name, r.typtype, t.oid as there,
        r.typtype = 'e' and t.typtype = 'e' as are_enums,
        case r.typtype
            when 'c' then '(' || r.attributes || ')'
            else 'enum ('
                || (select string_agg(quote_literal(l), ', ') from unnest(r.labels) as l) || ')'
        end as definition,
        array(select unnest(t.labels) except select unnest(r.labels)) as added,
        array(select unnest(r.labels) except select unnest(t.labels)) as missing
    from a_type r
    left join a_type t
        on t.typnamespace = to_regnamespace('procrastinate') and t.name = r.name
    where r.typnamespace = SCRATCH_OID and r.name like 'procrastinate\\_%'
        and (
            t.oid is null or t.typtype <> r.typtype or t.labels <> r.labels
            or t.attributes is distinct from r.attributes
        )
)
select 'type ' || c.name as object,
    case
        when c.there is null then 'is not there'
        when c.are_enums then 'has other values'
        else 'has other attributes'
    end as found,
    case
        when c.there is null then format('create type %s as %s;', c.name, c.definition)
        when c.typtype = 'c' then
            format('drop type %s cascade; create type %s as %s;', c.name, c.name, c.definition)
        when cardinality(c.added) = 1 and cardinality(c.missing) = 1 then
            format('alter type %s rename value %L to %L;', c.name, c.added[1], c.missing[1])
        when c.added = '{}' then (
            select string_agg(format('alter type %s add value %L;', c.name, m), ' ')
            from unnest(c.missing) as m
        )
    end as statement,
    false as is_ours
from compared c
order by object
"""

# The release's objects beside those of the same name that are there. The one parameter is what has
# a name in the release: tables and triggers. What could not be made in the scratch schema stands in
# the setting pricing.unmade; it has a name in the release all the same.
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
    -- A replay makes ours; the engine's are made by these.
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
-- A child's rows show in its parent, whoever may write them.
select 'table ' || i.inhrelid::regclass, 'is a child of ' || i.inhparent::regclass,
    format('alter table %%s no inherit %%s;', i.inhrelid::regclass, i.inhparent::regclass), false
from pg_inherits i
where i.inhparent in (select o.oid from our_table o)
    or i.inhparent in (
        select c.oid from pg_class c where c.relnamespace = to_regnamespace('procrastinate')
    )
    -- And a change of the parent's rows changes the child's.
    or i.inhrelid in (select o.oid from our_table o)
union all
select 'table ' || o.name, case when c.oid is null then 'is not there' else 'is no table' end,
    case when c.oid is null then o.statement end, false
from our_table o
left join pg_class c on c.oid = o.oid
where c.oid is null or c.relkind <> 'r'
order by object, found
"""

# Columns, constraints and indexes of our tables, in the order in which the statements work. What
# the operator has added is fine, unless it refuses rows of ours.
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
    select a.attrelid, a.attname::text as name,
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
    -- A constraint trigger is told as a trigger.
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
        format('alter table %s add column %I %s', o.name, r.name, r.type)
            || coalesce(' default ' || r.standard, '')
            || case when r.required then ' not null;' else ';' end as statement
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
        -- Of a table that is gone there is nothing to point at.
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
    -- Of PostgreSQL 18.
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

# pg_cron shows a user its own jobs, and a superuser all. One runs in the database, and is reached
# at the host and port, that it was made with.
CRON = """
select 'cron job ' || w.name as object,
    case
        when j.jobid is null then 'is not there'
        when not j.active then 'is switched off'
        when j.database <> current_database() then 'runs in the database ' || j.database
        when j.nodename <> h.name or j.nodeport <> h.port
            then format('runs at another host or port: %s:%s', j.nodename, j.nodeport)
        else 'has another schedule or command'
    end as found,
    case
        when j.jobid is not null and not j.active then
            format('select cron.alter_job(%s, active => true);', j.jobid)
    end as statement,
    j.jobid is null or j.active as is_ours
from SCRATCH.pricing_cron_jobs w
cross join (
    -- The host is not everybody's to read: null is compared with nothing.
    select current_setting('port')::integer as port,
        case
            when pg_has_role(current_user, 'pg_read_all_settings', 'usage')
                then current_setting('cron.host')
        end as name
) as h
left join cron.job j on j.jobname = w.name and j.username = current_user
where j.jobid is null or not j.active or j.database <> current_database()
    or j.nodename <> h.name or j.nodeport <> h.port
    or j.schedule <> w.schedule or j.command <> w.command
union all
-- The same twice, or what passes for ours.
select format('cron job %s, which is %s of %s', j.jobid, coalesce(j.jobname, 'without a name'),
        j.username),
    case
        when exists (select from SCRATCH.pricing_cron_jobs w where w.command = btrim(j.command))
            then 'runs a command of ours once more'
        else 'has a name like ours, and is none of ours'
    end,
    format('select cron.unschedule(%s);', j.jobid), false
from cron.job j
where j.active and j.database = current_database()
    and (
        j.jobname like 'pricing\\_sync\\_%'
        or exists (select from SCRATCH.pricing_cron_jobs w where w.command = btrim(j.command))
    )
    and not (
        j.username = current_user
        and exists (select from SCRATCH.pricing_cron_jobs w where w.name = j.jobname)
    )
order by 1, 2
"""
