create table public.pricing_api_keys (
    key_id text primary key check (key_id ~ '^[0-9a-f]{12}$'),
    name text not null unique check (name ~ '^[A-Za-z0-9][A-Za-z0-9 ._@-]{0,63}$'),
    role text not null default 'admin' check (role in ('admin', 'read')),
    key_digest bytea not null check (length(key_digest) = 32),
    created_at timestamptz not null default now(),
    created_by text not null,
    expires_at timestamptz,
    revoked_at timestamptz
);

alter table public.pricing_api_keys enable row level security;

comment on table public.pricing_api_keys is 'Bearer keys of the HTTP interface: digests only, a key is shown once when it is made.';
comment on column public.pricing_api_keys.role is 'admin may do everything, read may only read.';
comment on column public.pricing_api_keys.key_digest is 'SHA-256 of the whole key.';

create table public.pricing_audit_log (
    id bigint generated always as identity primary key,
    at timestamptz not null default clock_timestamp(),
    who text not null,
    action text not null,
    subject text not null,
    details jsonb not null default '{}'
);

alter table public.pricing_audit_log enable row level security;

create index pricing_audit_log_at on public.pricing_audit_log (at desc, id desc);

comment on table public.pricing_audit_log is 'What people decided: one row per decision, never changed.';
comment on column public.pricing_audit_log.who is 'The database user or the key''s name.';
comment on column public.pricing_audit_log.action is 'A word such as create_api_key.';
comment on column public.pricing_audit_log.subject is 'What it was done to.';
