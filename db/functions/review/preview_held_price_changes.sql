-- What an approval would do, or a rejection prevents.
-- after: price_changes_impact, pricing_base_prices, pricing_held_all, pricing_prices_of
create or replace function public.preview_held_price_changes(
    ids bigint[] default null,
    job_id uuid default null,
    decision text default 'approve'
)
returns table (
    models integer,
    providers text[],
    largest_factor numeric,
    to_free_count integer,
    to_free text[]
)
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_changes public.pricing_change[];
begin
    if num_nonnulls(ids, job_id) <> 1 then
        raise exception 'Give either ids or job_id'
            using errcode = 'PT422', hint = 'select id, job_id from pricing_held shows what waits.';
    end if;
    if coalesce(decision not in ('approve', 'reject'), true) then
        raise exception 'decision cannot be %', coalesce(quote_literal(left(decision, 60)), 'null')
            using errcode = 'PT422', hint = 'It is approve or reject.';
    end if;
    select array_agg(row(
        m.id, m.provider_slug, m.model_id, null, public.pricing_base_prices(m), public.pricing_prices_of(h.prices), null, null,
        null, null, null, null, null, null
    )::public.pricing_change) into v_changes
    from public.pricing_held_all h
    join public.model_pricing m on m.id = h.model_id
    where case
        when preview_held_price_changes.ids is null
            then h.job_id = preview_held_price_changes.job_id and h.status = 'held'
        else h.id = any (preview_held_price_changes.ids)
            and (h.status = 'held' or decision = 'approve' and h.status = 'rejected' and h.still_said)
    end;
    if v_changes is null then
        if not exists (select from public.pricing_held_changes h where h.id = any (preview_held_price_changes.ids))
            and not exists (
                select from public.pricing_sync_jobs j where j.job_id = preview_held_price_changes.job_id
            )
        then
            raise exception 'There is no %', coalesce('job ' || job_id, 'held price change ' || array_to_string(ids, ', '))
                using errcode = 'PT404', hint = 'select id, job_id from pricing_held shows what waits.';
        end if;
        raise exception '% no longer waits', coalesce('Job ' || job_id, 'Price change ' || array_to_string(ids, ', '))
            using errcode = 'PT409', hint = 'select id, job_id from pricing_held shows what waits now.';
    end if;
    return query select i.* from public.price_changes_impact(v_changes) i;
end;
$$;

comment on function public.preview_held_price_changes(bigint[], uuid, text) is
'What approve_held_price_change(s) would change, or reject_held_price_change(s) prevent, for these ids or all held changes of a job: models, providers, the largest factor of a price, and how many become free or have a price that falls to zero, with the first 20. Changes nothing.';
