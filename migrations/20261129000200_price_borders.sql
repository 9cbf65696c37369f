-- What belongs to "a price changes in one way": how long the audit log keeps whereabouts, which overrides passed over
-- the guards, and which shorter list a person has accepted.
alter table public.pricing_settings
    add column audit_retention interval not null default interval '1 year'
        check (audit_retention >= interval '1 hour' and audit_retention <= interval '100 years');

comment on column public.pricing_settings.audit_retention is 'The hourly retention erases client addresses and claims from rows of pricing_audit_log that are older than this; the rows stay.';

alter table public.pricing_overrides add column forced boolean not null default false;

comment on column public.pricing_overrides.forced is 'True: the guards found its prices suspicious, and a person set them with force; the audit log has the reasons.';

alter table public.pricing_providers
    add column accepted_list_at timestamptz,
    add column accepted_list_models integer check (accepted_list_models >= 0),
    add column accepted_list_prices_gone boolean not null default false;

comment on column public.pricing_providers.accepted_list_at is 'When a person accepted a list that was refused as too short (accept_shorter_list); null: none, or a sync has succeeded since.';
comment on column public.pricing_providers.accepted_list_models is 'Models of the accepted list: one of half of them or fewer is refused again; null: what was refused was not the number of models.';
comment on column public.pricing_providers.accepted_list_prices_gone is 'True: the accepted list may lack prices that its models had.';

-- What is personal of a caller: kept for audit_retention, unlike the rest of the row.
alter table public.pricing_audit_log
    add column client_address inet,
    add column http_client_address inet,
    add column claims jsonb;

create index pricing_audit_log_personal on public.pricing_audit_log (at)
    where client_address is not null or http_client_address is not null or claims is not null;
