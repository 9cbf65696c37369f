-- Rows of a large installation, as the system writes them: the caller has made the temporary table scale (models, jobs,
-- history), one row, and has turned triggers off. Each statement works on whole sets, so a million rows take a minute or two.
-- Spread by arithmetic, not by chance: two runs make the same rows.

-- Large providers, small ones, one whose prices come from the catalogue (groq), one without a model (cerebras).
create temporary table share on commit drop as
select s.slug, s.percent, s.place, sum(s.percent) over (order by s.place) - s.percent as before
from (
    values
        ('openrouter', 30.0, 1), ('requesty', 18, 2), ('vercel', 14, 3), ('aihubmix', 12, 4), ('huggingface', 8, 5),
        ('nebius', 5, 6), ('novita', 4, 7), ('deepinfra', 3, 8), ('chutes', 3, 9), ('together', 2, 10),
        ('groq', 0.9, 11), ('ovhcloud', 0.1, 12)
) as s (slug, percent, place);

-- 8 % without a price, 4 % free, 10 % with a price for long prompts, 3 % for batches, 1 % announced, 2 % under an override,
-- 1 % held, 1 % gone.
create temporary table model on commit drop as
select
    n,
    s.slug,
    'maker-' || n % 57 || '/model-' || n || case when n % 11 = 0 then ':free' when n % 13 = 0 then '-instruct' else '' end as model_id,
    case when n % 25 = 0 then 'free' when n % 25 in (1, 2) then 'unknown' else 'priced' end as kind,
    (n * 7919 % 997 + 3) * 1e-8 as price,
    coalesce(
        jsonb_path_query_array(
            jsonb_build_array(
                case when n % 10 = 3 then jsonb_build_object(
                    'min_prompt_tokens', 200000, 'price_per_input_token', ((n * 7919 % 997 + 3) * 2e-8)::text
                ) end,
                case when n % 33 = 4 then jsonb_build_object(
                    'service_tier', 'batch', 'price_per_input_token', ((n * 7919 % 997 + 3) * 5e-9)::text,
                    'price_per_output_token', ((n * 7919 % 997 + 3) * 2e-8)::text
                ) end,
                case when n % 100 = 5 then jsonb_build_object(
                    'effective_from', to_char(now() + n % 60 * interval '1 day', 'YYYY-MM-DD"T"00:00:00"Z"'),
                    'price_per_input_token', ((n * 7919 % 997 + 3) * 8e-9)::text
                ) end
            ),
            '$[*] ? (@ != null)'
        ),
        '[]'
    ) as conditions,
    n % 25 not in (0, 1, 2) and n % 50 = 7 as is_overridden,
    n % 25 not in (0, 1, 2) and n % 100 = 8 as is_held,
    n % 100 = 9 as is_gone
from generate_series(1, (select models from scale)) as n
join share s on (n - 1) * 100.0 / (select models from scale) >= s.before
    and (n - 1) * 100.0 / (select models from scale) < s.before + s.percent;

insert into public.model_pricing (
    provider_slug, model_id, name, price_per_input_token, price_per_output_token, price_per_cache_read_token,
    price_per_cache_write_token, price_per_reasoning_token, price_per_input_audio_token, price_per_image,
    price_per_request, conditions, extra, pricing_source, listed_by, first_seen_at, missing_count, is_active,
    next_effective_at
)
select
    m.slug,
    m.model_id,
    'Model ' || m.n,
    p.base,
    p.base * 4,
    case when m.n % 3 = 0 then p.base / 10 end,
    case when m.n % 6 = 0 then p.base * 1.25 end,
    case when m.n % 20 = 6 then p.base * 4 end,
    case when m.n % 40 = 7 then p.base * 10 end,
    case when m.n % 50 = 8 then p.base * 1000 end,
    case when m.n % 200 = 9 then 0.005 end,
    case when m.kind = 'priced' then m.conditions else '[]' end,
    case when m.n % 60 = 10 then '{"pricing.per_minute": "0.006"}'::jsonb else '{}' end,
    case when m.slug = 'groq' then 'catalogue:genai-prices@0.0.60' else 'api:' || m.slug end,
    case when m.slug = 'groq' then 'catalogue' else m.slug end,
    now() - interval '400 days',
    case when m.is_gone then 3 else 0 end,
    not m.is_gone,
    (
        select min((c ->> 'effective_from')::timestamptz)
        from jsonb_array_elements(m.conditions) as c
        where m.kind = 'priced' and c ? 'effective_from' and (c ->> 'effective_from')::timestamptz > now()
    )
from model m
cross join lateral (
    select case m.kind when 'free' then 0 when 'priced' then m.price end as base
) as p
order by m.n;

insert into public.pricing_model_search (provider_slug, model_id, words)
select p.provider_slug, p.model_id, public.pricing_search_words(p.provider_slug, p.model_id, p.name)
from public.model_pricing p;

alter table model add id bigint, add rows integer;
update model m set id = p.id from public.model_pricing p where p.provider_slug = m.slug and p.model_id = m.model_id;
-- A fifth of the models changes six times as often as the others; a free one never does.
update model m
set rows = case
    when m.kind = 'unknown' then 0
    when m.kind = 'free' then 1
    when m.n % 5 = 0 then ceil(3 * c.average)
    else ceil(c.average / 2)
end
from (
    select s.history / nullif(sum(case when m.n % 5 = 0 then 3 else 0.5 end), 0) as average
    from scale s, model m
    where m.kind = 'priced'
    group by s.history
) as c;

-- Every tenth job is of all providers, every tenth has the time of the one before; 2 % fail, 0.3 % are cancelled, 1 % are dry
-- runs. The last three still wait.
create temporary table job on commit drop as
select
    n,
    gen_random_uuid() as job_id,
    now() - interval '2 minutes' - (s.jobs - n + case when n % 10 = 2 then 1 else 0 end) * (interval '400 days' / s.jobs) as at,
    n % 10 = 5 as is_of_all,
    case
        when n > s.jobs - 3 then 'queued'
        when n % 50 = 11 then 'failed'
        when n % 333 = 12 then 'cancelled'
        else 'success'
    end as status,
    n % 100 = 13 as dry_run
from generate_series(1, (select jobs from scale)) as n, scale s;

create temporary table attempt on commit drop as
select
    row_number() over (order by j.n, s.place) as id,
    j.n,
    j.job_id,
    s.slug,
    j.at,
    j.dry_run,
    case
        when j.status <> 'success' then j.status
        when s.slug = 'together' and j.at > now() - interval '3 days' then 'failed'
        when j.is_of_all and s.place = 1 + j.n / 10 % 60 then 'failed'
        else 'success'
    end as status
from job j
join share s on s.slug <> 'groq' and (j.is_of_all or s.place = 1 + j.n % 10);
create index on attempt (job_id);
analyze attempt;

-- The syncs that found changed prices, of each provider in their order.
create temporary table writer on commit drop as
select
    a.job_id, a.slug, a.at, row_number() over (partition by a.slug order by a.id) as nth
from attempt a
where a.status = 'success' and not a.dry_run;
-- The catalogue's own syncs are left out: those of the largest provider stand for them.
insert into writer select w.job_id, 'groq', w.at, w.nth from writer w where w.slug = 'openrouter';
create unique index on writer (slug, nth);
create temporary table last on commit drop as select w.slug, max(w.nth) as nth from writer w group by w.slug;
analyze writer, last, model;

-- Models of one twentieth change together, in one sync and at one time; the last change leads to the price in force.
create temporary table change on commit drop as
select
    m.id as model_id,
    m.n,
    r.nth,
    m.slug,
    w.job_id,
    w.at,
    m.price * case when m.kind = 'free' then 0 when r.nth = m.rows then 1 else 1 + (m.n * 31 + r.nth * 17) % 40 / 100.0 end as base,
    case when m.kind = 'priced' and (r.nth > m.rows / 2) then m.conditions else '[]' end as conditions
from model m
cross join lateral generate_series(1, m.rows) as r (nth)
join last on last.slug = m.slug
join writer w on w.slug = m.slug and w.nth = 1 + (last.nth * (r.nth * 20 - 20 + m.n % 20) / (m.rows * 20));
analyze change;

insert into public.model_pricing_history (
    model_id, provider_slug, price_per_input_token, price_per_output_token, previous_input_price, previous_output_price, changed_at,
    changed_by, job_id, observed_at, price_per_cache_read_token, price_per_cache_write_token, price_per_reasoning_token,
    price_per_input_audio_token, price_per_image, price_per_request, conditions, pricing_source, raw
)
select
    c.model_id, c.slug, c.base, c.base * 4, c.previous, c.previous * 4, c.at,
    'api_sync:' || c.slug, c.job_id, c.at - interval '1 second',
    case when c.n % 3 = 0 then c.base / 10 end,
    case when c.n % 6 = 0 then c.base * 1.25 end,
    case when c.n % 20 = 6 then c.base * 4 end,
    case when c.n % 40 = 7 then c.base * 10 end,
    case when c.n % 50 = 8 then c.base * 1000 end,
    case when c.n % 200 = 9 then 0.005 end,
    c.conditions,
    case when c.slug = 'groq' then 'catalogue:genai-prices@0.0.60' else 'api:' || c.slug end,
    jsonb_build_object(
        'pricing.prompt', jsonb_build_object('text', c.base::text, 'unit', 'USD per token', 'axis', 'price_per_input_token'),
        'pricing.completion', jsonb_build_object('text', (c.base * 4)::text, 'unit', 'USD per token', 'axis', 'price_per_output_token')
    )
from (
    select c.*, lag(c.base) over (partition by c.model_id order by c.nth) as previous
    from change c
) as c
order by c.at, c.model_id;

-- Overrides in force, each with the history row that began it; and as many that have ended.
update public.model_pricing p
set synced = public.pricing_price_set(to_jsonb(p)), price_per_input_token = p.price_per_input_token * 0.8
from model m
where m.id = p.id and m.is_overridden;
insert into public.model_pricing_history (
    model_id, provider_slug, price_per_input_token, price_per_output_token, previous_input_price, previous_output_price, changed_at,
    changed_by, price_per_cache_read_token, price_per_cache_write_token, price_per_reasoning_token,
    price_per_input_audio_token, price_per_image, price_per_request, conditions, pricing_source
)
select
    p.id, p.provider_slug, p.price_per_input_token, p.price_per_output_token, m.price, m.price * 4,
    now() - m.n % 9 * interval '1 minute' - interval '2 minutes',
    'manual:ops', p.price_per_cache_read_token, p.price_per_cache_write_token, p.price_per_reasoning_token,
    p.price_per_input_audio_token, p.price_per_image, p.price_per_request, p.conditions, p.pricing_source
from model m
join public.model_pricing p on p.id = m.id
where m.is_overridden
order by m.n % 9 desc, m.n;
insert into public.pricing_overrides (model_id, prices, reason, created_by, created_at, expires_at, ended_at, ended_by)
select
    m.id, jsonb_build_object('price_per_input_token', (m.price * 0.8)::text), 'contract 2026-' || m.n, 'manual:ops', o.created_at,
    case when m.n % 2 = 0 then o.created_at + interval '90 days' end, o.ended_at,
    case when o.ended_at is not null then 'manual:ops' end
from model m
cross join lateral (
    values
        (now() - interval '300 days', now() - interval '200 days'),
        (now() - m.n % 9 * interval '1 minute' - interval '2 minutes', null)
) as o (created_at, ended_at)
where m.is_overridden;

update public.model_pricing p
set last_changed_at = h.changed_at
from (
    select h.model_id, max(h.changed_at) as changed_at from public.model_pricing_history h group by h.model_id
) as h
where h.model_id = p.id;

-- 1 % of the models wait, the others of the large providers had ten decisions each on average.
insert into public.pricing_held_changes (
    model_id, provider_slug, status, class, reason, ratio, prices, previous, evidence, pricing_source, raw, first_job_id,
    job_id, first_seen_at, last_seen_at, times_seen, still_said, observed_at, decided_at, decided_by, decision_note
)
select
    m.id, m.slug, h.status,
    case m.n % 4 when 0 then 'unit' when 1 then 'list' else 'large' end,
    'large: input_per_1m moves by 12 times',
    12,
    jsonb_build_object('price_per_input_token', (m.price * 12)::text, 'price_per_output_token', (m.price * 4)::text),
    jsonb_build_object('price_per_input_token', m.price::text, 'price_per_output_token', (m.price * 4)::text),
    jsonb_build_array(jsonb_build_object(
        'axis', 'price_per_input_token', 'kind', 'ratio', 'before', m.price::text, 'now', (m.price * 12)::text, 'ratio', '12'
    )),
    'api:' || m.slug,
    jsonb_build_object('pricing.prompt', jsonb_build_object('text', (m.price * 12)::text, 'unit', 'USD per token', 'axis', 'price_per_input_token')),
    w.job_id, w.job_id, w.at, w.at, 1, h.status = 'held' or (h.status = 'rejected' and m.n % 40 = 1), w.at,
    case when h.status <> 'held' then w.at + interval '1 hour' end,
    case when h.status <> 'held' then 'manual:ops' end,
    case when h.status <> 'held' then 'as announced' end
from model m
cross join lateral (
    select 'held' as status, 0 as nth
    where m.is_held
    union all
    select (array['approved', 'rejected', 'applied', 'superseded', 'withdrawn'])[1 + (m.n + g.nth) % 5], g.nth
    from generate_series(1, 10) as g (nth)
    where m.n % 10 = 1
) as h
join last on last.slug = m.slug
join writer w on w.slug = m.slug and w.nth = last.nth - (h.nth * 37 + m.n) % least(last.nth, 500)
order by w.at, m.n;

insert into public.pricing_sync_log (
    job_id, provider_slug, queue_job_id, attempt, status, triggered_by, queued_at, sync_started_at, sync_completed_at,
    applied_at, models_fetched, models_updated, models_unchanged, errors, error_kind, error_message, details
)
select
    a.job_id, a.slug, a.id, 1, a.status, case when a.n % 20 = 1 then 'api:ops' else 'schedule' end,
    a.at - interval '6 seconds',
    case when a.status <> 'queued' then a.at - interval '5 seconds' - a.n % 7 * interval '100 ms' end,
    case when a.status <> 'queued' then a.at + interval '1 second' end,
    case when a.status = 'success' then a.at end,
    case when a.status = 'success' then greatest(400, coalesce(c.updated, 0)) else 0 end,
    coalesce(c.updated, 0),
    case when a.status = 'success' then greatest(400 - coalesce(c.updated, 0), 0) else 0 end,
    case when a.status = 'failed' then 1 else 0 end,
    case a.status when 'failed' then (array['timeout', 'http_status', 'parse'])[1 + a.n % 3] when 'cancelled' then 'cancelled' end,
    case a.status when 'failed' then 'no answer within 30 s' when 'cancelled' then 'Cancelled by api:ops' end,
    case
        when a.dry_run then '{"differences": [], "differences_total": 0}'::jsonb
        when a.status = 'success' and c.updated is null then '{"not_modified": true}'
        when a.status = 'success' and a.n % 3 = 0 then '{"skipped": [{"model_id": "maker-1/model-58", "reason": "priced by the minute"}]}'
        else '{}'
    end
from attempt a
left join (
    select c.job_id, c.slug, count(*) as updated from change c group by c.job_id, c.slug
) as c on c.job_id = a.job_id and c.slug = a.slug
order by a.id;

insert into public.pricing_sync_jobs (
    job_id, status, outcome, triggered_by, triggered_at, started_at, completed_at, dry_run, providers, providers_total,
    providers_synced, providers_failed, models_fetched, models_updated, total_errors, error_message, result_data, request
)
select
    j.job_id,
    case
        when a.waiting > 0 then 'queued'
        when a.synced > 0 then 'completed'
        when a.failed > 0 then 'failed'
        else 'cancelled'
    end,
    case
        when a.waiting > 0 then null
        when a.synced = a.total then 'success'
        when a.synced > 0 then 'partial'
        when a.failed > 0 then 'failed'
        else 'cancelled'
    end,
    case when j.n % 20 = 1 then 'api:ops' else 'schedule' end,
    j.at - interval '6 seconds',
    a.started_at,
    case when a.waiting = 0 then a.completed_at end,
    j.dry_run,
    a.providers, a.total, a.synced, a.total - a.synced - a.waiting, a.fetched, a.updated, a.failed,
    a.error_message,
    jsonb_build_object('providers', a.results),
    jsonb_build_object('providers', null, 'dry_run', j.dry_run, 'on_conflict', 'coalesce')
from job j
join (
    select
        l.job_id,
        count(*) as total,
        count(*) filter (where l.status = 'success') as synced,
        count(*) filter (where l.status = 'failed') as failed,
        count(*) filter (where l.status = 'queued') as waiting,
        sum(l.models_fetched) as fetched,
        sum(l.models_updated) as updated,
        min(l.sync_started_at) as started_at,
        max(l.sync_completed_at) as completed_at,
        min(l.provider_slug || ': ' || l.error_message) as error_message,
        array_agg(l.provider_slug order by l.provider_slug) as providers,
        jsonb_object_agg(
            l.provider_slug,
            jsonb_strip_nulls(jsonb_build_object(
                'status', l.status, 'attempt', l.attempt, 'models_fetched', l.models_fetched,
                'models_updated', l.models_updated, 'models_unchanged', l.models_unchanged,
                'models_skipped', l.models_skipped, 'models_held', l.models_held, 'error_kind', l.error_kind,
                'error_message', l.error_message, 'duration_ms', round(l.duration_ms, 3),
                'differences', l.details -> 'differences', 'differences_total', l.details -> 'differences_total'
            ))
        ) as results
    from public.pricing_sync_log l
    group by l.job_id
) as a on a.job_id = j.job_id
order by j.n;

insert into procrastinate.procrastinate_jobs (id, queue_name, task_name, lock, args, status)
overriding system value
select
    a.id, 'pricing', 'sync_provider', 'pricing_sync:' || a.slug,
    jsonb_build_object('provider', a.slug, 'job_id', a.job_id), 'todo'
from attempt a
where a.status = 'queued';
insert into procrastinate.procrastinate_jobs (id, queue_name, task_name, lock, args, status, attempts)
overriding system value
select
    a.id, 'pricing', 'sync_provider', 'pricing_sync:' || a.slug,
    jsonb_build_object('provider', a.slug, 'job_id', a.job_id),
    (case a.status when 'success' then 'succeeded' else a.status end)::procrastinate.procrastinate_job_status,
    1
from attempt a
where a.status <> 'queued';
insert into procrastinate.procrastinate_events (job_id, type, at)
select a.id, e.type::procrastinate.procrastinate_job_event_type, a.at + e.after
from attempt a
cross join (
    values ('deferred', interval '-6 seconds'), ('started', '-5 seconds'), ('succeeded', '1 second')
) as e (type, after)
where a.status <> 'queued';
select setval('procrastinate.procrastinate_jobs_id_seq', (select max(a.id) from attempt a));

update public.pricing_providers p
set last_success_at = a.at,
    last_list_at = a.at,
    last_changed_at = a.at,
    next_sync_at = a.at + p.sync_interval,
    state = case when p.slug = 'together' then 'failing' when p.slug = 'groq' then 'no_price_api' else 'ok' end,
    consecutive_failures = case when p.slug = 'together' then 12 else 0 end,
    -- The lists of these two are overdue, so that their models are stale.
    sync_interval = case when p.slug in ('novita', 'chutes') then interval '5 minutes' else p.sync_interval end
from (
    select
        w.slug,
        max(w.at) - case when w.slug in ('novita', 'chutes') then interval '1 day' else interval '0' end as at
    from writer w
    group by w.slug
) as a
where a.slug = p.slug;
update public.pricing_providers p
set last_success_at = now() - interval '1 hour', next_sync_at = now() + interval '5 hours', state = 'ok'
where p.slug = 'catalogue';

-- The catalogue knows 40 % of the models, 2 % of these at another price, and others by an alias.
insert into public.pricing_catalogue_prices (provider_slug, model_id, prices, version)
select
    m.slug,
    case when m.n % 10 = 0 then 'model-' || m.n else m.model_id end,
    jsonb_build_object(
        'price_per_input_token', (m.price * case when m.n % 50 = 0 then 1.5 else 1 end)::text,
        'price_per_output_token', (m.price * 4)::text
    ),
    'genai-prices@0.0.60'
from model m
where m.n % 5 < 2 and m.kind = 'priced' or m.n % 50 = 0;
insert into public.pricing_model_aliases (provider_slug, model_id, canonical_id, source)
select m.slug, m.model_id, 'model-' || m.n - m.n % 20, 'catalogue:genai-prices@0.0.60'
from model m
where m.n % 10 = 0;

-- Ten audit rows for each hundred jobs; one kind is rare.
insert into public.pricing_audit_log (at, who, action, subject, details, session_login, key_name, client_address)
select
    j.at, 'api:ops',
    case
        when j.n % 5000 = 20 then 'set_price_override'
        else (array['approve_held_price_change', 'reject_held_price_change', 'change_provider'])[1 + j.n / 10 % 3]
    end,
    (j.n / 10)::text,
    jsonb_build_object('provider', 'openrouter', 'model', 'maker-1/model-' || j.n, 'note', 'as announced'),
    'pricing_web', 'ops', inet '10.0.0.7'
from job j
where j.n % 10 = 0
order by j.n;

insert into public.pricing_model_counts (provider_slug, confirmed_by, state, unknown_from, had_price, models)
select m.provider_slug, m.confirmed_by, m.state, m.unknown_from, m.had_price, m.models
from public.pricing_miscounted_models m;
