create or replace trigger pricing_follow_provider_switch
before insert or update of enabled, state on public.pricing_providers
for each row
execute function public.follow_provider_switch();
