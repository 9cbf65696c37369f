create or replace trigger pricing_follow_model_names
after update of provider_slug, model_id, name on public.model_pricing
for each row
when ((old.provider_slug, old.model_id, old.name) is distinct from (new.provider_slug, new.model_id, new.name))
execute function public.follow_model_names();
