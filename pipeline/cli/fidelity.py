"""``coldwire fidelity``: a report on how near a simulated world comes to the real one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import numpy as np
import polars as pl
import typer
from pydantic import TypeAdapter, ValidationError
from rich.console import Console

from pipeline.errors import ColdwireError
from simulators.fidelity import Fidelity, Payments, measure, write_report
from simulators.fidelity.network import TITLES
from simulators.files import MANIFEST
from simulators.public import DATA_SETS
from simulators.public.tables import DataSetError
from simulators.world import World, WorldConfig


def _world(folder: Path) -> World:
    """The world whose days a folder holds, made again from its configuration."""
    manifest = folder / MANIFEST
    try:
        return World(TypeAdapter(WorldConfig).validate_json(manifest.read_bytes()))
    except FileNotFoundError as error:
        raise ColdwireError(
            f"there is no {manifest}", "write the world first: coldwire simulate --out DIR"
        ) from error
    except ValidationError as error:
        raise ColdwireError(
            f"{manifest} describes no world that this version can make",
            "write the world again with coldwire simulate",
        ) from error


def _peer(text: str) -> tuple[str, Payments]:
    """A public data set, named as NAME=PLACE."""
    name, equals, place = text.partition("=")
    if not equals or name not in DATA_SETS:
        raise ColdwireError(
            f"'{text}' names no data set", f"write NAME=PLACE with NAME of {', '.join(DATA_SETS)}"
        )
    try:
        rows = DATA_SETS[name](Path(place)).rows
    except DataSetError as error:
        raise ColdwireError(str(error), "correct the place after the equals sign") from error
    ends = pl.concat([rows["debtor_account"], rows["creditor_account"]]).rank("dense")
    number = ends.to_numpy().astype(np.int64)
    return name.replace("_", " "), Payments(
        number[: len(rows)],
        number[len(rows) :],
        rows["event_ms"].to_numpy(),
        rows["cents"].to_numpy() / 100.0,
    )


@contextmanager
def _status() -> Iterator[Console]:
    console = Console(stderr=True)
    with console.status("measuring"):
        yield console


def fidelity(
    world: Annotated[Path, typer.Option(help="Folder that `coldwire simulate` wrote.")],
    out: Annotated[Path, typer.Option(help="Folder for report.html, report.md and pictures.")],
    beside: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=PLACE", help="Public data set to count patterns beside."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the main measures.")] = False,
) -> None:
    """Measure a simulated world and write the report, with its leakage test.

    Topology beside Fedwire's, hours, amounts, rhythm, newcomers, patterns, prevalence. The
    status is 1 when labels can be read off the payments, or a full-size network leaves its
    bands.

    Example: coldwire fidelity --world out/world --out out/fidelity
    """
    peers = dict(map(_peer, beside or []))
    made = _world(world)
    with _status() as console:
        found = measure(made, peers, lambda text: console.log(text, highlight=False))
    try:
        write_report(found, out)
    except OSError as error:
        raise ColdwireError(f"{out} cannot be written: {error.strerror}", "change --out") from error
    outside = sorted({name for day in found.networks for name in day.outside()})
    _print(found, outside, out, as_json)
    if outside or not found.leakage.passed:
        raise typer.Exit(1)


def _print(found: Fidelity, outside: list[str], out: Path, as_json: bool) -> None:
    worst = found.leakage.worst
    if as_json:
        summary = {
            "payments": found.payments,
            "network": {
                name: float(np.mean([day.value(name) for day in found.networks])) for name in TITLES
            },
            "outside_bands": outside,
            "leakage_passed": found.leakage.passed,
            "leakage_worst": {"fields": worst.fields, "recall": worst.recall},
            "risky_sides": found.risky_sides,
            "culprits": found.culprits,
            "report": str(out / "report.html"),
        }
        typer.echo(json.dumps(summary))
        return
    typer.echo(f"{found.payments:,} payments measured; report in {out / 'report.html'}")
    typer.echo(
        f"leakage test {'passed' if found.leakage.passed else 'FAILED'}: the best rule looks at "
        f"{', '.join(worst.fields)} and finds {worst.recall:.1%} of the risky sides"
    )
    if outside:
        typer.echo(f"outside their bands: {', '.join(outside)}")
