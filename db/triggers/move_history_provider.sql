create or replace trigger pricing_move_history_provider
after update of provider_slug on public.model_pricing
for each row
when (old.provider_slug <> new.provider_slug)
execute function public.move_history_provider();
