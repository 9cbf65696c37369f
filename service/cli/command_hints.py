"""Say the hints of SQL functions, which name statements and functions, with commands.

A hint that still has SQL in it after that is replaced by the way to the help.
"""

from __future__ import annotations

import re

PROGRAM = "pricing-sync"
FALLBACK = f"See `{PROGRAM} --help` and `{PROGRAM} COMMAND --help`."

# Each pattern is SQL in a hint, with the command that does or shows the same.
_COMMANDS: tuple[tuple[str, str], ...] = (
    (r"select slug from pricing_providers (?:shows|lists) them", "`{0} providers` lists them"),
    (
        r"select model from model_prices where provider = \.\.\.",
        "`{0} models QUERY --provider PROVIDER` finds them",
    ),
    (
        r"select provider, model from model_prices where is_overridden",
        "`{0} override list` shows those that have one",
    ),
    (
        r"select provider, model from model_prices (?:where \.\.\.|shows how they are spelt)",
        "`{0} models QUERY` finds them",
    ),
    (r"select \* from pricing_held(?= shows|\.)", "`{0} held`"),
    (r"select id, job_id from pricing_held", "`{0} held`"),
    (r"select distinct job_id from pricing_held", "`{0} held`"),
    (
        r"`pricing-sync held` shows those that wait, pricing_rejected",
        "`{0} held` shows those that wait, `{0} held --rejected`",
    ),
    (r"select (?:\*|provider, job_id, id) from pricing_rejected", "`{0} held --rejected`"),
    (
        r"select job_id, changed_at from pricing_history order by changed_at desc",
        "`{0} changes --since 7d`",
    ),
    (
        r"select \* from pricing_history where job_id = \.\.\. shows what it did",
        "`{0} changes --since 7d --json` shows what each job did",
    ),
    (r"select \* from pricing_sync_jobs order by triggered_at desc", "`{0} status`"),
    (
        r"select \* from pricing_change_rules order by id desc shows the newest",
        "`{0} rules` shows those in force",
    ),
    (
        r"select provider, model from pricing_active_overrides lists them\..*",
        "`{0} override list` shows them.",
    ),
    (
        r"select \* from pricing_overrides where ended_at is null shows those that are",
        "`{0} override list` shows those that are",
    ),
    (r"select name, state from pricing_keys", "`{0} keys list`"),
    (
        r"select error_kind, error_message from pricing_sync_log where .* says why it fails",
        "`{0} status --provider PROVIDER --failed` says why it fails",
    ),
    (r"pricing_sync_log says which", "`{0} status JOB` says which"),
    (
        r"(?:Enable one with )?update pricing_providers set enabled = true\.",
        "Enable one: `{0} providers enable PROVIDER`.",
    ),
    (
        r"Enable it with update pricing_providers set enabled = true where slug = '([^']*)'",
        r"Enable it: `{0} providers enable \1`",
    ),
    (
        r"update pricing_providers set enabled = false where slug = '\.\.\.'",
        "`{0} providers disable PROVIDER`",
    ),
    (r"select cancel_pricing_sync\(job_id\)", "`{0} cancel JOB`"),
    (r"select retry_pricing_sync\('?([^')]*)'?\)", r"`{0} retry \1`"),
    (r"select accept_shorter_list\('?([^')]*)'?\);?", r"`{0} accept-shorter-list \1`"),
    (r"rollback_pricing_sync(?:\(job_id\))?", "`{0} rollback JOB`"),
    (r"approve_held_price_change(?:\(id\))?", "`{0} approve ID`"),
    (r"set_price_override", "`{0} override set`"),
    (r"clear_price_override", "`{0} override clear`"),
    (r"create_pricing_api_key", "`{0} keys create`"),
    (r"rotate_pricing_api_key", "`{0} keys rotate`"),
    (r"revoke_pricing_api_key", "`{0} keys revoke`"),
    (r"on_conflict => '(\w+)'", r"--on-conflict \1"),
    (r'force => true \(--force, "force": true\)', "--force"),
    (r"such as now\(\) \+ interval '(\d+) days'", r"such as \1d"),
    (
        r"select \* from pricing_unrecorded_prices\(\) lists what is to be recorded",
        "`{0} doctor` says what is to be recorded",
    ),
    (
        r"Try again; select pg_terminate_backend\(<pid>\) ends that session"
        r"|select pg_terminate_backend\(<pid>\) ends that session",
        "`{0} doctor` shows that session, and how to end it",
    ),
    (
        r"What is due is enqueued by select enqueue_due_pricing_syncs\(\);",
        "Workers enqueue what is due.",
    ),
    (
        r"\s*begin isolation level read committed; or set default_transaction_isolation"
        r" = 'read committed'\.",
        " The login's default_transaction_isolation must be 'read committed'.",
    ),
)
_TRANSLATIONS = tuple(
    (re.compile(pattern), command.replace("{0}", PROGRAM)) for pattern, command in _COMMANDS
)
# What is left of SQL: statements, calls, named arguments and our functions and tables.
_SQL = re.compile(
    r"\bselect\b(?! the\b)|\bupdate \w+ set\b|\binsert into\b|\bdelete from\b|\bbegin;"
    r"|\bset local\b|=>|\b[a-z]+_[a-z_]+\("
    r"|\b(?:model_pricing|model_prices|pricing_(?!owner\b)[a-z_]+)\b",
)
_QUOTED = re.compile(r"`[^`]*`")


def command_hint(hint: str | None) -> str | None:
    """The hint for a person at a terminal; None stays None."""
    if hint is None:
        return None
    for pattern, command in _TRANSLATIONS:
        hint = pattern.sub(command, hint)
    return FALLBACK if has_sql(hint) else hint


def has_sql(hint: str) -> bool:
    """Whether SQL is left outside of what is quoted as a command."""
    return _SQL.search(_QUOTED.sub("", hint)) is not None
