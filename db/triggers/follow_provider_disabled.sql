create or replace trigger pricing_follow_provider_disabled
after update of enabled on public.pricing_providers
for each row
when (old.enabled and not new.enabled)
execute function public.follow_provider_disabled();
