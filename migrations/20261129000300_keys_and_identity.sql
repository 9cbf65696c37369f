-- What the server knows of a caller, beside what the caller says of itself (who). db/functions/sign_audit_row.sql.
alter table public.pricing_audit_log
    add column session_login text,
    add column acting_role text,
    add column key_name text;

comment on column public.pricing_audit_log.who is 'What the caller says of itself; without that, the role or login.';
comment on column public.pricing_audit_log.session_login is 'The login of the database session (session_user), as the server knows it; null in rows from before version 0.4.0.';
comment on column public.pricing_audit_log.acting_role is 'The role taken with SET ROLE, as the server knows it; null for none.';
comment on column public.pricing_audit_log.client_address is 'Where the database session comes from: for HTTP the web process; null for a socket of the server''s own machine.';
comment on column public.pricing_audit_log.http_client_address is 'Where the HTTP request comes from, as the web process saw it; null for all others.';
comment on column public.pricing_audit_log.key_name is 'The name of the bearer key that the web process has checked; null for whoever came without the web process.';
comment on column public.pricing_audit_log.claims is 'The claims of the JWT that PostgREST has checked, 4 kB at most; null for every session that is not PostgREST''s.';

alter table public.pricing_settings
    add column postgrest_login text default 'authenticator' check (postgrest_login <> '');

comment on column public.pricing_settings.postgrest_login is 'PostgREST''s login: in its sessions the claims of a JWT are believed; null: in none.';

-- A revoked or replaced key leaves its name to the next one.
alter table public.pricing_api_keys
    add column last_used_at timestamptz,
    add column revoked_by text,
    add column replaced_by text references public.pricing_api_keys,
    drop constraint pricing_api_keys_name_key,
    drop constraint pricing_api_keys_role_check;

alter table public.pricing_api_keys
    add constraint pricing_api_keys_role_check check (role in ('read', 'operate', 'admin'));

create unique index pricing_api_keys_name
on public.pricing_api_keys (name)
where revoked_at is null and replaced_by is null;

comment on column public.pricing_api_keys.key_id is 'The public part of the key: psk_<key_id>_<secret>.';
comment on column public.pricing_api_keys.role is 'read: GET only; operate: also syncs, reviews, rules, overrides and rollback; admin: everything.';
comment on column public.pricing_api_keys.last_used_at is 'When a request came with it, to the minute; null: never.';
comment on column public.pricing_api_keys.replaced_by is 'The key_id of the key that a rotation has made; until expires_at this one is valid beside it.';

-- Jobs that are there keep null; those to come are signed by the server, whoever says triggered_by.
alter table public.pricing_sync_jobs
    add column session_login text,
    add column acting_role text;

alter table public.pricing_sync_jobs
    alter column session_login set default session_user,
    alter column acting_role set default nullif(current_setting('role', true), 'none');

comment on column public.pricing_sync_jobs.triggered_by is 'What the caller says of itself.';
comment on column public.pricing_sync_jobs.session_login is 'The login of the database session that triggered it, as the server knows it; null in jobs from before version 0.4.0.';
comment on column public.pricing_sync_jobs.acting_role is 'The role that this session had taken with SET ROLE, as the server knows it; null for none.';
