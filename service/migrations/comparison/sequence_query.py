"""Sequences that differ from the release's, or are behind and would hand out a number twice."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import LiteralString

import psycopg
from psycopg.rows import class_row

from service.migrations.comparison.table_pairs import OWN_TABLES, TABLE_PAIRS
from service.migrations.do_block import quote, text_array
from service.postgres.sql_text import fill

# Columns that name a queue row, and outlive it.
QUEUE_ID = "queue_job_id"

_SEQUENCES: LiteralString = """
with {tables},
owned as (
    select q.*, d.refobjid as of_table, d.refobjsubid as of_column
    from pg_sequence q
    join pg_depend d
        on d.classid = 'pg_class'::regclass and d.objid = q.seqrelid
        and d.refclassid = 'pg_class'::regclass and d.deptype in ('a', 'i')
),
released as (
    select t.name as in_table, t.there as table_oid, quote_ident(a.attname) as in_column,
        p.attnum, a.attidentity::text as identity, o.*,
        format('%I.%I', split_part(t.name, '.', 1), c.relname) as name
    from a_table t
    join owned o on o.of_table = t.released
    join pg_class c on c.oid = o.seqrelid
    join pg_attribute a on a.attrelid = o.of_table and a.attnum = o.of_column
    join pg_attribute p on p.attrelid = t.there and p.attname = a.attname and not p.attisdropped
)
select coalesce(q.seqrelid::regclass::text, r.name) as name, r.in_table, r.in_column,
    quote_ident(pg_get_userbyid(t.relowner)) as owner, r.identity,
    q.seqrelid is not null as is_there,
    concat_ws(', ',
        case when q.seqtypid <> r.seqtypid
            then 'is of type ' || format_type(q.seqtypid, null) end,
        case when q.seqincrement <> r.seqincrement then 'increments by ' || q.seqincrement end,
        case when q.seqmin <> r.seqmin then 'has the minimum ' || q.seqmin end,
        case when q.seqmax <> r.seqmax then 'has the maximum ' || q.seqmax end,
        case when q.seqstart <> r.seqstart then 'starts at ' || q.seqstart end,
        case when q.seqcache <> r.seqcache then 'caches ' || q.seqcache end,
        case when q.seqcycle <> r.seqcycle then 'begins again at its end' end
    ) as options,
    not exists (
        select from owned o
        where o.seqrelid = q.seqrelid and o.of_table = r.table_oid and o.of_column = r.attnum
    ) as is_loose,
    c.relpersistence = 'u' as is_unlogged,
    c.relowner <> t.relowner as is_of_another,
    format('as %s increment by %s minvalue %s maxvalue %s start %s cache %s no cycle',
        format_type(r.seqtypid, null), r.seqincrement, r.seqmin, r.seqmax, r.seqstart, r.seqcache
    ) as wanted,
    r.seqmin as minimum, r.seqmax as maximum,
    coalesce(has_sequence_privilege(c.oid, 'select'), false)
        and has_column_privilege(t.oid, r.attnum, 'select') as is_readable,
    -- ALTER is the owner's.
    pg_has_role(coalesce(c.relowner, t.relowner), 'usage') and pg_has_role(t.relowner, 'usage')
        as is_ours,
    case when r.in_table = 'procrastinate.procrastinate_jobs' then array(
        select w.name
        from a_table w
        join pg_attribute a on a.attrelid = w.there and a.attname = '{queue_id}'
        where has_column_privilege(w.there, a.attnum, 'select')
        order by w.name
    ) else '{}' end as named_by
from released r
join pg_class t on t.oid = r.table_oid
left join lateral (
    select s.oid
    from pg_class s
    where s.relkind = 'S' and (
        s.oid = to_regclass(r.name)
        or s.oid in (
            select o.seqrelid from owned o
            where o.of_table = r.table_oid and o.of_column = r.attnum
        )
    )
    order by s.oid = to_regclass(r.name) desc nulls last
    limit 1
) as s on true
left join pg_class c on c.oid = s.oid
left join pg_sequence q on q.seqrelid = s.oid
order by r.name
"""
SEQUENCES = fill(_SEQUENCES, tables=TABLE_PAIRS, queue_id=QUEUE_ID)


def own_sequences(tables: Iterable[str]) -> bytes:
    """``SEQUENCES`` for tables that are known to be the release's: only the numbers can differ."""
    own = fill(OWN_TABLES, names=text_array(map(quote, tables)))
    return fill(_SEQUENCES, tables=own, queue_id=QUEUE_ID).encode()


@dataclass(frozen=True)
class _Sequence:
    """A sequence of the release, and what differs; ``named_by``: tables with QUEUE_ID."""

    name: str
    in_table: str
    in_column: str
    owner: str
    identity: str
    is_there: bool
    options: str
    is_loose: bool
    is_unlogged: bool | None
    is_of_another: bool | None
    wanted: str
    minimum: int
    maximum: int
    is_readable: bool
    is_ours: bool
    named_by: list[str]

    @property
    def taken(self) -> str:
        """SQL of the greatest number in use; null: none."""
        columns = [(self.in_table, self.in_column)]
        columns += [(table, QUEUE_ID) for table in self.named_by]
        greatest = ", ".join(
            fill(
                "(select max({column}) from {table})",
                column=column,
                table=table,
            )
            for table, column in columns
        )
        return f"greatest({greatest})"


def sequence_query(connection: psycopg.Connection, sequences: bytes) -> bytes:
    """The query for the sequences that differ: each is read by its name."""
    with connection.cursor(row_factory=class_row(_Sequence)) as cursor:
        found = cursor.execute(sequences).fetchall()
    return (" union all ".join(_compared(each) for each in found) + " order by object").encode()


def _compared(sequence: _Sequence) -> str:
    found = [sequence.options] if sequence.options else []
    if not sequence.is_there:
        found = ["is not there"]
    elif sequence.is_loose:
        found.append(f"does not belong to {sequence.in_table}.{sequence.in_column}")
    if sequence.is_unlogged:
        found.append("is unlogged")
    said = ", ".join(found)
    set_value = fill(
        "select setval({quoted}, greatest({taken}, (select last_value from {sequence})));",
        quoted=quote(sequence.name),
        taken=sequence.taken,
        sequence=sequence.name,
    )
    statements = " ".join([*_statements(sequence), set_value])
    if not (sequence.is_there and sequence.is_readable):
        # This login cannot read how far it is.
        next_value, taken = "null::bigint", "null::bigint"
    else:
        next_value = fill(
            "(select case when s.is_called then s.last_value + i.seqincrement else s.last_value end"
            " from {sequence} s, pg_sequence i"
            " where i.seqrelid = {quoted}::regclass)",
            sequence=sequence.name,
            quoted=quote(sequence.name),
        )
        taken = sequence.taken
    # A value outside of the release's bounds must be reset before the bounds can be set.
    restart = f"alter sequence {sequence.name} {sequence.wanted} restart;"
    return fill(
        """
    (select {object} as object,
        concat_ws(', ', nullif({said}, ''),
            case when v.next <= v.taken then
                format('would give %s again, up to %s', v.next, v.taken) end) as found,
        case when v.next not between {minimum} and {maximum}
            then {restart} else '' end || {statements} as statement,
        {is_ours} as is_ours, true as runs_first
    from (select {next_value} as next, {taken} as taken) as v
    where {said} <> '' or v.next <= v.taken)""",
        object=quote("sequence " + sequence.name),
        said=quote(said),
        minimum=str(sequence.minimum),
        maximum=str(sequence.maximum),
        restart=quote(restart + " "),
        statements=quote(statements),
        is_ours=str(sequence.is_ours),
        next_value=next_value,
        taken=taken,
    )


def _statements(sequence: _Sequence) -> list[str]:
    name, table, column = sequence.name, sequence.in_table, sequence.in_column
    statements = []
    if not sequence.is_there and sequence.identity:
        kind = "always" if sequence.identity == "a" else "by default"
        return [
            f"alter table {table} alter column {column} drop default;",
            f"alter table {table} alter column {column} add generated {kind} as identity"
            f" (sequence name {name});",
        ]
    if not sequence.is_there:
        statements.append(f"create sequence {name};")
    if not sequence.is_there or (sequence.is_loose and sequence.is_of_another):
        # A column can own a sequence only if their table and it have one owner.
        statements.append(f"alter sequence {name} owner to {sequence.owner};")
    if not sequence.is_there or sequence.options:
        statements.append(f"alter sequence {name} {sequence.wanted};")
    if sequence.is_unlogged:
        statements.append(f"alter sequence {name} set logged;")
    if sequence.is_loose and not sequence.identity:
        statements.append(f"alter sequence {name} owned by {table}.{column};")
        statements.append(
            f"alter table {table} alter column {column} set default nextval({quote(name)});"
        )
    return statements
