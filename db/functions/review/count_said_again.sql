-- Whoever decides a held change by its status, or says that it is not said any more, need not know that its counts are
-- kept once for its provider: from here on it has them itself.
create or replace function public.count_said_again()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_again public.pricing_said_again;
begin
    select r.* into v_again from public.pricing_said_again r where r.provider_slug = old.provider_slug;
    if v_again.times > old.said_again_from then
        new.times_seen := new.times_seen + (v_again.times - old.said_again_from)::integer;
        new.last_seen_at := v_again.said_at;
        new.job_id := v_again.job_id;
        new.observed_at := v_again.observed_at;
    end if;
    new.said_again_from := null;
    return new;
end;
$$;

comment on function public.count_said_again() is
'Trigger: a held change that is decided, or not said any more, gets the counts of pricing_said_again for good.';
