-- What providers sell beside tokens, images, requests and searches.
alter table public.model_pricing
    add column price_per_input_character public.pricing_usd,
    add column price_per_audio_second public.pricing_usd,
    add column price_per_page public.pricing_usd,
    add column price_per_video_second public.pricing_usd;
alter table public.model_pricing_history
    add column price_per_input_character public.pricing_usd,
    add column price_per_audio_second public.pricing_usd,
    add column price_per_page public.pricing_usd,
    add column price_per_video_second public.pricing_usd,
    add column effective_at timestamptz;

comment on column public.model_pricing.price_per_input_character is 'USD per input character; null: unknown.';
comment on column public.model_pricing.price_per_audio_second is 'USD per second of audio; null: unknown.';
comment on column public.model_pricing.price_per_page is 'USD per page of a document; null: unknown.';
comment on column public.model_pricing.price_per_video_second is 'USD per second of video; null: unknown.';
comment on column public.model_pricing_history.price_per_input_character is 'USD per input character.';
comment on column public.model_pricing_history.price_per_audio_second is 'USD per second of audio.';
comment on column public.model_pricing_history.price_per_page is 'USD per page of a document.';
comment on column public.model_pricing_history.price_per_video_second is 'USD per second of video.';
comment on column public.model_pricing_history.effective_at is 'The announced moment from which it is charged, where that is before changed_at; null: from changed_at on.';
