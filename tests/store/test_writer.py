"""Writing: once per id, the first copy wins, all or nothing."""

from __future__ import annotations

import itertools
import random
from collections.abc import Collection

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Table, select

from pipeline.store import FlagDatabase, rows, tables
from pipeline.store.canonical import WALL_CLOCK, canonical_rows
from schemas.alert import Alert, AlertKind
from schemas.dead_letter import DeadLetter
from schemas.flag import Exposure, Flag
from schemas.records import Disposition, FlagState
from schemas.score import Score, StageTimings
from schemas.wire import Wire
from tests.store import messages as m

EVERY_KIND: list[Wire] = [
    m.score(1), m.alert(1), m.alert(2, kind=AlertKind.CONTAGION), m.flag(1),
    m.flag(1, revision=1, state=FlagState.LOWERED), m.exposure(1), m.disposition(1),
    m.dead_letter(1),
]  # fmt: skip


def _identity(message: Wire) -> tuple[object, ...]:
    match message:
        case Score():
            return ("score", message.score_id)
        case Alert():
            return ("alert", message.alert_id)
        case Flag():
            return ("flag", message.flag_id, message.revision)
        case Exposure():
            return ("exposure", message.exposure_id)
        case Disposition():
            return ("disposition", rows.disposition_id(message))
        case DeadLetter():
            return ("dead letter", message.dead_letter_id)
    raise AssertionError(message)


def _everything(connection: Connection) -> list[Wire]:
    """All messages that the database holds, rebuilt from their rows."""
    reasons: dict[str, list[rows.Row]] = {}
    query = select(tables.alert_reasons).order_by("alert_id", "position")
    for row in connection.execute(query).mappings():
        reasons.setdefault(row["alert_id"], []).append(dict(row))
    found: list[Wire] = []
    for table, build in (
        (tables.scores, rows.score_of),
        (tables.flags, rows.flag_of),
        (tables.exposures, rows.exposure_of),
        (tables.dispositions, rows.disposition_of),
        (tables.dead_letters, rows.dead_letter_of),
    ):
        found += [build(dict(row)) for row in connection.execute(select(table)).mappings()]
    for row in connection.execute(select(tables.alerts)).mappings():
        own = [rows.reason_of(reason) for reason in reasons.get(row["alert_id"], [])]
        found.append(rows.alert_of(dict(row), own))
    return found


def _dump(database: FlagDatabase, exclude: Collection[str] | None = None) -> dict[str, list[str]]:
    with database.reading() as connection:
        return {kind: canonical_rows(connection, kind, exclude) for kind in WALL_CLOCK}


def _empty(database: FlagDatabase) -> None:
    with database._writing.begin() as connection:
        for table in reversed(tables.metadata.sorted_tables):
            connection.execute(table.delete())


def test_every_kind_of_message_reads_back_as_it_was_written(database: FlagDatabase) -> None:
    written = database.write(EVERY_KIND)
    assert written.stored == {
        "scores": 1, "alerts": 2, "flags": 2, "exposures": 1, "dispositions": 1, "dead_letters": 1,
    }  # fmt: skip
    assert set(written.repeats.values()) == {0}
    found = database.read(_everything)
    assert sorted(found, key=_identity) == sorted(EVERY_KIND, key=_identity)


def test_repeat_of_a_batch_changes_nothing_and_is_counted(database: FlagDatabase) -> None:
    first = database.write(EVERY_KIND)
    before = _dump(database, ())
    again = database.write(EVERY_KIND)
    after = _dump(database, ())
    assert after == before
    assert again.total == 0
    assert again.repeats == first.stored


def test_reasons_of_a_repeat_do_not_mix_with_those_of_the_first_copy(
    database: FlagDatabase,
) -> None:
    first = m.alert(1, reasons=(m.reason("one"),))
    longer = m.alert(1, reasons=(m.reason("two"), m.reason("three")))
    database.write([first])
    database.write([longer])
    assert database.read(_everything) == [first]


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(batches=m.batches())
def test_rows_are_the_first_copy_of_each_id_however_batches_repeat(
    database: FlagDatabase, batches: list[list[Wire]]
) -> None:
    _empty(database)
    stored = sum(database.write(batch).total for batch in batches)
    firsts: dict[tuple[object, ...], Wire] = {}
    for message in (message for batch in batches for message in batch):
        firsts.setdefault(_identity(message), message)
    found = {_identity(message): message for message in database.read(_everything)}
    assert found == firsts
    assert stored == len(firsts)


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(seed=st.integers(0, 2**32), cuts=st.lists(st.integers(0, 24), max_size=5))
def test_any_order_and_any_cut_into_batches_gives_the_same_rows(
    database: FlagDatabase, seed: int, cuts: list[int]
) -> None:
    stream = [
        message for n in range(3) for message in (
            m.score(n), m.alert(n), m.flag(n), m.exposure(n), m.disposition(n), m.dead_letter(n),
        )
    ]  # fmt: skip
    _empty(database)
    database.write(stream)
    expected = _dump(database)
    _empty(database)
    shuffled = stream + random.Random(seed).sample(stream, 6)
    random.Random(seed + 1).shuffle(shuffled)
    edges = [0, *sorted(cuts), len(shuffled)]
    for start, end in itertools.pairwise(edges):
        database.write(shuffled[start:end])
    found = _dump(database)
    assert found == expected


def test_a_message_without_a_table_is_refused_and_leaves_no_row(database: FlagDatabase) -> None:
    stranger = m.path()
    with pytest.raises(TypeError, match="GraphPath has no table"):
        database.write([m.score(1), stranger])
    assert database.read(_everything) == []


def test_an_empty_batch_is_written(database: FlagDatabase) -> None:
    assert database.write([]).total == 0


def test_text_that_a_database_refuses_is_stored_with_a_mark_in_its_place(
    database: FlagDatabase,
) -> None:
    hostile = m.disposition(1).model_copy(update={"note": "nul \0, half \ud800."})
    letter = m.dead_letter(1, original=b"\0\xff{" + b"x" * 500)
    database.write([hostile, letter])
    with database.reading() as connection:
        assert connection.scalar(select(tables.dispositions.c.note)) == "nul \ufffd, half ?."
        preview = connection.scalar(select(tables.dead_letters.c.preview))
    assert preview == "\ufffd\ufffd{" + "x" * 197


@pytest.mark.parametrize(
    ("message", "table"),
    [
        (Score, tables.scores),
        (Alert, tables.alerts),
        (Flag, tables.flags),
        (Exposure, tables.exposures),
        (Disposition, tables.dispositions),
        (DeadLetter, tables.dead_letters),
    ],
)
def test_no_field_of_a_message_is_left_behind(message: type[Wire], table: Table) -> None:
    kept = {column.name.removeprefix("source_") for column in table.columns}
    fields = set(message.model_fields) - {"schema_version", "record"}
    if "timings" in fields:
        fields = fields - {"timings"} | set(StageTimings.model_fields)
    elsewhere = {"reasons"} if message is Alert else set()
    assert fields - kept == elsewhere
