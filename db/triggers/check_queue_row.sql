create or replace trigger pricing_check_queue_row
before update on procrastinate.procrastinate_jobs
for each row
execute function public.check_queue_row();
