-- Its name sorts before pricing_prepare_provider_sync, which looks up the id.
create or replace trigger pricing_check_new_queue_row
before insert on procrastinate.procrastinate_jobs
for each row
execute function public.check_new_queue_row();
