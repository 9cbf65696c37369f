-- The end of an override is announced like a provider's next price, so that bills follow at that time, however late the tick
-- that ends it.
-- after: capped_expiry, pricing_axes, pricing_effective_set, pricing_moment, pricing_overridden_set, pricing_set_from
create or replace function public.pricing_set_under_override(
    p_synced jsonb,
    p_override jsonb,
    p_expires_at timestamptz,
    p_at timestamptz
)
returns jsonb
language plpgsql
stable
security invoker
set search_path = pg_catalog, pg_temp
as $$
declare
    v_ends_at constant timestamptz := public.capped_expiry(p_expires_at);
    -- What has begun of the override fixes prices as the rest does.
    v_fixed jsonb := public.pricing_effective_set(p_override, p_at);
    v_by_kind constant jsonb := jsonb_path_query_array(
        p_synced,
        '$.conditions[*] ? (exists (@.image_size) || exists (@.image_quality) || exists (@.search_type)).keyvalue() ? (@.value != null).key'
    );
    v_axes text[];
    v_others text[];
    v_back jsonb := jsonb_build_object();
    v_set jsonb;
begin
    -- A fee of 0 is not in a set, but an override that fixes it does not follow the provider.
    v_fixed := v_fixed || (
        select coalesce(jsonb_object_agg(a.axis, '0'), '{}')
        from public.pricing_axes() a
        where a.is_fee
            and not v_fixed ? a.axis
            and (
                p_override ? a.axis
                or exists (
                    select
                    from jsonb_array_elements(coalesce(p_override -> 'conditions', '[]')) as c (entry)
                    where c.entry ? a.axis
                        and public.pricing_moment(c.entry ->> 'effective_from') <= p_at
                        and c.entry - 'effective_from' - array(select x.axis from public.pricing_axes() x) = '{}'
                )
            )
    );
    if v_ends_at is null then
        return public.pricing_effective_set(public.pricing_overridden_set(p_synced, v_fixed), p_at);
    elsif v_ends_at <= p_at then
        return public.pricing_effective_set(p_synced, p_at);
    end if;

    -- Its own conditions end then.
    if v_fixed ? 'conditions' then
        v_fixed := v_fixed || jsonb_build_object('conditions', (
            select coalesce(jsonb_agg(
                case
                    when public.pricing_moment(c.entry ->> 'effective_until') <= v_ends_at then c.entry
                    else c.entry || jsonb_build_object('effective_until', public.pricing_moment_text(v_ends_at))
                end
                order by c.position
            ), '[]')
            from jsonb_array_elements(v_fixed -> 'conditions') with ordinality as c (entry, position)
            where coalesce(public.pricing_moment(c.entry ->> 'effective_from') < v_ends_at, true)
        ));
    end if;
    -- And the provider's prices that it replaces come back, those under conditions after those for every request.
    select
        coalesce(array_agg(a.axis) filter (where v_fixed ? a.axis), '{}'),
        coalesce(array_agg(a.axis) filter (where not v_fixed ? a.axis), '{}'),
        coalesce(
            jsonb_object_agg(
                a.axis,
                coalesce(
                    p_synced -> a.axis,
                    -- An absent fee is none, where null in a condition is unknown. It is unknown too where no price is known, or
                    -- it depends on what is asked for.
                    case
                        when a.is_fee
                            and p_synced - 'conditions' <> '{}'
                            and not v_by_kind ? a.axis
                            then to_jsonb('0'::text)
                    end,
                    'null'
                )
            ) filter (where v_fixed ? a.axis),
            '{}'
        )
    into v_axes, v_others, v_back
    from public.pricing_axes() a;
    v_back := v_back || jsonb_build_object('conditions', (
        select coalesce(jsonb_agg(c.entry - v_others order by c.position), '[]')
        from jsonb_array_elements(coalesce(p_synced -> 'conditions', '[]')) with ordinality as c (entry, position)
        where c.entry ?| v_axes
    ));
    v_set := public.pricing_overridden_set(p_synced, v_fixed);
    return public.pricing_effective_set(
        v_set || jsonb_build_object(
            'conditions',
            coalesce(v_set -> 'conditions', '[]')
                || (public.pricing_set_from(v_back, v_ends_at) -> 'conditions')
        ),
        p_at
    );
end;
$$;

comment on function public.pricing_set_under_override(jsonb, jsonb, timestamptz, timestamptz) is
'The price set in force at a time under an override: its prices, all others of the synced set, and from its expiry on as conditions the synced prices that it replaces. From then on the synced set.';
