-- Only in the database of a chaos run: makes the moments of an attempt long enough to be hit, shows which one is
-- running, makes commits fail, and keeps every change of a status, so that "once" can be counted afterwards.
create schema chaos;
grant usage on schema chaos to public;

create table chaos.workers (
    id bigint primary key,
    name text not null,
    registered_at timestamptz not null default clock_timestamp()
);

create table chaos.status_changes (
    id bigint generated always as identity primary key,
    relation text not null,
    key text not null,
    old_status text not null,
    new_status text not null,
    changed_at timestamptz not null default clock_timestamp()
);

create table chaos.switches (
    id boolean primary key default true check (id),
    commit_error text,
    linger_seconds double precision not null default 0
);

insert into chaos.switches default values;

-- A lock that anybody can see in pg_locks and that nobody waits for: this transaction is in that phase now.
create function chaos.pass(phase integer)
returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_linger double precision;
begin
    perform pg_catalog.pg_advisory_xact_lock_shared(4711, pass.phase);
    select s.linger_seconds into v_linger from chaos.switches s;
    if random() < 0.5 then
        perform pg_catalog.pg_sleep(random() * v_linger);
    end if;
end;
$$;

create function chaos.in_apply()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    perform chaos.pass(1);
    return null;
end;
$$;

create trigger chaos_in_apply
after insert on public.model_pricing
for each statement execute function chaos.in_apply();

create function chaos.in_commit()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_error text;
begin
    perform chaos.pass(case new.status when 'success' then 2 else 3 end);
    select s.commit_error into v_error from chaos.switches s;
    if v_error is not null and random() < 0.7 and (new.status = 'success' or v_error <> 'XX000') then
        raise exception 'The commit fails, as this run wants it' using errcode = v_error;
    end if;
    if new.status = 'success' then
        perform pg_catalog.pg_notify('chaos_applied', (select w.name from chaos.workers w where w.id = new.worker_id));
    end if;
    return null;
end;
$$;

create constraint trigger chaos_in_commit
after update on public.pricing_sync_log
deferrable initially deferred
for each row
when (old.status = 'in_progress' and new.status <> 'in_progress')
execute function chaos.in_commit();

create function chaos.keep_status()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    insert into chaos.status_changes (relation, key, old_status, new_status)
    values (tg_table_name, to_jsonb(new) ->> tg_argv[0], old.status, new.status);
    return null;
end;
$$;

create trigger chaos_keep_status
after update on public.pricing_sync_jobs
for each row when (old.status <> new.status)
execute function chaos.keep_status('job_id');

create trigger chaos_keep_status
after update on public.pricing_sync_log
for each row when (old.status <> new.status)
execute function chaos.keep_status('id');

create function chaos.name_worker()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    insert into chaos.workers (id, name) values (new.id, session_user);
    return null;
end;
$$;

create trigger chaos_name_worker
after insert on procrastinate.procrastinate_workers
for each row execute function chaos.name_worker();
