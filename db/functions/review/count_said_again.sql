-- pricing_said_again counts confirmations once per provider. A held change that is decided, or no longer listed, gets its
-- counts from there, so that the statement that updates its status need not know of them.
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
'Trigger: copy the counts of pricing_said_again into a held change that is decided or no longer listed.';
