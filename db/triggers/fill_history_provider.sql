-- write_model_prices, which writes nearly all rows, names it itself.
create or replace trigger pricing_fill_history_provider
before insert on public.model_pricing_history
for each row
when (new.provider_slug is null)
execute function public.fill_history_provider();
