-- Rows that hold_price_changes writes have their counts, and said_again_from.
create or replace trigger pricing_count_said_again
before update on public.pricing_held_changes
for each row
when (
    old.said_again_from is not null
    and new.said_again_from is not distinct from old.said_again_from
    and (new.status, new.still_said) is distinct from (old.status, old.still_said)
)
execute function public.count_said_again();
