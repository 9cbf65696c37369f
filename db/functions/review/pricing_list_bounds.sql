-- The bounds of the guards that look at a list as a whole. Each has a floor, because in a small list one model is a large
-- share. The measured maxima are those of 1,107 lists of OpenRouter, of 656 days: from one list to the next, and from one to
-- the 60th after it.
create or replace function public.pricing_list_bounds()
returns table (
    moved_models integer,
    moved_one_of integer,
    alike_models integer,
    alike_percent integer,
    alike_factor numeric,
    gone_models integer,
    gone_one_of integer
)
language sql
immutable
security invoker
set search_path = pg_catalog, pg_temp
as $$
    values (
        -- More than a third of the priced models move in one sync: at most 12.9 % did, and 23.1 % over 60 lists. Input and
        -- output swapped move 90 %, another currency moves all.
        10, 3,
        -- Models that move by one same factor, of any size: at most 5.0 % did.
        5, 15,
        -- First prices that all are one same factor of the catalogue's: below it a provider is dearer or cheaper.
        2.0,
        -- One price becomes unknown for half of the models that had it: a renamed key. One fee goes from half of them, which
        -- happened once: OpenRouter stopped publishing the price of an image, for 42 of 44 models. The prices under a condition go
        -- from half of those that had them, which never happened.
        10, 2
    );
$$;

comment on function public.pricing_list_bounds() is
'From where on a list as a whole looks wrong: models that move (a floor, and more than one of so many), that move by one same factor (a floor, and a percentage), that differ from the catalogue by it, and that lose one price, or their prices under a condition (a floor, and one of so many or more).';
