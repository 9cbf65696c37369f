-- after: pricing_unconfirmed
create or replace view public.pricing_stale
with (security_invoker = true)
as
select
    s.provider,
    s.model,
    s.why,
    s.confirmed_by,
    s.confirmed_at,
    s.due_at,
    date_trunc('second', now() - s.due_at) as overdue,
    s.source
from public.pricing_unconfirmed() s;

comment on view public.pricing_stale is
'Providers (model is null) and active priced models that were not confirmed for longer than their interval allows: sync_interval with its jitter, the timeout of an attempt and 15 minutes. confirmed_by is the list that should.';
comment on column public.pricing_stale.provider is 'The provider, pricing_providers.slug.';
comment on column public.pricing_stale.model is 'The model''s id as the provider spells it; null: the provider itself, whose list was not read in time.';
comment on column public.pricing_stale.why is 'failing: its last attempt failed; overdue: no attempt ended in time; rate limited: the provider asked not to be called yet; never synced; schedule off: pricing_settings.scheduler_enabled; disabled, no credential, no adapter: it is not synced at all; no provider: it has no row any more; not in the list: its list is read, but the last ones lack the model; not understood: the last lists have the model, and it was skipped.';
comment on column public.pricing_stale.confirmed_by is 'Whose list should confirm it: the provider''s own, or catalogue for a catalogue price.';
comment on column public.pricing_stale.confirmed_at is 'When it was last confirmed; null: never, or not known.';
comment on column public.pricing_stale.due_at is 'When it had to be confirmed at the latest; null: not known.';
comment on column public.pricing_stale.overdue is 'For how long it has not been confirmed beyond that.';
comment on column public.pricing_stale.source is 'Of a model, where its price comes from: api:<provider>, or catalogue:genai-prices@<version>.';
