-- A change may wait because its list looks wrong as a whole.
alter table public.pricing_held_changes
    drop constraint pricing_held_changes_class_check,
    add constraint pricing_held_changes_class_check
        check (class in ('large', 'list', 'unit', 'first_list', 'rollback'));

comment on column public.pricing_held_changes.class is 'large: may apply itself; unit, list, first_list and rollback: only a person applies it.';
comment on column public.pricing_held_changes.ratio is 'The largest factor by which one of its prices moves, up or down; null where there is nothing to compare with.';
comment on column public.pricing_held_changes.evidence is 'For each suspicious price: number before, number now, the catalogue''s, the median at other providers, the provider''s own text and unit; for a list that looks wrong: how many of how many.';
comment on column public.pricing_held_changes.to_zero is 'A positive price falls to zero.';
