create or replace trigger pricing_release_lock
instead of delete on public.pricing_sync_lock
for each row
execute function public.release_pricing_lock();
