-- price_request calls it. What is not understood is refused, because a misspelt count would make a bill too small.
-- after: pricing_usage
create or replace function public.read_usage(p_usage jsonb)
returns jsonb
language plpgsql
immutable
security invoker
set search_path = pg_catalog, pg_temp
as $$
declare
    v_words constant text[] := array[
        'service_tier', 'thinking', 'region', 'upstream', 'cache_ttl', 'search_type', 'image_size', 'image_quality'
    ];
    v_usage jsonb := jsonb_build_object();
    v_key text;
    v_value jsonb;
    v_name text;
    v_whole record;
begin
    if jsonb_typeof(p_usage) is distinct from 'object' then
        raise exception 'usage must be a JSON object'
            using errcode = 'PT422', hint = 'For example {"input_tokens": 1000, "output_tokens": 200}.';
    end if;
    for v_key, v_value in
        select e.key, e.value from jsonb_each(p_usage) as e where jsonb_typeof(e.value) <> 'null'
    loop
        -- The names of OpenAI's usage for the same counts.
        v_name := case v_key
            when 'prompt_tokens' then 'input_tokens'
            when 'completion_tokens' then 'output_tokens'
            else v_key
        end;
        if v_usage ? v_name then
            raise exception '% is given twice', v_name
                using errcode = 'PT422', hint = 'prompt_tokens is input_tokens, completion_tokens is output_tokens.';
        end if;
        if v_name = any (v_words) then
            if (jsonb_typeof(v_value) = 'boolean') <> (v_name = 'thinking') or jsonb_typeof(v_value) not in ('boolean', 'string') then
                raise exception '% cannot be %', v_name, left(v_value::text, 60)
                    using errcode = 'PT422',
                        hint = case v_name when 'thinking' then 'It is true or false.' else 'It is a text.' end;
            end if;
            v_usage := v_usage || jsonb_build_object(v_name, v_value);
            continue;
        end if;
        if not exists (select from public.pricing_usage() u where u.key = v_name) then
            raise exception 'usage has no %', quote_literal(left(v_key, 60))
                using errcode = 'PT422',
                    hint = 'It counts ' || (select string_agg(u.key, ', ') from public.pricing_usage() u)
                        || ', and says ' || array_to_string(v_words, ', ') || '.';
        end if;
        if jsonb_typeof(v_value) not in ('number', 'string')
            or length(v_value #>> '{}') > 40
            or v_value #>> '{}' !~ '^[0-9]+([.][0-9]+)?$'
        then
            raise exception '% cannot be %', v_name, left(v_value::text, 60)
                using errcode = 'PT422', hint = 'A count is a number from 0 up, such as 1000 or 2.5.';
        end if;
        if v_value #>> '{}' ~ '[.]0*[1-9]' and v_name not like '%seconds' then
            raise exception '% cannot be %', v_name, left(v_value::text, 60)
                using errcode = 'PT422', hint = 'It is a whole number.';
        end if;
        v_usage := v_usage || jsonb_build_object(v_name, (v_value #>> '{}')::numeric);
    end loop;
    for v_whole in
        select
            u.part_of as key,
            sum((v_usage ->> u.key)::numeric) as parts,
            string_agg(u.key, ', ') filter (where v_usage ? u.key) as names
        from public.pricing_usage() u
        where u.part_of is not null
        group by u.part_of
    loop
        if not v_usage ? v_whole.key and v_whole.parts is not null then
            v_usage := v_usage || jsonb_build_object(v_whole.key, v_whole.parts);
        elsif v_whole.parts > (v_usage ->> v_whole.key)::numeric then
            raise exception '% has % tokens, and its parts have %', v_whole.key, v_usage ->> v_whole.key, v_whole.parts
                using errcode = 'PT422',
                    hint = v_whole.names || ' are parts of ' || v_whole.key || ', which counts all.';
        end if;
    end loop;
    return v_usage;
end;
$$;

comment on function public.read_usage(jsonb) is
'The usage of one request with numbers for counts and the names of pricing_usage; PT422 for a key or value that is not understood, or for parts that are more than the whole. A whole that is left out is the sum of its parts.';
