create or replace trigger keep_pricing_lock
before insert on public.pricing_locks
for each row execute function public.keep_pricing_lock();
