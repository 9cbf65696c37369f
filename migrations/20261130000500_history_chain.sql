-- The price before a history row, and the one after it: pricing_history looks both up for each of its rows.
create index model_pricing_history_chain on public.model_pricing_history (model_id, is_in_force, id desc);
