create or replace trigger pricing_follow_override_expiry
after update of expires_at on public.pricing_overrides
for each row
when (new.expires_at is distinct from old.expires_at)
execute function public.follow_override_expiry();
