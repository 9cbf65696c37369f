create or replace trigger pricing_check_override
before update of model_id, prices, forced, ended_at, ended_by or delete or truncate on public.pricing_overrides
for each statement
execute function public.check_price_override();

create or replace trigger pricing_check_new_override
after insert on public.pricing_overrides
referencing new table as inserted
for each statement
execute function public.check_price_override();
