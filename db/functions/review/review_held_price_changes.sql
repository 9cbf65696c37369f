-- All functions that approve, reject or reopen call it. The caller has locked the providers' prices (lock_provider_prices) and
-- checked that these changes may still be reviewed.
-- after: pricing_prices_of, write_price_changes
create or replace function public.review_held_price_changes(
    p_ids bigint[],
    p_status text,
    p_decided_by text,
    p_note text
)
returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_now constant timestamptz := clock_timestamp();
    v_write record;
begin
    if p_status = 'approved' then
        for v_write in
            select
                h.job_id,
                h.observed_at,
                array_agg(row(
                    h.model_id, null, null, null, null, public.pricing_prices_of(h.prices), null, h.pricing_source, null,
                    h.extra, h.raw, null, null, null
                )::public.pricing_change) as changes
            from public.pricing_held_all h
            where h.id = any (p_ids)
            group by h.job_id, h.observed_at
            order by h.job_id, h.observed_at
        loop
            perform public.write_price_changes(
                v_write.changes, 'manual:' || p_decided_by, v_now, v_write.job_id, v_write.observed_at
            );
        end loop;
    end if;

    -- As if a reopened one had been held now. A trigger copies the counts of pricing_said_again into the rows.
    update public.pricing_held_changes h
    set status = case p_status when 'reopened' then 'held' else p_status end,
        reopened_at = case p_status when 'reopened' then v_now else h.reopened_at end,
        decided_at = case when p_status <> 'reopened' then v_now end,
        decided_by = case when p_status <> 'reopened' then p_decided_by end,
        decision_note = case when p_status <> 'reopened' then p_note end
    where h.id = any (p_ids);
    if p_status = 'reopened' then
        return;
    end if;

    -- Every change of a first list has been reviewed. The setting keeps the audit log from calling this a change by hand.
    perform pg_catalog.set_config('pricing.first_list_decided', 'on', true);
    update public.pricing_providers p
    set review_first = false
    where p.review_first
        and p.slug in (
            select h.provider_slug
            from public.pricing_held_changes h
            where h.id = any (p_ids) and h.class = 'first_list'
        )
        and exists (
            select
            from public.pricing_held_changes h
            where h.provider_slug = p.slug and h.class = 'first_list' and h.status = 'approved'
                -- Not an approval of an earlier, completed review.
                and h.decided_at >= (
                    select min(d.first_seen_at) from public.pricing_held_changes d where d.id = any (p_ids)
                )
        )
        and not exists (
            select
            from public.pricing_held_changes h
            where h.provider_slug = p.slug and h.class = 'first_list' and h.status = 'held'
        );
    perform pg_catalog.set_config('pricing.first_list_decided', '', true);
end;
$$;

comment on function public.review_held_price_changes(bigint[], text, text, text) is
'Approve these held changes and write their prices, or reject them, or let rejected ones wait again (reopened); ends the review of a provider''s first list with its last change.';
