-- Times are computed from these: one that is out of range would stop the clean-up or the schedule of all.
update public.pricing_settings
set heartbeat_interval = least(heartbeat_interval, interval '1 hour'),
    lease = least(lease, interval '1 day'),
    queued_timeout = least(queued_timeout, interval '100 years'),
    retention = least(retention, interval '100 years');

alter table public.pricing_settings
    add check (heartbeat_interval <= interval '1 hour'),
    add check (lease <= interval '1 day'),
    add check (queued_timeout <= interval '100 years'),
    add check (retention <= interval '100 years');

update public.pricing_providers
set sync_interval = least(sync_interval, interval '100 years'),
    timeout = least(timeout, interval '100 years')
where sync_interval > interval '100 years' or timeout > interval '100 years';

alter table public.pricing_providers
    add check (sync_interval <= interval '100 years'),
    add check (timeout <= interval '100 years');
