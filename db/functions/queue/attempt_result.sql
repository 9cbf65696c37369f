-- One expression without a search path, and stable as the functions in it, so that it becomes a part of the statement.
create or replace function public.attempt_result(p_attempt public.pricing_sync_log)
returns jsonb
language sql
stable
security invoker
return jsonb_strip_nulls(jsonb_build_object(
    'status', (p_attempt).status,
    'attempt', (p_attempt).attempt,
    'models_fetched', (p_attempt).models_fetched,
    'models_updated', (p_attempt).models_updated,
    'models_unchanged', (p_attempt).models_unchanged,
    'models_skipped', (p_attempt).models_skipped,
    'models_held', (p_attempt).models_held,
    'error_kind', (p_attempt).error_kind,
    'error_message', (p_attempt).error_message,
    'duration_ms', round((p_attempt).duration_ms, 3),
    'differences', (p_attempt).details -> 'differences',
    'differences_total', (p_attempt).details -> 'differences_total'
));

comment on function public.attempt_result(public.pricing_sync_log) is
'What a job says of the last attempt of a provider, in result_data.';
