-- For programs: HTTP and command line call it. In SQL, UPDATE does the same and more.
-- after: require_author, require_provider
create or replace function public.update_pricing_provider(
    provider text,
    enabled boolean default null,
    sync_interval interval default null,
    timeout interval default null,
    review_first boolean default null,
    guards_enabled boolean default null,
    guard_large_ratio numeric default null,
    guard_unit_ratio numeric default null,
    guard_lowest_per_1m numeric default null,
    guard_highest_per_1m numeric default null,
    updated_by text default current_user
)
returns public.pricing_providers
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
set lock_timeout = '5s'
as $$
declare
    v_provider public.pricing_providers;
begin
    perform public.require_author(
        'updated_by', update_pricing_provider.updated_by, 'Name the person who changes the provider.'
    );
    perform public.require_provider(update_pricing_provider.provider);
    if num_nonnulls(
        update_pricing_provider.enabled, update_pricing_provider.sync_interval, update_pricing_provider.timeout,
        update_pricing_provider.review_first, update_pricing_provider.guards_enabled,
        update_pricing_provider.guard_large_ratio, update_pricing_provider.guard_unit_ratio,
        update_pricing_provider.guard_lowest_per_1m, update_pricing_provider.guard_highest_per_1m
    ) = 0 then
        raise exception 'There is nothing to change'
            using errcode = 'PT422',
                hint = 'Name at least one setting: whether it is enabled, its interval, timeout, review_first, or one of its guards.';
    end if;
    if update_pricing_provider.sync_interval not between interval '5 minutes' and interval '100 years' then
        raise exception 'The interval cannot be %', update_pricing_provider.sync_interval
            using errcode = 'PT422', hint = 'It is between 5 minutes and 100 years.';
    end if;
    if update_pricing_provider.timeout not between interval '1 second' and interval '100 years' then
        raise exception 'The timeout cannot be %', update_pricing_provider.timeout
            using errcode = 'PT422', hint = 'It is between 1 second and 100 years.';
    end if;

    -- NaN is more than any number.
    select p.* into v_provider
    from public.pricing_providers p
    where p.slug = update_pricing_provider.provider
    for no key update;
    -- It may have been deleted while this waited.
    perform public.require_provider(update_pricing_provider.provider);
    v_provider.guard_large_ratio := coalesce(update_pricing_provider.guard_large_ratio, v_provider.guard_large_ratio);
    v_provider.guard_unit_ratio := coalesce(update_pricing_provider.guard_unit_ratio, v_provider.guard_unit_ratio);
    v_provider.guard_lowest_per_1m := coalesce(
        update_pricing_provider.guard_lowest_per_1m, v_provider.guard_lowest_per_1m
    );
    v_provider.guard_highest_per_1m := coalesce(
        update_pricing_provider.guard_highest_per_1m, v_provider.guard_highest_per_1m
    );
    if v_provider.guard_large_ratio <= 1
        or v_provider.guard_large_ratio > v_provider.guard_unit_ratio
        or v_provider.guard_unit_ratio >= 'Infinity'
    then
        raise exception 'guard_large_ratio cannot be % beside a guard_unit_ratio of %', v_provider.guard_large_ratio, v_provider.guard_unit_ratio
            using errcode = 'PT422',
                hint = 'Both are finite and more than 1, and guard_large_ratio is at most guard_unit_ratio.';
    end if;
    if v_provider.guard_lowest_per_1m < 0
        or v_provider.guard_lowest_per_1m >= v_provider.guard_highest_per_1m
        or v_provider.guard_highest_per_1m >= 'Infinity'
    then
        raise exception 'guard_lowest_per_1m cannot be % beside a guard_highest_per_1m of %', v_provider.guard_lowest_per_1m, v_provider.guard_highest_per_1m
            using errcode = 'PT422',
                hint = 'Both are finite, in USD per million tokens; guard_lowest_per_1m is 0 or more, and less than guard_highest_per_1m.';
    end if;

    -- The trigger on the table writes the audit row, in this name.
    perform pg_catalog.set_config('pricing.changed_by', update_pricing_provider.updated_by, true);
    update public.pricing_providers p
    set enabled = coalesce(update_pricing_provider.enabled, p.enabled),
        sync_interval = coalesce(update_pricing_provider.sync_interval, p.sync_interval),
        timeout = coalesce(update_pricing_provider.timeout, p.timeout),
        review_first = coalesce(update_pricing_provider.review_first, p.review_first),
        guards_enabled = coalesce(update_pricing_provider.guards_enabled, p.guards_enabled),
        guard_large_ratio = v_provider.guard_large_ratio,
        guard_unit_ratio = v_provider.guard_unit_ratio,
        guard_lowest_per_1m = v_provider.guard_lowest_per_1m,
        guard_highest_per_1m = v_provider.guard_highest_per_1m,
        -- A shorter interval does not wait for the end of a longer one.
        next_sync_at = case
            when update_pricing_provider.sync_interval < p.sync_interval and isfinite(p.next_sync_at)
                then least(p.next_sync_at, clock_timestamp() + update_pricing_provider.sync_interval)
            else p.next_sync_at
        end
    where p.slug = update_pricing_provider.provider
    returning p.* into v_provider;
    perform pg_catalog.set_config('pricing.changed_by', '', true);
    return v_provider;
end;
$$;

comment on function public.update_pricing_provider(text, boolean, interval, interval, boolean, boolean, numeric, numeric, numeric, numeric, text) is
'Change a provider''s settings: null leaves one as it is. Disabling cancels what waits; a shorter sync_interval counts from now on. Returns the provider.';
