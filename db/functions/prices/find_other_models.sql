-- apply_provider_list calls it with the provider's prices locked: what pricing_unchanged_digests returned may have changed since.
-- The others, and not those that are left out, because they are nearly always few.
-- after: pricing_listed_entries
create or replace function public.find_other_models(
    p_provider text, p_targets text[], p_digests bytea, out other_ids bigint[], out left_out integer, out left_out_priced integer
)
returns record
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
begin
    left_out := 0;
    left_out_priced := 0;
    if v_count = 0 then
        other_ids := array(
            select m.id from public.model_pricing m where m.provider_slug = any (p_targets) and m.is_active
        );
        return;
    end if;
    if v_count > 100000 then
        raise exception 'The list is too large: more than 100,000 entries'
            using errcode = 'PT422',
                detail = jsonb_build_object('error_kind', 'too_large')::text,
                hint = 'Nothing was changed.';
    end if;
    select
        count(*) filter (where l.is_left_out),
        count(*) filter (where l.is_left_out and l.is_priced),
        coalesce(array_agg(l.id) filter (where not l.is_left_out and l.is_active), '{}')
    into left_out, left_out_priced, other_ids
    from (
        select
            m.model_id as id,
            m.is_active,
            m.is_priced,
            coalesce(
                m.unchanged_digest in (
                    select substring(p_digests from n * 16 + 1 for 16) from generate_series(0, v_count - 1) as n
                ),
                false
            ) as is_left_out
        from public.pricing_listed_entries m
        where m.provider_slug = p_provider
        -- Offset 0: computed once per model, not at each use.
        offset 0
    ) as l;
    if left_out <> v_count then
        raise exception '% of % entries that were left out are not as they were', v_count - left_out, v_count
            using errcode = 'PT412', hint = 'Nothing was changed. Send the whole list.';
    end if;
end;
$$;

comment on function public.find_other_models(text, text[], bytea) is
'The active models of the targets (other_ids, model_pricing.id) that are not left out of the provider''s list; how many are (left_out), and how many of those have a positive price. p_digests: the digests of the entries that are left out, 16 bytes each; PT412 where one of them, or its model, is not as it was.';
