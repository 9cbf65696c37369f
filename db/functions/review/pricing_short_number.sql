-- For sentences only: prices in tables are never rounded.
create or replace function public.pricing_short_number(p_number numeric)
returns text
language plpgsql
immutable
security invoker
set search_path = pg_catalog, pg_temp
as $$
declare
    v_whole constant text := trunc(abs(p_number))::text;
    -- Six digits, not counting zeros in front.
    v_shown constant text := round(
        p_number,
        case
            when v_whole <> '0' then greatest(0, 6 - length(v_whole))
            else 6 + coalesce(length(substring(abs(p_number)::text from '^0[.](0*)')), 0)
        end
    )::text;
begin
    return regexp_replace(split_part(v_shown, '.', 1), '(?<=[0-9])(?=([0-9]{3})+$)', ',', 'g')
        || coalesce('.' || nullif(rtrim(split_part(v_shown, '.', 2), '0'), ''), '');
end;
$$;

comment on function public.pricing_short_number(numeric) is
'A number in plain digits, six of them significant, with commas: 1,000, 0.3, 0.000033.';
