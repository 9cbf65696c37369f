-- After each row, because the message names it: a trigger before the row would lock it a second time, and a sync of 25,000
-- models would write twice as much. INSERT is allowed, so that a dump can be restored.
create or replace trigger pricing_check_model_update
after update on public.model_pricing
for each row
when (
    current_setting('pricing.writer', true) is distinct from 'on'
    and current_setting('pricing.maintenance', true) is distinct from 'on'
)
execute function public.check_model_pricing();

-- Also refuses an UPDATE of no row, and notes one under pricing.maintenance.
create or replace trigger pricing_check_model_updates
after update on public.model_pricing
for each statement
when (current_setting('pricing.writer', true) is distinct from 'on')
execute function public.check_model_pricing();

create or replace trigger pricing_check_model_removal
before delete or truncate on public.model_pricing
for each statement
when (current_setting('pricing.writer', true) is distinct from 'on')
execute function public.check_model_pricing();
