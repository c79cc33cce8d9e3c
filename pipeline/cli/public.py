"""``coldwire public``: against the published figures of public data sets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import numpy as np
import orjson
import polars as pl
import torch
import typer
from rich.console import Console
from rich.table import Table

from pipeline.cli.bars import Bars
from pipeline.errors import ColdwireError
from pipeline.evaluation.public.handbook_trial import HandbookReport, try_handbook
from pipeline.evaluation.public.kept import Kept
from pipeline.evaluation.public.payments import UNKNOWN, PublicPayments
from pipeline.evaluation.public.s_ffsd import FfsdReport, try_s_ffsd
from simulators.public import fraud_detection_handbook, s_ffsd
from simulators.public.tables import DataSetError

app = typer.Typer(
    help="Compare with the published figures of public data sets.", no_args_is_help=True
)

Data = Annotated[Path, typer.Option(help="The data set's folder or file.")]
Iterations = Annotated[int, typer.Option(help="Steps of pre-training on the data.", min=1)]
Seed = Annotated[int, typer.Option(help="Of the language model and the risk heads.")]
Keep = Annotated[
    Path | None,
    typer.Option(help="Folder for intermediate results: a stopped run goes on from them."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print all figures as JSON.")]

_STEP_MS = 1000


@app.command()
def handbook(
    data: Data,
    iterations: Iterations = 1_000,
    seed: Seed = 0,
    keep: Keep = None,
    as_json: AsJson = False,
) -> None:
    """Run protocols A and B of the Fraud Detection Handbook.

    Example: coldwire public handbook --data path/to/handbook --keep out/handbook
    """
    payments = _handbook_payments(_opened(fraud_detection_handbook.table, data))
    torch.set_num_threads(1)
    with Bars() as bars:
        report = try_handbook(payments, iterations, seed, Kept(keep), bars.show)
    if as_json:
        typer.echo(orjson.dumps(asdict(report)).decode())
    else:
        _print_handbook(report)


@app.command("s-ffsd")
def s_ffsd_command(
    data: Data,
    iterations: Iterations = 300,
    seed: Seed = 0,
    keep: Keep = None,
    as_json: AsJson = False,
) -> None:
    """Run S-FFSD in order of time, and on the published random split.

    Example: coldwire public s-ffsd --data path/to/s_ffsd
    """
    payments = _s_ffsd_payments(_opened(s_ffsd.table, data))
    torch.set_num_threads(1)
    with Bars() as bars:
        report = try_s_ffsd(payments, iterations, seed, Kept(keep), bars.show)
    if as_json:
        typer.echo(orjson.dumps(asdict(report)).decode())
    else:
        _print_s_ffsd(report)


def _opened(read: Callable[[Path], pl.DataFrame], data: Path) -> pl.DataFrame:
    try:
        return read(data)
    except DataSetError as error:
        raise ColdwireError(error.message, error.fix) from None


def _handbook_payments(table: pl.DataFrame) -> PublicPayments:
    nowhere = np.zeros(table.height, np.int64)
    return PublicPayments(
        payer=table["CUSTOMER_ID"].to_numpy(),
        payee=table["TERMINAL_ID"].to_numpy(),
        amount=table["TX_AMOUNT"].to_numpy(),
        event_ms=table["TX_DATETIME"].dt.epoch("ms").to_numpy(),
        fraud=(table["TX_FRAUD_SCENARIO"] > 0).cast(pl.Int8).to_numpy(),
        place=nowhere,
        kind=nowhere,
    )


def _s_ffsd_payments(table: pl.DataFrame) -> PublicPayments:
    payer, payee, place, kind = (
        np.unique(table[name].to_numpy(), return_inverse=True)[1].astype(np.int64)
        for name in ("Source", "Target", "Location", "Type")
    )
    labels = table["Labels"].to_numpy()
    return PublicPayments(
        payer=payer,
        payee=payee,
        amount=table["Amount"].to_numpy(),
        event_ms=table["Time"].to_numpy() * _STEP_MS,
        fraud=np.where(labels > 1, UNKNOWN, labels).astype(np.int8),
        place=place,
        kind=kind,
    )


def _print_handbook(report: HandbookReport) -> None:
    _show(
        "A: train 2018-07-25 to 31, test 08-08 to 14",
        ("model", "AUC", "AP", "CP@100"),
        [(name, *(f"{value:.3f}" for value in each)) for name, each in report.single.items()],
    )
    _show(
        "B: mean and deviation over 4 test folds; parameters chosen on 4 earlier folds",
        ("model", "AUC", "AP", "CP@100"),
        [
            (r.name, *(f"{c.mean:.3f} +/- {c.deviation:.3f}" for c in (r.auc, r.ap, r.cp100)))
            for r in report.rivals
        ],
    )
    _show(
        "Leads in B, paired over cards, 95 %",
        ("score", "over", "AUC", "AP"),
        [(x.ours, x.theirs, f"{x.auc:+.3f}", f"{x.ap:+.3f}") for x in report.leads],
    )


def _print_s_ffsd(report: FfsdReport) -> None:
    for title, outcomes in (
        ("In order of time, 70/30", report.chronological),
        ("The published random split: not in order of time", report.published),
    ):
        _show(
            title,
            ("model", "AUC", "AP", "macro F1"),
            [
                (name, f"{o.auc:.3f}", f"{o.ap:.3f}", f"{o.macro_f1:.3f}")
                for name, o in outcomes.items()
            ],
        )
    strata = next(iter(report.chronological.values())).by_seen
    _show(
        "AUC / AP by the source's payments before, in order of time",
        ("model", *(f"{name} (n {n:,}, frauds {f:,})" for name, (n, f, *_) in strata.items())),
        [
            (name, *(f"{auc:.3f} / {ap:.3f}" for _, _, auc, ap in o.by_seen.values()))
            for name, o in report.chronological.items()
        ],
    )
    _show(
        "Over the same trees without the language model, paired over sources, 95 %",
        ("score", "AUC", "AP"),
        [(name, f"{auc:+.3f}", f"{ap:+.3f}") for name, (auc, ap) in report.leads.items()],
    )


def _show(title: str, header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    table = Table(title=title, title_justify="left")
    for number, name in enumerate(header):
        table.add_column(name, justify="right" if number else "left", no_wrap=not number)
    for row in rows:
        table.add_row(*row)
    Console(width=max(Console().width, 140)).print(table)
