-- The adapters keep these bounds (service/reading/model_list.py, service/sync/list_reader.py), but any session with the
-- worker's login may call apply_provider_list. Web process and command line read what is stored as a whole.
create or replace function public.bound_price_list(p_prices jsonb, p_skipped jsonb, out prices jsonb, out skipped jsonb)
language plpgsql
immutable
security invoker
set search_path = pg_catalog, pg_temp
set enable_nestloop = off
-- A forced nested loop gets a huge cost estimate, which would trigger JIT: seconds.
set jit = off
as $$
declare
    v_odd jsonb;
begin
    if pg_column_size(p_prices) + coalesce(pg_column_size(p_skipped), 0) > 134217728
        or jsonb_array_length(p_prices) + coalesce(jsonb_array_length(p_skipped), 0) > 100000
    then
        raise exception 'The list is too large: more than 100,000 entries, or 128 MB'
            using errcode = 'PT422',
                detail = jsonb_build_object('error_kind', 'too_large')::text,
                hint = 'Nothing was changed.';
    end if;
    select jsonb_agg(
        jsonb_build_object('position', o.position, 'model_id', left(o.model_id, 512), 'reason', o.reason)
        order by o.position
    )
    into v_odd
    from (
        select
            l.position,
            l.model_id,
            case
                when length(l.model_id) > 512 then format('its id has %s characters', length(l.model_id))
                when l.model_id <> btrim(l.model_id, ' ' || chr(9) || chr(10) || chr(11) || chr(12) || chr(13))
                    then 'its id has white space around it'
                -- By their codes: spaces of other widths, and characters that are drawn as nothing.
                when octet_length(l.model_id) > length(l.model_id)
                    and exists (
                        select
                        from string_to_table(l.model_id, null) as c (letter)
                        where ascii(c.letter) <@ '{[128,160],[173,173],[847,847],[1564,1564],[4447,4448],[5760,5760],[6068,6069],[6155,6159],[8192,8207],[8232,8239],[8287,8303],[10240,10240],[12288,12288],[12644,12644],[65024,65039],[65279,65279],[65440,65440],[65529,65531],[917504,921599]}'::int4multirange
                    )
                    then 'its id has an invisible character'
                when length(l.provider) > 512 then format('its provider has %s characters', length(l.provider))
                when coalesce(pg_column_size(l.raw), 0) + coalesce(pg_column_size(l.extra), 0)
                    + coalesce(pg_column_size(l.prices), 0) + coalesce(pg_column_size(l.aliases), 0) > 262144
                    then 'it has more than 256 kB'
                when jsonb_path_exists(l.raw, '$.**{29}')
                    or jsonb_path_exists(l.extra, '$.**{29}')
                    or jsonb_path_exists(l.conditions, '$.**{29}')
                    then 'it is nested 30 deep'
                when jsonb_typeof(l.conditions) = 'array' and jsonb_array_length(l.conditions) > 100
                    then format('it has %s conditions, more than 100', jsonb_array_length(l.conditions))
                when pg_column_size(l.conditions) > 65536 then 'its conditions have more than 64 kB'
                -- Views and bills cast each of them.
                when l.conditions <> '[]' and (
                    jsonb_typeof(l.conditions) <> 'array'
                    or l.conditions @? 'strict $[*].type() ? (@ != "object")'
                    or l.conditions @? '$[*].keyvalue() ? (@.key starts with "price_per_" && @.value.type() != "null" && (@.value.type() != "string" || !(@.value like_regex "^[0-9]+([.][0-9]+)?([eE][-+]?[0-9]{1,2})?$")))'
                )
                    then 'one of its conditions is no object of keys and decimal strings'
                when (length(l.amounts) >= 200 or strpos(lower(l.amounts), 'e') > 0)
                    and l.amounts ~* '[0-9.]e[+-]?[0-9]{3}|[0-9.]{200}'
                    then 'one of its prices has more digits than a price has'
            end as reason
        from (
            select
                e.*,
                concat_ws(
                    ' ', e.p1, e.p2, e.p3, e.p4, e.p5, e.p6, e.p7, e.p8, e.p9, e.p10, e.p11, e.p12, e.p13, e.p14,
                    e.p15, e.p16, e.p17, e.p18,
                    case when e.conditions <> '[]' then e.conditions::text end
                ) as amounts
            -- What is not named here is not stored.
            from rows from (
                jsonb_to_recordset(p_prices) as (
                    model_id text,
                    provider text,
                    conditions jsonb,
                    extra jsonb,
                    raw jsonb,
                    prices jsonb,
                    aliases jsonb,
                    price_per_input_token text,
                    price_per_output_token text,
                    price_per_cache_read_token text,
                    price_per_cache_write_token text,
                    price_per_cache_write_1h_token text,
                    price_per_reasoning_token text,
                    price_per_input_audio_token text,
                    price_per_output_audio_token text,
                    price_per_cache_read_audio_token text,
                    price_per_input_image_token text,
                    price_per_output_image_token text,
                    price_per_image text,
                    price_per_request text,
                    price_per_web_search text,
                    price_per_input_character text,
                    price_per_audio_second text,
                    price_per_page text,
                    price_per_video_second text
                )
            ) with ordinality as e (
                model_id, provider, conditions, extra, raw, prices, aliases, p1, p2, p3, p4, p5, p6, p7, p8, p9, p10, p11,
                p12, p13, p14, p15, p16, p17, p18, position
            )
            -- Offset 0: computed once per model, not at each use.
            offset 0
        ) as l
    ) as o
    where o.reason is not null;

    if v_odd is not null then
        select coalesce(jsonb_agg(e.entry order by e.position), '[]') into prices
        from jsonb_array_elements(p_prices) with ordinality as e (entry, position)
        where not exists (
            select from jsonb_to_recordset(v_odd) as o (position bigint) where o.position = e.position
        );
        select coalesce(p_skipped, '[]') || jsonb_agg(o.entry - 'position') into skipped
        from jsonb_array_elements(v_odd) as o (entry);
    end if;
end;
$$;

comment on function public.bound_price_list(jsonb, jsonb) is
'Move the models whose id has white space around it or invisible characters, and those that are longer, deeper or have more digits than any adapter reads, and those whose conditions are none, from the list to the skipped ones, with the reason; null where all models stay. PT422 for a list that is too large as a whole.';
