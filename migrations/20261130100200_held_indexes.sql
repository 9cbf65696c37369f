-- Lists of decided changes by what became of them, newest first, of one provider or of all.
create index pricing_held_changes_status on public.pricing_held_changes (status, id desc);
create index pricing_held_changes_provider_status on public.pricing_held_changes (provider_slug, status, id desc);
