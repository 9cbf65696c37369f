create or replace trigger pricing_follow_model_names
after update of provider_slug, model_id, name on public.model_pricing
for each row
when (
    old.provider_slug is distinct from new.provider_slug
    or old.model_id is distinct from new.model_id
    or old.name is distinct from new.name
)
execute function public.follow_model_names();
