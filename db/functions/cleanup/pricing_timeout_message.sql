create or replace function public.pricing_timeout_message(p_timeout interval)
returns text
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$
    select format(
        'Sync timeout - auto-cleaned after %s minutes', trim_scale(round((extract(epoch from p_timeout) / 60)::numeric, 2))
    );
$$;

comment on function public.pricing_timeout_message(interval) is
'The error message of a sync that ran longer than this.';
