-- What a provider's price changes are measured by before they are applied, and whether its list has prices at all.
alter table public.pricing_providers
    add column price_api boolean not null default true,
    add column guards_enabled boolean not null default true,
    add column guard_large_ratio numeric not null default 10,
    add column guard_unit_ratio numeric not null default 100,
    add column guard_lowest_per_1m numeric not null default 0.001
        check (guard_lowest_per_1m >= 0 and guard_lowest_per_1m < 'Infinity'),
    add column guard_highest_per_1m numeric not null default 1000
        check (guard_highest_per_1m > 0 and guard_highest_per_1m < 'Infinity'),
    add column unknown_keys text[] not null default '{}',
    add check (guard_large_ratio > 1 and guard_large_ratio <= guard_unit_ratio and guard_unit_ratio < 'Infinity'),
    add check (guard_lowest_per_1m < guard_highest_per_1m);

comment on column public.pricing_providers.price_api is 'False: its list names models only, and their prices are the catalogue''s.';
comment on column public.pricing_providers.guards_enabled is 'False: every change is applied, however suspicious. Nothing is held.';
comment on column public.pricing_providers.guard_large_ratio is 'A token price that moves by this factor or more waits: for a person, or until it has stayed the same for a day.';
comment on column public.pricing_providers.guard_unit_ratio is 'A token price that moves by this factor or more looks like another unit: only a person applies it.';
comment on column public.pricing_providers.guard_lowest_per_1m is 'A token price that is lower, in USD per million, and not zero looks like another unit.';
comment on column public.pricing_providers.guard_highest_per_1m is 'A token price that is higher, in USD per million, looks like another unit.';
comment on column public.pricing_providers.unknown_keys is 'Price keys of its list that no adapter knows, each reported once; their values are in extra.';
comment on column public.pricing_providers.etag is 'Sent back as If-None-Match, when etag_parser names this version, adapter and address.';
comment on column public.pricing_providers.etag_parser is 'Version, adapter and address of the list that the ETag is of.';
comment on column public.pricing_providers.review_first is 'True: its first list waits until a person has accepted it; approving what its sync held, or the last of it, ends that.';

-- One that was never seen on the wire may be wrong in every unit: a person looks at its first list.
insert into public.pricing_providers
    (slug, name, adapter, base_url, credential_variable, review_first, price_api, state)
select
    p.slug,
    p.name,
    p.slug,
    p.base_url,
    p.credential_variable,
    p.review_first,
    p.price_api,
    case when p.credential_variable is null then 'ok' else 'no_credentials' end
from (
    values
        ('aihubmix', 'AiHubMix', 'https://aihubmix.com', null, true, true),
        ('alibaba-cloud', 'Alibaba Cloud Model Studio', 'https://dashscope-intl.aliyuncs.com', 'DASHSCOPE_API_KEY', true, true),
        ('cerebras', 'Cerebras', 'https://api.cerebras.ai', null, false, true),
        ('chutes', 'Chutes', 'https://llm.chutes.ai', null, false, true),
        ('featherless', 'Featherless', 'https://api.featherless.ai', null, false, true),
        ('fireworks', 'Fireworks AI', 'https://api.fireworks.ai', 'FIREWORKS_API_KEY', false, false),
        ('groq', 'Groq', 'https://api.groq.com', 'GROQ_API_KEY', false, false),
        ('huggingface', 'Hugging Face Inference Providers', 'https://router.huggingface.co', null, false, true),
        ('nearai', 'NEAR AI', 'https://cloud-api.near.ai', null, true, true),
        ('nebius', 'Nebius Token Factory', 'https://api.tokenfactory.nebius.com', 'NEBIUS_API_KEY', false, true),
        ('novita', 'Novita AI', 'https://api.novita.ai', null, false, true),
        ('ovhcloud', 'OVHcloud AI Endpoints', 'https://oai.endpoints.kepler.ai.cloud.ovh.net', null, false, true),
        ('requesty', 'Requesty', 'https://router.requesty.ai', null, false, true),
        ('together', 'Together AI', 'https://api.together.xyz', 'TOGETHER_API_KEY', true, true),
        ('vercel', 'Vercel AI Gateway', 'https://ai-gateway.vercel.sh', null, false, true)
) as p (slug, name, base_url, credential_variable, review_first, price_api)
-- A row that the operator made first stays as it is.
on conflict (slug) do nothing;
