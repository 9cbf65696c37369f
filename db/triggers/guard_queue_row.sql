create or replace trigger pricing_guard_queue_row
before update on procrastinate.procrastinate_jobs
for each row
execute function public.guard_queue_row();
