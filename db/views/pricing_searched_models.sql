create or replace view public.pricing_searched_models
with (security_invoker = true)
as
select
    s.provider_slug as provider,
    s.model_id as model,
    s.words
from public.pricing_model_search s;

comment on view public.pricing_searched_models is 'What a search over models looks in, a row for each.';
comment on column public.pricing_searched_models.provider is 'The provider.';
comment on column public.pricing_searched_models.model is 'The model''s id as the provider spells it.';
comment on column public.pricing_searched_models.words is 'Slug of the provider, id and name of the model, in small letters, separated by U+001F.';
