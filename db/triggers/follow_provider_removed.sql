-- A sync refers to its provider by slug: for waiting syncs a renamed provider is gone.
create or replace trigger pricing_follow_provider_removed
after delete or update of slug on public.pricing_providers
for each row
execute function public.follow_provider_disabled();
