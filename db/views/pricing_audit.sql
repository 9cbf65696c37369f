-- HTTP, command line and page list it. Rows of changes by hand may have negative ids: order by at and id.
create or replace view public.pricing_audit
with (security_invoker = true)
as
select
    a.id,
    a.at,
    a.who,
    a.action,
    a.subject,
    case
        when a.details ? 'provider' then a.details ->> 'provider'
        when o.is_provider then a.subject
        when o.is_model then split_part(a.subject, '/', 1)
    end as provider,
    case
        when a.details ? 'provider' then a.details ->> 'model'
        when o.is_model then substr(a.subject, strpos(a.subject, '/') + 1)
    end as model,
    -- The reason of a held change is the guards', not the person's.
    case
        when a.details ? 'note' then a.details ->> 'note'
        else a.details ->> 'reason'
    end as note,
    a.details,
    a.session_login,
    a.acting_role,
    a.key_name,
    host(coalesce(a.http_client_address, a.client_address)) as address
from public.pricing_audit_log a
cross join lateral (
    select
        a.action in (
            'add_provider', 'change_provider', 'remove_provider', 'end_first_review', 'accept_first_list',
            'accept_shorter_list'
        ) as is_provider,
        a.action in (
            'set_price_override', 'clear_price_override', 'set_model_alias', 'clear_model_alias', 'record_price_in_force'
        ) as is_model
) as o;

comment on view public.pricing_audit is
'What people decided, one row a decision: order by at desc, id desc for the newest first. No secret is in it: keys have their names, addresses no password.';
comment on column public.pricing_audit.id is 'pricing_audit_log.id; negative for rows that were inserted into a table by hand.';
comment on column public.pricing_audit.at is 'When it was decided.';
comment on column public.pricing_audit.who is 'What the caller said of itself; api:<name> is the key of an HTTP request.';
comment on column public.pricing_audit.action is 'What was done: the function''s name, or a word such as change_provider.';
comment on column public.pricing_audit.subject is 'What it was done to: a job, held change, rule, key, provider, or <provider>/<model>.';
comment on column public.pricing_audit.provider is 'The provider that it is about; null: several, or none.';
comment on column public.pricing_audit.model is 'The model that it is about, as the provider spells it; null: several, or none.';
comment on column public.pricing_audit.note is 'What the person wrote beside it: a note, or the reason of an override or rule.';
comment on column public.pricing_audit.details is 'The rest, by action: of a changed provider or setting each column, was and now.';
comment on column public.pricing_audit.session_login is 'The login of the session.';
comment on column public.pricing_audit.acting_role is 'The role that it had taken; null: none.';
comment on column public.pricing_audit.key_name is 'The HTTP key whose secret was checked; null: no HTTP request.';
comment on column public.pricing_audit.address is 'Where the request came from: of HTTP the client''s address, else the session''s; null: a local socket, or erased after audit_retention.';
