"""Types and domains that differ from the release's."""

from __future__ import annotations

# Our types and domains, and the engine's types: their statements run before those of tables that
# use them.
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
    where t.typnamespace in (
            SCRATCH_OID, to_regnamespace('public'), to_regnamespace('procrastinate')
        )
        and (t.typtype = 'e' or c.relkind = 'c')
),
compared as (
    select r.oid as place, format('%I.%I', n.home, r.name) as name, r.typtype, t.oid as there,
        coalesce(
            format(' comment on type %I.%I is ', n.home, r.name)
                || quote_literal(obj_description(r.oid, 'pg_type')) || ';',
            ''
        ) as comment,
        r.typtype = 'e' and t.typtype = 'e' as are_enums,
        case r.typtype
            when 'c' then '(' || r.attributes || ')'
            else 'enum ('
                || (select string_agg(quote_literal(l), ', ') from unnest(r.labels) as l) || ')'
        end as definition,
        -- With a domain that was dropped. Only of ours: what uses it is made anew.
        n.home = 'public' and not string_to_array(coalesce(t.attributes, ''), ', ')
            @> string_to_array(r.attributes, ', ') as has_lost_attributes,
        array(select unnest(t.labels) except select unnest(r.labels)) as added,
        array(select unnest(r.labels) except select unnest(t.labels)) as missing
    from a_type r
    cross join lateral (
        select case when r.name like 'procrastinate\\_%' then 'procrastinate'
            else 'public' end as home
    ) as n
    left join a_type t on t.typnamespace = to_regnamespace(n.home) and t.name = r.name
    where r.typnamespace = SCRATCH_OID
        and (
            t.oid is null or t.typtype <> r.typtype or t.labels <> r.labels
            or t.attributes is distinct from r.attributes
        )
)
select d.object, d.found, d.statement, d.is_ours
from (
select c.place, 'type ' || c.name as object,
    case
        when c.there is null then 'is not there'
        when c.are_enums then 'has other values'
        when c.has_lost_attributes then 'has lost attributes'
        else 'has other attributes'
    end as found,
    case
        when c.there is null then
            format('create type %s as %s;', c.name, c.definition) || c.comment
        when c.typtype = 'c' then
            format('drop type %s cascade; create type %s as %s;', c.name, c.name, c.definition)
                || c.comment
        when cardinality(c.added) = 1 and cardinality(c.missing) = 1 then
            format('alter type %s rename value %L to %L;', c.name, c.added[1], c.missing[1])
        when c.added = '{}' then (
            select string_agg(format('alter type %s add value %L;', c.name, m), ' ')
            from unnest(c.missing) as m
        )
    end as statement,
    false as is_ours
from compared c
union all
select r.oid, format('domain public.%I', r.typname), 'is not there',
    format(
        'create domain public.%I as %s%s;', r.typname, format_type(r.typbasetype, r.typtypmod),
        (
            select string_agg(
                format(
                    ' constraint %I %s', k.conname,
                    SCRATCH.named_released(pg_get_constraintdef(k.oid))
                ),
                '' order by k.conname
            )
            from pg_constraint k
            where k.contypid = r.oid and k.contype = 'c'
        )
    ) || coalesce(
        format(' comment on domain public.%I is ', r.typname)
            || quote_literal(obj_description(r.oid, 'pg_type')) || ';',
        ''
    ),
    false
from pg_type r
where r.typnamespace = SCRATCH_OID and r.typtype = 'd'
    and not exists (
        select from pg_type t
        where t.typname = r.typname and t.typnamespace = 'public'::regnamespace
    )
) as d
-- One that another is made of was created before it.
order by d.place
"""
