-- A sync inserts new models and then writes their prices, and each later change writes a row once more. Where the page has
-- room for it, none of the indexes is written.
alter table public.model_pricing set (fillfactor = 50);
