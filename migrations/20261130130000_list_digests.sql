-- An entry of a price list that is as it was, for a model that is as it was, changes nothing: it need not be sent, compared and
-- judged again. No foreign key: a row for each of 25,000 models would be checked, and a row without its model matches none.
create table public.pricing_list_digests (
    model_id bigint primary key,
    provider_slug text not null,
    digest bytea not null check (octet_length(digest) = 16),
    model_state bigint not null
) with (fillfactor = 90);

create index pricing_list_digests_provider_slug on public.pricing_list_digests (provider_slug);

alter table public.pricing_list_digests enable row level security;

comment on table public.pricing_list_digests is 'For a model of a provider''s list, the entry that was applied last, as a digest: while entry and model are the same, later syncs leave the entry out. Rows may be deleted at any time; the next sync then reads those entries again.';
comment on column public.pricing_list_digests.model_id is 'The model, model_pricing.id.';
comment on column public.pricing_list_digests.provider_slug is 'The provider whose list has the entry.';
comment on column public.pricing_list_digests.digest is 'BLAKE2b of the entry and of what reads it: the version, the adapter and what the list says around its entries.';
comment on column public.pricing_list_digests.model_state is 'The model as the entry left it, pricing_listed_models.state; another state means that the entry must be read again.';
