-- A price changes together with its history row and the notification of gateways. Our functions do all three and mark
-- their statements by the setting pricing.writer. The mark prevents accidents of the owner and is no protection against
-- attacks: no other role may change the table, and the owner could drop the trigger. (current_user does not help:
-- definers run as the owner, and a person may `set role pricing_owner`.)
-- after: note_pricing_maintenance, pricing_axes
create or replace function public.check_model_pricing()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_old jsonb;
    v_new jsonb;
    v_override public.pricing_overrides;
    v_is_price boolean;
    v_unknown text;
    v_prices text;
    v_instead text;
    v_model text;
begin
    if current_setting('pricing.maintenance', true) = 'on' then
        perform public.note_pricing_maintenance('model_pricing', tg_op);
        return null;
    end if;
    if tg_level = 'ROW' then
        v_old := to_jsonb(old);
        v_new := to_jsonb(new);
        v_model := old.provider_slug || '/' || old.model_id;
        select o.* into v_override
        from public.pricing_overrides o
        where o.model_id = old.id and o.ended_at is null;
        -- The prices of the UPDATE, per million tokens for token axes, and those of the override in force, which a new
        -- override replaces.
        select
            coalesce(bool_or(w.is_changed), false),
            string_agg(w.short_name, ', ') filter (where w.is_changed and w.price is null and not w.is_fixed),
            string_agg(
                format(
                    '"%s": %s', w.short_name, trim_scale(w.price * w.factor)
                ),
                ', '
            ) filter (where w.price is not null)
        into v_is_price, v_unknown, v_prices
        from (
            select
                a.short_name,
                a.factor,
                c.is_changed,
                coalesce(v_override.prices ? a.axis, false) as is_fixed,
                (case when c.is_changed then v_new ->> a.axis else v_override.prices ->> a.axis end)::numeric as price
            from public.pricing_axes() a
            cross join lateral (select v_old -> a.axis is distinct from v_new -> a.axis as is_changed) as c
        ) as w;
        if v_unknown is not null then
            raise exception 'UPDATE does not make % of % unknown: its provider''s lists do. To repair it: begin; set local pricing.maintenance = ''on''; update model_pricing ...; commit;', v_unknown, v_model
                using errcode = 'PT409', hint = 'What a repair changes of a price has to be written to model_pricing_history too.';
        end if;
        v_instead := case
            when v_is_price and v_prices is null then format(
                'select clear_price_override(%L, %L)', old.provider_slug, old.model_id
            )
            when v_is_price then format(
                'select set_price_override(%L, %L, reason => ''...'', prices => ''{%s}''%s)',
                old.provider_slug,
                old.model_id,
                v_prices,
                coalesce(', expires_at => ' || quote_literal(v_override.expires_at), '')
            )
            when (old.is_active, old.missing_count) is distinct from (new.is_active, new.missing_count) then format(
                'select accept_shorter_list(%L)', old.listed_by
            )
        end;
        if v_instead is not null and not v_is_price then
            raise exception 'UPDATE does not make % active or inactive: its provider''s lists do; a list that has lost half of its models is accepted by: %;',
                    v_model, v_instead
                using errcode = 'PT409',
                    hint = 'A model that 3 lists in a row lack becomes inactive by itself.';
        elsif v_instead is not null then
            raise exception 'UPDATE does not change the price of %, which would leave no history; use: %;', v_model, v_instead
                using errcode = 'PT409',
                    hint = 'rollback_pricing_sync(job_id) undoes a wrong sync; approve_held_price_change(id) applies a held change.';
        end if;
        raise exception 'UPDATE does not change %: syncs write it. To repair it: begin; set local pricing.maintenance = ''on''; update model_pricing ...; commit;', v_model
            using errcode = 'PT409', hint = 'What a repair changes of a price has to be written to model_pricing_history too.';
    elsif tg_op = 'UPDATE' then
        raise exception 'UPDATE does not change model_pricing, which would leave no history; use: select set_price_override(''<provider>'', ''<model>'', reason => ''...'', input_per_1m => ...);'
            using errcode = 'PT409', hint = 'No row matched this statement. select provider, model from model_prices shows how they are spelt.';
    end if;
    raise exception '% does not remove models, whose history would have no name: a model that 3 lists in a row lack becomes inactive by itself. To accept a list that has lost half of them: select accept_shorter_list(''<provider>'');', tg_op
        using errcode = 'PT409',
            hint = 'To repair the table: begin; set local pricing.maintenance = ''on''; ...; commit; to silence a provider: update pricing_providers set enabled = false where slug = ''...''.';
end;
$$;

comment on function public.check_model_pricing() is
'Trigger: refuse UPDATE, DELETE and TRUNCATE of model_pricing by hand, with PT409 and the call that does it; `set local pricing.maintenance = ''on''` lets them pass, and leaves an audit row.';
