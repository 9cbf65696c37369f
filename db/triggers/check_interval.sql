create or replace trigger pricing_check_settings_intervals
before insert or update of heartbeat_interval, lease, queued_timeout, retention, audit_retention on public.pricing_settings
for each row
execute function public.check_interval('heartbeat_interval', 'lease', 'queued_timeout', 'retention', 'audit_retention');

create or replace trigger pricing_check_provider_intervals
before insert or update of sync_interval, timeout on public.pricing_providers
for each row
execute function public.check_interval('sync_interval', 'timeout');
