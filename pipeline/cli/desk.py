"""``coldwire desk``: simulated analysts decide the alerts of the flag database."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from statistics import quantiles
from typing import Annotated

import typer
from sqlalchemy import true

from agents.connection import Connection
from pipeline.cli.database import DatabaseOption, open_for_reading
from pipeline.errors import ColdwireError
from pipeline.settings import load_settings
from pipeline.store import queries
from schemas.alert import Alert
from schemas.records import Disposition, Verdict
from schemas.topics import DISPOSITIONS
from simulators.desk import Desk, DeskConfig, RiskySides, Worked, write_dispositions

_HOUR = timedelta(hours=1)
_PATIENCE_S = 10.0


@dataclass(frozen=True)
class _Summary:
    """What the command prints; hours run from the payment to the verdict."""

    alerts: int
    matters: int
    confirmed: int
    cleared: int
    wrong_matters: int
    abandoned_alerts: int
    hours_p50: float | None
    hours_p90: float | None

    @classmethod
    def of(cls, alerts: list[Alert], worked: Worked) -> _Summary:
        came = {alert.alert_id: alert.event_at for alert in alerts}
        hours = [(d.decided_at - came[d.alert_id]) / _HOUR for d in worked.dispositions]
        deciles = quantiles(hours, n=10) if len(hours) > 1 else []
        confirmed = sum(d.verdict is Verdict.CONFIRMED for d in worked.dispositions)
        return cls(
            alerts=len(alerts),
            matters=worked.matters,
            confirmed=confirmed,
            cleared=len(worked.dispositions) - confirmed,
            wrong_matters=worked.wrong,
            abandoned_alerts=worked.abandoned,
            hours_p50=round(deciles[4], 2) if deciles else None,
            hours_p90=round(deciles[8], 2) if deciles else None,
        )


def desk(
    world: Annotated[Path, typer.Option(help="Folder that `coldwire simulate` wrote.")],
    out: Annotated[Path, typer.Option(help="JSON lines file for the verdicts.")],
    analysts: Annotated[int, typer.Option(help="People at the desk.")] = 3,
    minutes: Annotated[float, typer.Option(help="Mean minutes a matter takes.")] = 25.0,
    error_rate: Annotated[float, typer.Option(help="Share of wrong verdicts.")] = 0.05,
    abandon_days: Annotated[float, typer.Option(help="Days after which a matter is let go.")] = 5.0,
    seed: Annotated[int, typer.Option(help="Decides everything that is drawn.")] = 7,
    send: Annotated[
        bool, typer.Option("--send", help="Send the verdicts to the broker too.")
    ] = False,
    database: DatabaseOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the summary as JSON.")] = False,
) -> None:
    """Let simulated analysts confirm and clear the stored alerts.

    They know the truth of the simulated world but for their errors, work in office hours,
    by priority, and take hours to days. The verdicts go to a file in event time, and with
    --send to the topic `dispositions` as well.

    Example: coldwire desk --world out/world --out out/dispositions.jsonl --analysts 2
    """
    try:
        config = DeskConfig(
            analysts=analysts,
            minutes_per_matter=minutes,
            error_rate=error_rate,
            abandon_days=abandon_days,
            seed=seed,
        )
    except ValueError as error:
        raise ColdwireError(str(error), "change that option; see --help") from error
    try:
        truth = RiskySides.of_folder(world)
    except FileNotFoundError as error:
        raise ColdwireError(
            f"there is no truth in {error}", "write the world first: coldwire simulate --out DIR"
        ) from error
    with open_for_reading(database) as opened:
        alerts = opened.read(lambda connection: queries.alerts_where(connection, true()))
    worked = Desk(config, truth).work(alerts)
    try:
        write_dispositions(out, worked.dispositions)
    except OSError as error:
        raise ColdwireError(f"{out} cannot be written: {error.strerror}", "change --out") from error
    if send:
        connection = Connection(load_settings().kafka)
        asyncio.run(send_dispositions(connection, worked.dispositions))
    _report(_Summary.of(alerts, worked), out, as_json)


async def send_dispositions(connection: Connection, dispositions: Iterable[Disposition]) -> None:
    """Send verdicts, in order, to the topic that intake and the flag database read.

    Raises:
        ColdwireError: no broker answers.
    """
    await connection.wait_until_ready(_PATIENCE_S)
    producer = connection.producer()
    await producer.start()
    try:
        for disposition in dispositions:
            await producer.send(
                DISPOSITIONS.name, disposition.to_bytes(), key=disposition.entity.encode()
            )
        await producer.flush()
    finally:
        await producer.stop()


def _report(summary: _Summary, out: Path, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps({**summary.__dict__, "out": str(out)}))
        return
    typer.echo(
        f"{summary.alerts} alerts, {summary.matters} matters decided: {summary.confirmed} alerts"
        f" confirmed, {summary.cleared} cleared, {summary.abandoned_alerts} let go;"
        f" {summary.wrong_matters} wrong verdicts. Written to {out}"
    )
