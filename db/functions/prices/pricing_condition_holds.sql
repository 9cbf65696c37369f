-- The rule that docs/gateway.md has for gateways; a test compares the two.
-- after: pricing_moment
create or replace function public.pricing_condition_holds(p_condition jsonb, p_request jsonb, p_at timestamptz)
returns boolean
language plpgsql
stable
security invoker
set search_path = pg_catalog, pg_temp
as $$
declare
    v_utc constant timestamp := p_at at time zone 'UTC';
    v_clock constant integer := to_char(v_utc, 'HH24MI')::integer;
    v_key text;
    v_value jsonb;
    v_other jsonb;
    v_holds boolean;
    v_is_understood boolean := true;
begin
    for v_key, v_value in
        select e.key, e.value from jsonb_each(p_condition) as e where not starts_with(e.key, 'price_per_')
    loop
        v_holds := case v_key
            when 'min_prompt_tokens' then
                case when jsonb_typeof(v_value) = 'number' then
                    coalesce((p_request ->> 'input_tokens')::numeric, 0) > v_value::numeric
                end
            when 'max_audio_seconds' then
                case when jsonb_typeof(v_value) = 'number' then
                    coalesce((p_request ->> 'audio_seconds')::numeric <= v_value::numeric, false)
                end
            when 'utc_days' then
                case when jsonb_typeof(v_value) = 'array' then v_value ? to_char(v_utc, 'fmday') end
            when 'effective_from' then p_at >= public.pricing_moment(v_value #>> '{}')
            when 'effective_until' then p_at < public.pricing_moment(v_value #>> '{}')
            when 'thinking' then
                case when jsonb_typeof(v_value) = 'boolean' then
                    coalesce(p_request -> v_key = v_value, false)
                end
        end;
        if v_key in ('utc_start', 'utc_end') then
            v_other := p_condition -> case v_key when 'utc_start' then 'utc_end' else 'utc_start' end;
            if jsonb_typeof(v_value) = 'number' and jsonb_typeof(v_other) = 'number' then
                v_holds := case
                    -- The window is decided once, by its start.
                    when v_key = 'utc_end' then true
                    when v_value::numeric <= v_other::numeric then
                        v_clock >= v_value::numeric and v_clock < v_other::numeric
                    else v_clock >= v_value::numeric or v_clock < v_other::numeric
                end;
            end if;
        elsif v_key in (
            'service_tier', 'region', 'upstream', 'cache_ttl', 'search_type', 'image_size', 'image_quality'
        ) and jsonb_typeof(v_value) = 'string' then
            v_holds := coalesce(p_request -> v_key = v_value, false);
        end if;
        if v_holds is false then
            return false;
        end if;
        v_is_understood := v_is_understood and v_holds is not null;
    end loop;
    return case when v_is_understood then true end;
end;
$$;

comment on function public.pricing_condition_holds(jsonb, jsonb, timestamptz) is
'Whether all keys of a condition hold for a request (as price_request takes it) at a time; null where one of them is not understood and no other one fails.';
