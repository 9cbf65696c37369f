-- read_override_prices calls it, and is called for the prices of each condition.
-- after: pricing_axes, pricing_condition_holds, pricing_moment
create or replace function public.read_override_conditions(p_conditions jsonb)
returns jsonb
language plpgsql
stable
security invoker
set search_path = pg_catalog, pg_temp
as $$
declare
    v_days constant jsonb := jsonb_build_array(
        'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'
    );
    v_conditions jsonb := jsonb_build_array();
    v_entry jsonb;
    v_keys jsonb;
    v_key text;
    v_value jsonb;
    v_number numeric;
begin
    if jsonb_typeof(p_conditions) is distinct from 'array' or jsonb_array_length(p_conditions) not between 1 and 100 then
        raise exception 'conditions must be a JSON array of 1 to 100 entries'
            using errcode = 'PT422', hint = 'For example [{"service_tier": "batch", "input_per_1m": 0.5}].';
    end if;
    for v_entry in select e.entry from jsonb_array_elements(p_conditions) as e (entry) loop
        if jsonb_typeof(v_entry) <> 'object' then
            raise exception 'A condition must be a JSON object'
                using errcode = 'PT422', hint = 'For example {"service_tier": "batch", "input_per_1m": 0.5}.';
        end if;
        -- A number may be a text, as prices may.
        select coalesce(
            jsonb_object_agg(
                k.key,
                case
                    when k.key in ('min_prompt_tokens', 'max_audio_seconds', 'utc_start', 'utc_end')
                        and k.value #>> '{}' ~ '^[0-9]{1,18}([.][0-9]{1,18})?$'
                        then to_jsonb(trim_scale((k.value #>> '{}')::numeric))
                    else k.value
                end
            ),
            '{}'
        ) into v_keys
        from jsonb_each(v_entry) as k
        where not starts_with(k.key, 'price_per_')
            and not exists (select from public.pricing_axes() a where a.short_name = k.key);
        if v_keys = '{}' then
            raise exception 'A condition must have a key beside its prices'
                using errcode = 'PT422', hint = 'For example {"service_tier": "batch", "input_per_1m": 0.5}.';
        end if;
        for v_key, v_value in select k.key, k.value from jsonb_each(v_keys) as k loop
            v_number := case when jsonb_typeof(v_value) = 'number' then v_value::numeric end;
            -- One by one, because a key that does not hold hides one that is not understood.
            if public.pricing_condition_holds(
                case
                    when v_key in ('utc_start', 'utc_end') then
                        jsonb_build_object('utc_start', v_keys -> 'utc_start', 'utc_end', v_keys -> 'utc_end')
                    else jsonb_build_object(v_key, v_value)
                end,
                '{}',
                now()
            ) is null
                -- What could never hold.
                or v_number not between 0 and 999999999999999999
                or v_key = 'min_prompt_tokens' and v_number % 1 <> 0
                or v_key in ('utc_start', 'utc_end') and (v_number % 1 <> 0 or v_number > 2400 or v_number % 100 > 59)
                or v_key = 'utc_days' and (v_value = '[]' or not v_value <@ v_days)
                or v_value in ('""', 'null')
            then
                raise exception 'A condition cannot have % %', quote_literal(left(v_key, 60)), left(v_value::text, 60)
                    using errcode = 'PT422',
                        hint = 'It has min_prompt_tokens, max_audio_seconds, utc_days such as ["monday"], utc_start with utc_end such as 930, effective_from, effective_until, thinking, or a text for service_tier, region, upstream, cache_ttl, search_type, image_size or image_quality.';
            end if;
        end loop;
        if public.pricing_moment(v_keys ->> 'effective_until')
            <= greatest(now(), public.pricing_moment(v_keys ->> 'effective_from'))
        then
            raise exception 'A condition cannot end at %', v_keys ->> 'effective_until'
                using errcode = 'PT422', hint = 'effective_until is a time to come, after effective_from.';
        end if;
        v_conditions := v_conditions || jsonb_build_array(
            v_keys || public.read_override_prices(v_entry - array(select jsonb_object_keys(v_keys)))
        );
    end loop;
    return v_conditions;
end;
$$;

comment on function public.read_override_conditions(jsonb) is
'The conditions of an override, each of keys that docs/gateway.md has and prices as read_override_prices takes them, as they are stored. Refuses with PT422 what is not understood.';
