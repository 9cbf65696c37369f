-- apply_provider_list calls it with the provider's prices locked: what pricing_unchanged_digests returned may have changed since.
-- after: pricing_unchanged_entries
create or replace function public.find_unchanged_models(p_provider text, p_digests bytea)
returns bigint[]
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
set enable_nestloop = off
-- As in compare_provider_prices.
set enable_seqscan = off
-- A forced nested loop gets a huge cost estimate, which would trigger JIT: seconds.
set jit = off
as $$
declare
    v_count constant integer := coalesce(octet_length(p_digests), 0) / 16;
    v_ids bigint[];
begin
    if v_count = 0 then
        return '{}'::bigint[];
    end if;
    if v_count > 100000 then
        raise exception 'The list is too large: more than 100,000 entries'
            using errcode = 'PT422',
                detail = jsonb_build_object('error_kind', 'too_large')::text,
                hint = 'Nothing was changed.';
    end if;
    select coalesce(array_agg(u.model_id), '{}') into v_ids
    from public.pricing_unchanged_entries u
    join (
        select distinct substring(p_digests from n * 16 + 1 for 16) as digest
        from generate_series(0, v_count - 1) as n
    ) as e on e.digest = u.digest
    where u.provider_slug = p_provider;
    if cardinality(v_ids) <> v_count then
        raise exception '% of % entries that were left out are not as they were', v_count - cardinality(v_ids), v_count
            using errcode = 'PT412', hint = 'Nothing was changed. Send the whole list.';
    end if;
    return v_ids;
end;
$$;

comment on function public.find_unchanged_models(text, bytea) is
'The models (model_pricing.id) of the entries with these digests, 16 bytes each; PT412 where an entry or its model is not as it was.';
