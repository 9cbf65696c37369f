-- apply_provider_list calls it: the moment of an announcement may come between the download of a list and this.
-- after: pricing_axes, pricing_effective_set, pricing_price_set
create or replace function public.fold_announced_prices(p_prices jsonb, p_at timestamptz)
returns jsonb
language plpgsql
stable
security invoker
set search_path = pg_catalog, pg_temp
as $$
begin
    if not p_prices @? '$[*].conditions[*] ? (exists (@.effective_from) || exists (@.effective_until))' then
        return null;
    end if;
    return (
        select jsonb_agg(
            case
                when r.entry @? '$.conditions[*] ? (exists (@.effective_from) || exists (@.effective_until))' then
                    r.entry - array(select a.axis from public.pricing_axes() a) - 'conditions'
                    || public.pricing_effective_set(
                        public.pricing_price_set(r.entry), p_at
                    )
                else r.entry
            end
            order by r.position
        )
        from jsonb_array_elements(p_prices) with ordinality as r (entry, position)
    );
end;
$$;

comment on function public.fold_announced_prices(jsonb, timestamptz) is
'A price list as it is from that time on: announcements whose moment has come are its prices. Null where nothing is announced.';
