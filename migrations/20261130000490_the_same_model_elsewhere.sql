-- Guards and comparisons ask for a model by the ids that it has at any provider.
create index model_pricing_model_id on public.model_pricing (model_id);
create index pricing_model_aliases_model_id on public.pricing_model_aliases (model_id);
