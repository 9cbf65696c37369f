-- Few models are missing in their provider's newest lists: what looks for them reads no other.
create index model_pricing_missing on public.model_pricing (listed_by) where missing_count > 0 and is_active;
