-- reopen_held_price_change and reopen_held_price_changes call it with the providers' prices locked. A trigger copies the counts
-- of pricing_said_again into the rows.
create or replace function public.reopen_rejected_changes(p_ids bigint[])
returns void
language sql
security definer
set search_path = pg_catalog, pg_temp
as $$
    update public.pricing_held_changes h
    set status = 'held',
        reopened_at = clock_timestamp(),
        decided_at = null,
        decided_by = null,
        decision_note = null
    where h.id = any (p_ids);
$$;

comment on function public.reopen_rejected_changes(bigint[]) is
'Make these rejected changes wait again, as if they had been held now.';
