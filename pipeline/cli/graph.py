"""``coldwire graph``: the neighbourhood of an entity, or the core, as a picture."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import polars as pl
import typer
from pydantic import ValidationError

from pipeline.contagion.engine import ContagionEngine
from pipeline.contagion.neighbourhood import Neighbourhood, core, neighbourhood
from pipeline.contagion.snapshot import load
from pipeline.contagion.svg import core_svg, flow_svg, page
from pipeline.errors import ColdwireError
from pipeline.intake import Pseudonyms, fan_out
from pipeline.intake.reader import KEY_FILE
from pipeline.moments import moment
from pipeline.settings import load_settings
from schemas.ids import stable_id
from schemas.payment import Payment
from schemas.records import FlagChange, FlagState, Flow, graph_record
from simulators.files import read_payments

_CORE_BANKS = 25


def graph(
    entity: Annotated[
        str, typer.Argument(help="Entity id or its first characters; 'core' maps the core.")
    ],
    out: Annotated[Path | None, typer.Option(help="Write an .html or .svg file.")] = None,
    snapshot: Annotated[
        Path | None, typer.Option(help="Snapshot to read; the running pipeline's if left out.")
    ] = None,
    stream: Annotated[
        Path | None,
        typer.Option(help="Recorded payments (Parquet, JSON lines) or graph records instead."),
    ] = None,
    flag: Annotated[
        list[str] | None, typer.Option(help="With --stream: treat this entity as flagged.")
    ] = None,
    hops: Annotated[int, typer.Option(min=1, max=4, help="How far to look.")] = 2,
    width: Annotated[int, typer.Option(min=1, max=30, help="Links followed a node.")] = 6,
    as_json: Annotated[bool, typer.Option("--json", help="Print the neighbourhood.")] = False,
) -> None:
    """Draw who paid an entity, whom it paid, what is flagged, and the paths between.

    Example: coldwire graph bank:990000011 --out bank.html
    """
    if out is None and not as_json:
        raise ColdwireError("there is nowhere to write to", "give --out FILE.html or --json")
    if out is not None and out.suffix not in (".html", ".svg"):
        raise ColdwireError(f"{out} is neither .html nor .svg", "choose one of the two")
    if flag and stream is None:
        raise ColdwireError("--flag needs a recorded stream", "give --stream FILE with it")
    engine = _engine(snapshot, stream, flag or [])
    if entity == "core":
        scene = _core(engine)
        drawing = core_svg(scene)
    else:
        scene = neighbourhood(engine, _whole_id(engine, entity), hops=hops, width=width)
        drawing = flow_svg(scene)
    if out is not None:
        try:
            out.write_text(page(scene, drawing) if out.suffix == ".html" else drawing)
        except OSError as error:
            raise ColdwireError(
                f"{out} cannot be written: {error.strerror}", "give another --out"
            ) from error
    if as_json:
        typer.echo(json.dumps(_plain(scene)))
    else:
        typer.echo(
            f"{len(scene.places)} entities, {len(scene.streams)} flows, "
            f"{len(scene.paths)} paths written to {out}"
        )


def _engine(snapshot: Path | None, stream: Path | None, flagged: list[str]) -> ContagionEngine:
    if stream is None:
        where = load_settings().data_dir / "contagion" / "graph.snapshot"
        return load(snapshot or where)
    if not stream.exists():
        raise ColdwireError(f"there is no file {stream}", "check the path")
    engine = ContagionEngine()
    engine.process(list(enumerate(_records(stream))))
    at = moment(engine.graph.clock_ms)
    for entity in flagged:
        whole = _whole_id(engine, entity)
        change = FlagChange(
            flag_id=stable_id("flag", "command-line", whole),
            entity=whole,
            state=FlagState.RAISED,
            severity=1.0,
            event_at=at,
            arrived_at=at,
        )
        engine.process([(engine.next_offset, change)])
    return engine


def _records(stream: Path) -> Iterator[Flow | FlagChange]:
    pseudonyms = _pseudonyms()
    if stream.suffix == ".parquet":
        try:
            for payment in read_payments(stream):
                yield _flow(payment, pseudonyms)
        except (pl.exceptions.PolarsError, OSError, ValidationError) as error:
            raise ColdwireError(
                f"{stream} is not a Parquet file of payments", "write it with coldwire simulate"
            ) from error
        return
    with stream.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            try:
                if b'"record"' in line:
                    yield graph_record.validate_json(line)
                else:
                    yield _flow(Payment.from_bytes(line), pseudonyms)
            except ValidationError as error:
                raise ColdwireError(
                    f"{stream}, line {number}: {error.errors()[0]['msg']}",
                    "each line must be one payment, flow or flag record in JSON",
                ) from error


def _flow(payment: Payment, pseudonyms: Pseudonyms) -> Flow:
    return fan_out(payment, payment.created_at, pseudonyms).flow


def _pseudonyms() -> Pseudonyms:
    settings = load_settings()
    if settings.pseudonym_key is not None:
        return Pseudonyms(settings.pseudonym_key.get_secret_value().encode())
    return Pseudonyms.from_key_file(settings.data_dir / KEY_FILE)


def _whole_id(engine: ContagionEngine, start: str) -> str:
    names = engine.graph.names
    if start in engine.graph.index:
        return start
    found = [name for name in names if name.startswith(start)]
    if len(found) == 1:
        return found[0]
    if found:
        raise ColdwireError(f"{len(found)} entities begin with {start}", "give more of the id")
    settled = engine.graph.settled_by
    largest = [names[at] for at in sorted(range(len(names)), key=lambda at: -settled[at])[:3]]
    raise ColdwireError(
        f"the graph does not know {start}",
        f"it knows {len(names)} entities, for example {', '.join(largest)}"
        if largest
        else "it is empty: let some payments pass first",
    )


def _core(engine: ContagionEngine) -> Neighbourhood:
    try:
        return core(engine, _CORE_BANKS)
    except KeyError:
        raise ColdwireError(
            "the graph holds no participants", "let some payments between banks pass first"
        ) from None


def _plain(scene: Neighbourhood) -> dict[str, object]:
    plain = asdict(scene)
    plain["paths"] = [path.model_dump(mode="json") for path in scene.paths]
    return plain
