create or replace trigger pricing_count_ended_attempt
after update on public.pricing_sync_log
for each row
when (old.status in ('queued', 'in_progress') and new.status not in ('queued', 'in_progress'))
execute function public.count_ended_attempt();
