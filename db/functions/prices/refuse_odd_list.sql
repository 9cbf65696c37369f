-- apply_provider_list calls it. A single bad model is skipped; a list that looks wrong as a whole is refused.
create or replace function public.refuse_odd_list(
    p_provider text, p_targets text[], p_prices jsonb, p_skipped jsonb, p_left_out integer, p_other_ids bigint[]
)
returns boolean
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
set enable_nestloop = off
-- A forced nested loop gets a huge cost estimate, which would trigger JIT: seconds.
set jit = off
as $$
declare
    -- A person's acceptance (accept_shorter_list), which counts for 7 days only.
    v_accepted public.pricing_providers;
    v_is_accepted boolean := false;
    v_known integer;
    v_listed integer;
    v_twice text;
begin
    if jsonb_array_length(p_prices) + coalesce(jsonb_array_length(p_skipped), 0) + p_left_out = 0
    then
        raise exception 'The list is empty'
            using errcode = 'PT422',
                detail = jsonb_build_object('error_kind', 'empty_list')::text,
                hint = 'Nothing was changed.';
    end if;

    with listed as materialized (
        select coalesce(r.provider, p_provider) as provider_slug, r.model_id, count(*) as times
        from jsonb_to_recordset(p_prices) as r (provider text, model_id text)
        group by 1, 2
    ),
    known as materialized (
        select i.model_id, m.model_id as known_id
        from public.model_pricing m
        left join (
            select l.provider_slug, l.model_id from listed l
            union
            select p_provider, r.model_id from jsonb_to_recordset(p_skipped) as r (model_id text)
        ) as i on i.provider_slug = m.provider_slug and i.model_id = m.model_id
        where m.id = any (p_other_ids) and m.listed_by = p_provider
    )
    select
        coalesce(
            (select l.model_id from listed l where l.times > 1 limit 1),
            (
                select m.model_id
                from public.model_pricing m
                where p_left_out > 0
                    and m.provider_slug = p_provider
                    and m.model_id = any (array(
                        select l.model_id
                        from listed l
                        where l.provider_slug = p_provider
                            -- Nearly always all.
                            and not exists (select from known k where k.known_id = l.model_id)
                    ))
                    and m.is_active
                    and not exists (select from unnest(p_other_ids) as o (id) where o.id = m.id)
                limit 1
            )
        ),
        -- What is left out is known and active.
        (select count(*)::integer from known) + p_left_out,
        (select count(k.model_id)::integer from known k) + p_left_out
    into v_twice, v_known, v_listed;
    if v_twice is not null then
        raise exception 'The list has % more than once', v_twice using errcode = 'cardinality_violation';
    end if;

    select p.* into v_accepted
    from public.pricing_providers p
    where p.slug = p_provider and p.accepted_list_at > clock_timestamp() - interval '7 days';
    v_is_accepted := coalesce(
        v_listed >= v_accepted.accepted_list_models or v_listed * 2 > v_accepted.accepted_list_models, false
    );
    if v_known > 0 and v_listed * 2 <= v_known and not v_is_accepted then
        raise exception 'The list has % of % known models: half of them or more are gone', v_listed, v_known
            using errcode = 'PT422',
                detail = jsonb_build_object('error_kind', 'list_shrunk')::text,
                hint = format(
                    'Nothing was changed. If the provider really dropped them: select accept_shorter_list(%L);', p_provider
                );
    end if;
    return v_is_accepted and v_listed * 2 <= v_known;
end;
$$;

comment on function public.refuse_odd_list(text, text[], jsonb, jsonb, integer, bigint[]) is
'Refuse with PT422 a list that is empty or lacks half of its known models, unless a person has accepted that; with 21000 one that has a model twice. p_left_out: how many models of the list are not in p_prices; p_other_ids: the other active models of the targets (find_other_models). Returns true when it lacks half of its models and a person has accepted that.';
