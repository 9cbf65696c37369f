-- A sync knows its provider by the slug: a renamed provider is, for those that wait, one that is gone.
create or replace trigger pricing_follow_provider_removed
after delete or update of slug on public.pricing_providers
for each row
execute function public.follow_provider_disabled();
