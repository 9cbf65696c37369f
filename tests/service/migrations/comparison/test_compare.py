"""Differences that the ledger does not know: objects, owners, rights, policies, roles, cron jobs.

``migrate`` repairs what is ours, names each repair, and keeps what the operator may have meant.
"""

from __future__ import annotations

import re

import psycopg
import pytest
from psycopg.rows import DictRow

from service.errors import MigrationError
from service.migrations.migrate import migrate
from service.migrations.restored_objects import state_differences
from tests.conftest import DatabaseFactory
from tests.db.pricing import Pricing, price
from tests.service.migrations.pg_catalog import execute, rights, rows, structure
from tests.support.postgres import Cluster

# ``migrate`` repairs these: every kind of object, every property that the release decides.
OURS = {
    r"create_pricing_api_key\(.*: PUBLIC may execute": (
        "grant execute on all functions in schema public to public"
    ),
    "model_prices: pricing_web may not select": (
        "revoke select on public.model_prices from pricing_web"
    ),
    "procrastinate_jobs: pricing_worker may not update": (
        "revoke update on procrastinate.procrastinate_jobs from pricing_worker"
    ),
    "pricing_settings: pricing_owner may not insert": (
        "revoke insert on public.pricing_settings from pricing_owner"
    ),
    "model_pricing_id_seq: anon may update": (
        "grant all on all sequences in schema public to anon, authenticated, service_role"
    ),
    "column public.model_pricing.name: anon may update": (
        "grant update (name) on public.model_pricing to anon with grant option"
    ),
    "model_prices: service_role may select, and hand that on": (
        "grant select on public.model_prices to service_role with grant option"
    ),
    "schema procrastinate: anon may use": "grant usage on schema procrastinate to anon",
    "procrastinate_jobs_notify_queue_job_inserted_v1 on procrastinate_jobs: is not there": (
        "drop trigger procrastinate_jobs_notify_queue_job_inserted_v1"
        " on procrastinate.procrastinate_jobs"
    ),
    "role anon: is a member of pricing_owner": "grant pricing_owner to anon",
    "pricing_drift: belongs to": "alter view public.pricing_drift owner to current_user",
    "pricing_short_number.*: belongs to": (
        "alter function public.pricing_short_number(numeric) owner to current_user"
    ),
    "procrastinate_events: belongs to": (
        "alter table procrastinate.procrastinate_events owner to current_user"
    ),
    r"pricing_who\(\): was replaced: its body": (
        "create or replace function public.pricing_who() returns text language sql stable"
        " set search_path = pg_catalog, pg_temp as $$ select 'somebody else' $$"
    ),
    "pricing_axes.*its security": ("alter function public.pricing_axes() security definer"),
    "lock_provider_prices.*its settings": (
        "alter function public.lock_provider_prices(text[], timestamptz) reset search_path"
    ),
    "pricing_has_admin_key.*its definition": (
        "alter function public.pricing_has_admin_key() volatile"
    ),
    "function public.model_price_at.*: is not there": (
        "drop function public.model_price_at(text, text, timestamptz)"
    ),
    r"pricing_who\(text\): has the name of one of ours": (
        "create function public.pricing_who(text) returns text language sql as 'select $1'"
    ),
    "procrastinate_finish_job_v1.*: is not as procrastinate has it": (
        "create or replace function procrastinate.procrastinate_finish_job_v1(job_id bigint,"
        " end_status procrastinate.procrastinate_job_status, delete_job boolean)"
        " returns void language plpgsql as $$ begin end $$"
    ),
    "procrastinate_register_worker_v1.*: has settings of its own": (
        "alter function procrastinate.procrastinate_register_worker_v1() reset all"
    ),
    r"procrastinate.procrastinate_unregister_worker_v1\(bigint\): is not there": (
        "drop function procrastinate.procrastinate_unregister_worker_v1(bigint)"
    ),
    "procrastinate_update_heartbeat_v1.*: is not as procrastinate has it": (
        "alter function procrastinate.procrastinate_update_heartbeat_v1 strict immutable leakproof"
    ),
    "procrastinate_prune_stalled_workers_v1.*: is not as procrastinate has it": (
        "do $$ begin execute replace(pg_get_functiondef("
        "'procrastinate.procrastinate_prune_stalled_workers_v1'::regproc),"
        " 'precision)', 'precision default 0)'); end $$"
    ),
    "view public.pricing_held: was replaced": (
        "do $$ begin execute 'create or replace view public.pricing_held with"
        " (security_invoker = true) as select * from (' || rtrim(pg_get_viewdef("
        "'public.pricing_held'::regclass), ';') || ') as h where false'; end $$"
    ),
    "view public.pricing_unpriced: was changed: its options": (
        "alter view public.pricing_unpriced set (security_invoker = false)"
    ),
    "view public.pricing_announced: is not there": ("drop view public.pricing_announced"),
    "pricing_audit_log: has no row level security": (
        "alter table public.pricing_audit_log disable row level security"
    ),
    "pricing_settings: forces its row level security": (
        "alter table public.pricing_settings force row level security"
    ),
    "model_pricing_history: has no policy pricing_read": (
        "drop policy pricing_read on public.model_pricing_history"
    ),
    "pricing_sync_log: has another policy pricing_read": (
        "alter policy pricing_read on public.pricing_sync_log using (false)"
    ),
    "pricing_api_keys: has another policy pricing_read": (
        "create policy pricing_read on public.pricing_api_keys for select to pricing_web"
        " using (true)"
    ),
    "model_pricing: has a policy blind for pricing_web": (
        "create policy blind on public.model_pricing as restrictive for select to pricing_web"
        " using (false)"
    ),
    "pricing_stop_job on pricing_sync_jobs: is switched off": (
        "alter table public.pricing_sync_jobs disable trigger pricing_stop_job"
    ),
    "pricing_check_job on pricing_sync_jobs: is not there": (
        "drop trigger pricing_check_job on public.pricing_sync_jobs"
    ),
    "pricing_release_lock on pricing_sync_lock: is not there": (
        "drop trigger pricing_release_lock on public.pricing_sync_lock"
    ),
    "pricing_notify_sync_job on pricing_sync_jobs: was replaced": (
        "create or replace trigger pricing_notify_sync_job after insert or update"
        " on public.pricing_sync_jobs for each row when (false)"
        " execute function public.notify_pricing_sync_job()"
    ),
    "procrastinate_.* on procrastinate_jobs: is switched off": (
        "alter table procrastinate.procrastinate_jobs disable trigger all"
    ),
    "procrastinate_workers: has row level security": (
        "alter table procrastinate.procrastinate_workers enable row level security"
    ),
    "procrastinate_jobs: forces its row level security": (
        "alter table procrastinate.procrastinate_jobs force row level security"
    ),
    "procrastinate_events: has a policy blind for pricing_worker": (
        "create policy blind on procrastinate.procrastinate_events for all to pricing_worker"
        " using (false)"
    ),
    "constraint model_pricing_history_model_id_fkey.*: is not checked": (
        "alter table public.model_pricing_history disable trigger all"
    ),
    "constraint procrastinate_jobs_worker_id_fkey.*: is not checked": (
        "alter table procrastinate.procrastinate_workers disable trigger all"
    ),
    "model_pricing_history_id_seq: increments by -1": (
        "alter sequence public.model_pricing_history_id_seq increment by -1"
    ),
    "pricing_audit_log_id_seq: has the maximum 500, begins again at its end": (
        "alter sequence public.pricing_audit_log_id_seq maxvalue 500 cycle"
    ),
    "model_pricing_id_seq: caches 1000": ("alter sequence public.model_pricing_id_seq cache 1000"),
    "pricing_sync_log_id_seq: has the minimum -5, starts at -5": (
        "alter sequence public.pricing_sync_log_id_seq minvalue -5 start -5 restart"
    ),
    "pricing_overrides_id_seq: is of type integer": (
        "alter sequence public.pricing_overrides_id_seq as integer"
    ),
    "pricing_held_changes_id_seq: is unlogged": (
        "alter sequence public.pricing_held_changes_id_seq set unlogged"
    ),
    "procrastinate_jobs_id_seq: does not belong to procrastinate.procrastinate_jobs.id": (
        "alter sequence procrastinate.procrastinate_jobs_id_seq owned by none"
    ),
}

# The operator may have meant these: ``migrate`` reports each with a statement that undoes it, and
# keeps it.
OPERATORS = {
    "{role} may select": "grant select on public.model_prices to {role}",
    "{role} may execute": "grant execute on function public.pricing_doctor() to {role}",
    "has a policy theirs for {role}": (
        "create policy theirs on public.model_pricing for select to {role} using (true)"
    ),
    "database {database}: sets pricing.writer=on for every session": (
        "alter database \"{database}\" set pricing.writer = 'on'"
    ),
    "role {role}: sets pricing.maintenance=on for every session": (
        "alter role {role} set pricing.maintenance = 'on'"
    ),
    "PUBLIC may create objects in it": "grant create on schema public to public",
    "role {role}: is a member of pricing_owner": (
        "grant pricing_web to {role}; grant pricing_owner to {role}"
    ),
    "table public.forged: is a child of public.model_pricing": (
        "create table public.forged () inherits (public.model_pricing)"
    ),
    "function public.backdoor(): belongs to pricing_owner, and is none of ours": (
        "set role pricing_owner; create function public.backdoor() returns int language sql"
        " security definer as 'select 1'; reset role"
    ),
    "trigger procrastinate_swallow on procrastinate_jobs: is none of ours": (
        "create trigger procrastinate_swallow before insert on procrastinate.procrastinate_jobs"
        " for each row when (false) execute function suppress_redundant_updates_trigger()"
    ),
    "rule nothing on public.model_pricing: is none of ours": (
        "create rule nothing as on insert to public.model_pricing do instead nothing"
    ),
    "trigger theirs_later on model_pricing: is none of ours": (
        "create constraint trigger theirs_later after update on public.model_pricing deferrable"
        " for each row when (false) execute function suppress_redundant_updates_trigger()"
    ),
    "trigger theirs on model_pricing: is none of ours": (
        "create trigger theirs before update on public.model_pricing for each row"
        " execute function suppress_redundant_updates_trigger()"
    ),
}


# Differences of tables and types, where rows may prevent a repair: ``migrate`` reports each with
# the statement, and keeps it. The statements run in the order of the report.
TABLES = {
    "column public.model_pricing.is_active: has another default": (
        "alter table public.model_pricing alter column is_active drop default"
    ),
    "column public.model_pricing.pricing_source: may be null": (
        "alter table public.model_pricing alter column pricing_source drop not null"
    ),
    "column public.pricing_sync_jobs.stopped_at: is not there": (
        "alter table public.pricing_sync_jobs rename column stopped_at to halted_at"
    ),
    "constraint pricing_settings_retention_check on public.pricing_settings: is not there": (
        "alter table public.pricing_settings drop constraint pricing_settings_retention_check"
    ),
    "constraint pricing_sync_log_job_id_fkey on public.pricing_sync_log: is not there": (
        "alter table public.pricing_sync_log drop constraint pricing_sync_log_job_id_fkey"
    ),
    "constraint theirs on public.pricing_settings: is none of ours": (
        "alter table public.pricing_settings add constraint theirs check (lease < '1 hour')"
    ),
    "index model_pricing_history_model: is not there": (
        "drop index public.model_pricing_history_model"
    ),
    "index procrastinate_jobs_lock_idx_v1: is not there": (
        "drop index procrastinate.procrastinate_jobs_lock_idx_v1"
    ),
    "column procrastinate.procrastinate_jobs.status: has another default": (
        "alter table procrastinate.procrastinate_jobs alter column status set default 'doing'"
    ),
    "index pricing_first_by_lock: is not there": "drop index procrastinate.pricing_first_by_lock",
    "constraint pricing_audit_log_pkey on public.pricing_audit_log: is not there": (
        "alter table public.pricing_audit_log drop constraint pricing_audit_log_pkey"
    ),
    "constraint procrastinate_jobs_worker_id_fkey on procrastinate.procrastinate_jobs:"
    " is not there": (
        "alter table procrastinate.procrastinate_workers"
        " drop constraint procrastinate_workers_pkey cascade"
    ),
    "constraint procrastinate_workers_pkey on procrastinate.procrastinate_workers: is not there": (
        "select"
    ),
    "table procrastinate.procrastinate_periodic_defers: is not there": (
        "drop table procrastinate.procrastinate_periodic_defers cascade"
    ),
    "type procrastinate.procrastinate_job_status: has other values": (
        "alter type procrastinate.procrastinate_job_status rename value 'aborted' to 'halted'"
    ),
    "type procrastinate.procrastinate_job_event_type: has other values": (
        "alter type procrastinate.procrastinate_job_event_type"
        " rename value 'retried' to 'tried again'"
    ),
    "type procrastinate.procrastinate_job_to_defer_v1: has other attributes": (
        "alter type procrastinate.procrastinate_job_to_defer_v1 drop attribute lock"
    ),
    "type public.pricing_change: has lost attributes": (
        "alter type public.pricing_change drop attribute moment cascade"
    ),
    "domain public.pricing_usd: may not be null": "alter domain public.pricing_usd set not null",
    "domain public.pricing_usd: has another default": (
        "alter domain public.pricing_usd set default 0"
    ),
    "constraint pricing_usd_check on domain public.pricing_usd: is not there": (
        "alter domain public.pricing_usd drop constraint pricing_usd_check"
    ),
    "constraint theirs on domain public.pricing_usd: is none of ours": (
        "alter domain public.pricing_usd add constraint theirs check (value < 1) not valid"
    ),
    "column public.model_pricing_history.theirs: is none of ours, and must be given": (
        "alter table public.model_pricing_history add column theirs int not null"
    ),
    "index theirs_once on public.model_pricing_history: is none of ours, and refuses rows": (
        "create unique index theirs_once on public.model_pricing_history (changed_by)"
    ),
    "constraint theirs_too on public.pricing_overrides: is none of ours": (
        "alter table public.pricing_overrides add constraint theirs_too"
        " exclude using btree (model_id with =)"
    ),
    "column public.pricing_providers.content_digest: is collated as C": (
        'alter table public.pricing_providers alter column content_digest type text collate "C"'
    ),
    "table public.pricing_audit_log: is unlogged: a crash of the server empties it": (
        "alter table public.pricing_audit_log set unlogged"
    ),
    "table public.pricing_idempotency_keys: is a child of public.parent": (
        "create table public.parent (key text not null);"
        " alter table public.pricing_idempotency_keys inherit public.parent"
    ),
    "column public.pricing_schema_ledger.applied_at: has another default": (
        "alter table public.pricing_schema_ledger alter column applied_at drop default"
    ),
    "constraint pricing_schema_ledger_pkey on public.pricing_schema_ledger: is not there": (
        "alter table public.pricing_schema_ledger drop constraint pricing_schema_ledger_pkey"
    ),
    # Objects that have a name of the release but are not the release's.
    "constraint model_pricing_history_model_id_fkey on public.model_pricing_history: was changed": (
        "create schema elsewhere; create table elsewhere.model_pricing (id bigint primary key);"
        " alter table public.model_pricing_history"
        " drop constraint model_pricing_history_model_id_fkey,"
        " add constraint model_pricing_history_model_id_fkey foreign key (model_id)"
        " references elsewhere.model_pricing (id) on delete cascade"
    ),
    "column procrastinate.procrastinate_events.id: has another default": (
        "create sequence public.procrastinate_events_id_seq; alter table"
        " procrastinate.procrastinate_events alter id"
        " set default nextval('public.procrastinate_events_id_seq')"
    ),
}


def sentences(url: str) -> list[str]:
    return [each.sentence for each in state_differences(url)]


def test_a_migrated_database_is_as_released(database: str) -> None:
    assert sentences(database) == []
    result = migrate(database)
    assert (result.applied, result.mended, result.differences) == ((), (), ())


def test_what_was_changed_by_hand_is_named_and_restored(database: str) -> None:
    as_released = structure(database), rights(database)
    execute(database, *OURS.values())
    found = state_differences(database)
    named = "\n".join(each.sentence for each in found)
    assert [what for what in OURS if not re.search(what, named)] == []
    assert [each for each in found if not each.is_ours] == []
    assert migrate(database).mended == tuple(each.sentence for each in found)
    assert sentences(database) == []
    assert (structure(database), rights(database)) == as_released


def test_what_the_operator_may_have_meant_is_named_and_left(database: str) -> None:
    with psycopg.connect(database, autocommit=True) as connection:
        role = f"their_{connection.info.dbname}"
        connection.execute(f"create role {role}".encode())
        try:
            names = {"role": role, "database": connection.info.dbname}
            execute(database, *(statement.format(**names) for statement in OPERATORS.values()))
            found = state_differences(database)
            named = "\n".join(each.sentence for each in found)
            assert [what for what in OPERATORS if what.format(**names) not in named] == []
            result = migrate(database)
            assert (result.mended, result.differences) == ((), tuple(found))
            assert {each.is_ours for each in found} == {False}
            execute(database, *(each.statement or "" for each in found))
            assert sentences(database) == []
        finally:
            connection.execute(f"drop owned by {role}; drop role {role}".encode())


MEMBERS = [
    "",
    " with inherit false, set true",
    " with inherit false, set false, admin true",
]


@pytest.mark.parametrize("options", MEMBERS)
def test_who_may_become_the_owner_is_named_whatever_the_options(
    options: str, database: str, migrated_cluster: Cluster
) -> None:
    """The report has a statement only for a process's login: ``migrate`` needs a member."""
    if options:
        require_16(database)
    with migrated_cluster.login_role(can_create_roles=False) as (user, _):
        execute(database, f"grant pricing_owner to {user}{options}")
        named = f"role {user}: is a member of pricing_owner: it may do everything here"
        assert [(each.sentence, each.statement) for each in state_differences(database)] == [
            (named, None)
        ]
        execute(database, f"grant pricing_worker to {user}")
        (found,) = state_differences(database)
        assert found.sentence == named and found.statement is not None
        execute(database, found.statement)
        assert sentences(database) == []


def test_a_membership_is_taken_from_each_role_that_gave_it(
    database: str, migrated_cluster: Cluster
) -> None:
    require_16(database)
    with (
        migrated_cluster.login_role(can_create_roles=True) as (giver, password),
        migrated_cluster.login_role(can_create_roles=False) as (user, _),
    ):
        execute(database, f"grant pricing_web to {user}")
        name = database.rpartition("/")[2]
        as_giver = migrated_cluster.url_of(name, user=giver, password=password)
        execute(as_giver, f"grant pricing_owner to {user}")
        execute(database, f"grant pricing_owner to {user}")
        found = [each for each in state_differences(database) if user in each.object]
        execute(database, *(each.statement or "" for each in found))
        assert not [each for each in sentences(database) if user in each]


def require_16(database: str) -> None:
    if rows(database, "select current_setting('server_version_num')::int >= 160000") != [(True,)]:
        pytest.skip("before PostgreSQL 16 a membership has no options")


@pytest.mark.long
def test_a_superuser_s_doctor_has_nothing_against_the_login_that_migrates(
    cluster: Cluster, database_factory: DatabaseFactory
) -> None:
    """The login owns the database, made the roles, and is a member of them."""
    owners = database_factory(owner_is="createrole")
    assert migrate(owners).differences == ()
    assert sentences(cluster.url_of(owners.rpartition("/")[2])) == []


def test_a_setting_of_every_role_is_undone_by_its_statement(database: str) -> None:
    query = (
        "select found, statement from public.pricing_access_differences()"
        " where object = 'every role'"
    )
    # Never committed: the setting would apply to every other test, too.
    with psycopg.connect(database) as connection:
        connection.execute("alter role all set pricing.maintenance = 'on'")
        ((found, statement),) = connection.execute(query.encode()).fetchall()
        assert found == "sets pricing.maintenance=on for every session"
        connection.execute(statement.encode())
        assert connection.execute(query.encode()).fetchall() == []
        connection.rollback()


def test_an_object_of_another_role_among_ours_keeps_its_owner(
    database: str, migrated_cluster: Cluster
) -> None:
    """A planted function that became the owner's would run with the owner's rights."""
    with migrated_cluster.login_role(can_create_roles=False) as (user, password):
        execute(database, f"grant usage, create on schema procrastinate, public to {user}")
        name = database.rpartition("/")[2]
        url = migrated_cluster.url_of(name, user=user, password=password)
        function = "language plpgsql security definer as 'begin return 1; end'"
        execute(
            url,
            f"create function procrastinate.evil() returns int {function}",
            "create function procrastinate.procrastinate_finish_job_v1(text) returns int"
            f" {function}",
            f"create function public.pricing_short_number(text) returns int {function}",
            "create table procrastinate.planted ()",
            "create view procrastinate.seen as select 1 as one",
            "create sequence procrastinate.numbers",
        )
        execute(database, f"revoke usage, create on schema procrastinate, public from {user}")
        result = migrate(database)
        # The replay replaces it, like everything that has the name of a function of ours and is
        # another.
        assert len(result.mended) == 1 and "pricing_short_number(text)" in result.mended[0]
        assert sorted(each.sentence for each in result.differences) == [
            "function procrastinate.evil(): is none of ours",
            "function procrastinate.procrastinate_finish_job_v1(text): is none of ours",
            "sequence procrastinate.numbers: is none of ours",
            "table procrastinate.planted: is none of ours",
            "view procrastinate.seen: is none of ours",
        ]
        owners = "select proowner::regrole::text from pg_proc where proname = 'evil'"
        assert rows(database, owners) == [(user,)]
        execute(database, *(each.statement or "" for each in result.differences))
        assert sentences(database) == []


@pytest.mark.long
def test_tables_that_were_changed_are_named_with_the_statement(database: str) -> None:
    execute(database, *TABLES.values())
    wanted = sorted(TABLES)
    with psycopg.connect(database, autocommit=True) as connection:
        if connection.info.server_version >= 180000:
            connection.execute(
                "alter table public.pricing_settings alter column lease drop not null,"
                " add constraint theirs_not_null not null lease not valid"
            )
            wanted.append(
                "constraint theirs_not_null on public.pricing_settings: was never validated"
            )
    found = [each for each in state_differences(database) if not each.is_ours]
    assert sorted(each.sentence for each in found) == sorted(wanted)
    execute(database, *(each.statement or "" for each in found))
    migrate(database)
    assert sentences(database) == []


@pytest.mark.long
def test_rows_that_violate_a_constraint_are_left_for_the_operator(database: str) -> None:
    """The rows were written while the triggers were off; the constraint is checked from now on."""
    execute(
        database,
        "alter table public.pricing_sync_log disable trigger all",
        "insert into public.pricing_sync_log (job_id, provider_slug, queue_job_id, attempt,"
        " triggered_by) values (gen_random_uuid(), 'openrouter', 7, 1, 'nobody')",
    )
    left = migrate(database).differences
    assert [each.sentence for each in left] == [
        "constraint pricing_sync_log_job_id_fkey on public.pricing_sync_log: was never validated"
    ]
    with pytest.raises(psycopg.errors.ForeignKeyViolation):
        execute(database, left[0].statement or "")


# Each sequence would next give a number that is taken.
BEHIND = {
    "public.model_pricing_history_id_seq": (
        "alter sequence public.model_pricing_history_id_seq restart"
    ),
    "procrastinate.procrastinate_jobs_id_seq": (
        "truncate procrastinate.procrastinate_jobs restart identity cascade"
    ),
    "public.pricing_sync_log_id_seq": (
        "alter sequence public.pricing_sync_log_id_seq minvalue -5 restart with -5 increment by -1"
    ),
}


@pytest.mark.long
def test_sequences_that_are_behind_are_set(
    database: str, connection: psycopg.Connection[DictRow]
) -> None:
    pricing = Pricing(connection)
    pricing.sync("openrouter", [price("a")])
    execute(database, *BEHIND.values())
    found = state_differences(database)
    assert [each.object for each in found] == [f"sequence {name}" for name in sorted(BEHIND)]
    assert all("would give" in each.found and each.is_ours for each in found)
    assert migrate(database).mended == tuple(each.sentence for each in found)
    assert sentences(database) == []
    pricing.sync("openrouter", [price("a", "0.002")])
    assert [row["status"] for row in pricing.rows("select status from pricing_sync_log")] == [
        "success"
    ] * 2


@pytest.mark.long
def test_sequences_that_are_gone_are_made_again(database: str) -> None:
    as_released = structure(database), rights(database)
    execute(
        database,
        "drop sequence procrastinate.procrastinate_events_id_seq cascade",
        "alter table public.pricing_change_rules alter column id drop identity",
    )
    assert len([each for each in sentences(database) if "seq: is not there" in each]) == 2
    assert migrate(database).differences == ()
    assert (structure(database), rights(database)) == as_released


def test_what_has_a_name_of_the_release_is_put_back_and_never_dropped(database: str) -> None:
    """A trigger with a name of the release may call another function, whatever the difference."""
    as_released = structure(database), rights(database)
    nothing = "returns trigger language plpgsql as 'begin return null; end'"
    execute(
        database,
        f"create function procrastinate.check_pricing_job() {nothing}",
        "create or replace trigger pricing_check_job before update on public.pricing_sync_jobs"
        " for each row execute function procrastinate.check_pricing_job()",
        f"create function public.procrastinate_unlink_periodic_defers_v1() {nothing}",
        "create or replace trigger procrastinate_trigger_delete_jobs_v1"
        " before delete on procrastinate.procrastinate_jobs"
        " for each row execute function public.procrastinate_unlink_periodic_defers_v1()",
        "alter function public.check_model_pricing() rename to bypassed",
        "alter function procrastinate.procrastinate_notify_queue_abort_job_v1() rename to passed",
        "alter view public.pricing_sync_expiry rename to expiry",
        "create schema theirs; create table theirs.model_pricing ()",
        # Its text is the engine's, its signature is not.
        "do $$ begin execute replace(pg_get_functiondef("
        "'procrastinate.procrastinate_finish_job_v1'::regproc), 'job_id bigint', 'job_id text');"
        " end $$",
    )
    found = state_differences(database)
    ours = {each.object: each.found for each in found if each.is_ours}
    for name in ("update on", "updates on", "removal on"):
        trigger = f"trigger pricing_check_model_{name} model_pricing"
        assert ours.get(trigger, "").startswith("was replaced"), trigger
    assert ours["trigger pricing_check_job on pricing_sync_jobs"].startswith("was replaced")
    trigger = "trigger procrastinate_trigger_delete_jobs_v1 on procrastinate_jobs"
    assert ours[trigger].startswith("was replaced")
    assert ours["function public.check_model_pricing()"] == "is not there"
    missing = "function procrastinate.procrastinate_notify_queue_abort_job_v1()"
    assert ours[missing] == "is not there"
    assert ours["view public.pricing_sync_expiry"] == "is not there"
    result = migrate(database)
    assert {f"{object}: {said}" for object, said in ours.items()} == set(result.mended)
    assert sorted(each.sentence for each in result.differences) == [
        "function procrastinate.check_pricing_job(): is none of ours",
        "function procrastinate.passed(): is none of ours",
        "function procrastinate.procrastinate_finish_job_v1(text,"
        "procrastinate.procrastinate_job_status,boolean): is none of ours",
        "function public.bypassed(): belongs to pricing_owner, and is none of ours",
        "relation public.expiry: belongs to pricing_owner, and is none of ours",
    ]
    execute(database, *(each.statement or "" for each in result.differences))
    execute(
        database,
        "drop function public.procrastinate_unlink_periodic_defers_v1()",
        "drop view public.expiry",
    )
    assert sentences(database) == []
    assert (structure(database), rights(database)) == as_released


@pytest.mark.long
@pytest.mark.parametrize("what", ["table procrastinate_jobs", "type procrastinate_job_status"])
def test_without_a_table_or_type_of_the_engine_migrate_says_what_makes_it(
    database: str, what: str
) -> None:
    execute(database, f"drop {what.replace(' ', ' procrastinate.')} cascade")
    with pytest.raises(MigrationError, match="does not exist") as refused:
        migrate(database)
    execute(database, (refused.value.hint or "").partition(": ")[2])
    left = migrate(database).differences
    execute(database, *(each.statement or "" for each in left))
    assert sentences(database) == []


def test_a_login_that_may_make_no_schema_compares_too(
    database: str, migrated_cluster: Cluster
) -> None:
    with migrated_cluster.login_role(can_create_roles=False) as (user, password):
        migrated_cluster.execute("grant pricing_owner, pricing_web, pricing_worker to {}", user)
        name = database.rpartition("/")[2]
        url = migrated_cluster.url_of(name, user=user, password=password)
        try:
            execute(database, *OURS.values(), *TABLES.values())
            # A superuser sees differences about this login that the login does not report of
            # itself.
            assert sentences(url) == [each for each in sentences(database) if user not in each]
        finally:
            execute(database, "revoke pricing_owner from anon")


@pytest.mark.parametrize("role", ["pricing_web", "pricing_worker"])
def test_a_process_s_login_is_told_no_way_to_become_the_owner(
    database: str, migrated_cluster: Cluster, role: str
) -> None:
    with migrated_cluster.login_role(can_create_roles=False) as (user, password):
        migrated_cluster.execute(f"grant {role} to {{}}", user)
        name = database.rpartition("/")[2]
        url = migrated_cluster.url_of(name, user=user, password=password)
        for look in (migrate, state_differences):
            with pytest.raises(MigrationError, match=f"{user} does not have the rights"):
                look(url)


def test_a_login_that_may_make_nothing_says_so(database: str, migrated_cluster: Cluster) -> None:
    with migrated_cluster.login_role(can_create_roles=False) as (user, password):
        migrated_cluster.execute("grant pricing_owner, pricing_web, pricing_worker to {}", user)
        name = database.rpartition("/")[2]
        execute(database, f"revoke create, temporary on database {name} from public, pricing_owner")
        url = migrated_cluster.url_of(name, user=user, password=password)
        with pytest.raises(MigrationError, match="not even temporary tables") as refused:
            state_differences(url)
        execute(database, (refused.value.hint or "").removeprefix("As its owner: "))
        assert sentences(url) == []
        # A role can be dropped only without rights of its own.
        execute(database, f"drop owned by {user}")


@pytest.mark.long
def test_cron_jobs(cron_database: str) -> None:
    jobs = (
        "select jobname, schedule, command, nodename, nodeport, database, username, active"
        " from cron.job order by 1"
    )
    as_released = rows(cron_database, jobs)
    command = "(select command from cron.job where jobname = 'pricing_sync_schedule')"
    execute(
        cron_database,
        "update cron.job set nodeport = 1 where jobname = 'pricing_sync_schedule'",
        f"select cron.schedule('twice', '* * * * *', {command} || ' ')",
        "insert into cron.job (schedule, command, nodename, nodeport, database, username, jobname)"
        " select schedule, 'select 1', nodename, nodeport, database, 'pricing_web', jobname"
        " from cron.job where jobname = 'pricing_sync_schedule'",
        "select cron.schedule('pricing_sync_cleanup', '5 4 * * *', 'select 1')",
        "update cron.job set database = 'template1' where jobname = 'pricing_sync_run_details'",
        "select cron.unschedule('pricing_sync_retention')",
    )
    found = state_differences(cron_database)
    named = sorted(
        re.sub(r"(job) \d+|\S+(?=:1$)|(?<=twice of )\S+(?=:)", r"\1", each.sentence)
        for each in found
        if each.object.startswith("cron job")
    )
    assert named == [
        "cron job pricing_sync_cleanup: has another schedule or command",
        "cron job pricing_sync_retention: is not there",
        "cron job pricing_sync_run_details: runs in the database template1",
        "cron job pricing_sync_schedule: runs at another host or port: :1",
        "cron job, which is pricing_sync_schedule of pricing_web:"
        " has a name like ours, and is none of ours",
        "cron job, which is twice of : runs a command of ours once more",
    ]
    result = migrate(cron_database)
    assert result.mended == tuple(each.sentence for each in found if each.is_ours)
    ends = [each.statement or "" for each in result.differences if "cron job" in each.object]
    execute(cron_database, *ends)
    assert [each for each in sentences(cron_database) if each.startswith("cron job")] == []
    assert rows(cron_database, jobs) == as_released
