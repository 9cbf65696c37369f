-- apply_provider_list calls it when the list is written.
-- after: pricing_listed_models
create or replace function public.store_list_digests(p_provider text, p_prices jsonb, p_turned_ids bigint[])
returns integer
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
set enable_nestloop = off
-- As in compare_provider_prices.
set enable_seqscan = off
-- A forced nested loop gets a huge cost estimate, which would trigger JIT: seconds.
set jit = off
as $$
declare
    v_models text[];
    v_digests text[];
    v_stored integer;
begin
    select array_agg(r.model_id), array_agg(r.digest) into v_models, v_digests
    from jsonb_to_recordset(p_prices) as r (provider text, model_id text, digest text)
    where coalesce(r.provider, p_provider) = p_provider and r.digest ~ '^[0-9a-f]{32}$';

    insert into public.pricing_list_digests as d (model_id, provider_slug, digest, model_state)
    select m.id, m.provider_slug, decode(r.digest, 'hex'), m.state
    from unnest(v_models, v_digests) as r (model_id, digest)
    -- By these ids, because nearly always few of many models have changed.
    join public.pricing_listed_models m
        on m.provider_slug = p_provider and m.model_id = any (v_models) and m.model_id = r.model_id
    where m.is_settled
        and not exists (select from unnest(p_turned_ids) as t (id) where t.id = m.id)
        -- What it says is not the model's price.
        and not exists (
            select
            from public.pricing_held_changes h
            where h.model_id = m.id
                and h.provider_slug = p_provider
                and h.still_said
                and h.status in ('held', 'rejected')
        )
    on conflict (model_id) do update
    set provider_slug = excluded.provider_slug,
        digest = excluded.digest,
        model_state = excluded.model_state
    where (d.provider_slug, d.digest, d.model_state)
        is distinct from (excluded.provider_slug, excluded.digest, excluded.model_state);
    get diagnostics v_stored = row_count;
    return v_stored;
end;
$$;

comment on function public.store_list_digests(text, jsonb, bigint[]) is
'Store the digest of each entry, [{model_id, digest: 32 hexadecimal digits}], that has become its model''s price; p_turned_ids: models whose entry differs from the price by the time of day only. Returns how many changed.';
