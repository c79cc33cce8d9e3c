"""Does fire-sale vulnerability rank the banks that failed? A test on real call reports.

Reads a folder of the user's with three files: ``portfolios.parquet`` (quarter, bank_id,
asset classes in thousand dollars, equity), ``bank_names.csv.gz`` (bank_id, fdic_cert) and
``fdic_failed_banks.csv.gz`` (Cert, closing). At each quarter's end banks are ranked; a bank
counts as failed if it closes within the next four quarters. Nothing is fitted, and no
later knowledge enters: the shock is the same for all assets, and all but cash sink alike.

Run it: python -m pipeline.contagion.bank_panel FOLDER --from 2007Q4 --to 2010Q4
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

from pipeline.contagion.overlap import vulnerability
from pipeline.errors import ColdwireError

_CASH = "cashab"
_SHOCK = 0.01
_IMPACT = 1e-10
"""Fall of a price per thousand dollars sold: 10 basis points per $10 bn. Ranks ignore it."""
_RESAMPLES = 500
RANKINGS = ("fire_sale", "capital_ratio", "size")


@dataclass(frozen=True, slots=True)
class Quarter:
    """One quarter's scores by ranking [n each], higher is riskier, and who failed [n]."""

    name: str
    bank: npt.NDArray[np.int64]
    failed: npt.NDArray[np.bool_]
    scores: dict[str, npt.NDArray[np.float64]]


def quarters(folder: Path, first: str, last: str) -> list[Quarter]:
    """Rank the banks of each quarter.

    Raises:
        ColdwireError: files are missing or not as described, or no quarter lies between.
    """
    try:
        panel = pl.read_parquet(folder / "portfolios.parquet")
        names = pl.read_csv(folder / "bank_names.csv.gz", encoding="utf8-lossy")
        closed = pl.read_csv(folder / "fdic_failed_banks.csv.gz", encoding="utf8-lossy")
        closings = closed.select(
            fdic_cert=pl.col("Cert").cast(pl.Int64), closing=pl.col("closing").str.to_date()
        )
        panel = panel.filter(pl.col("quarter").is_between(pl.lit(first), pl.lit(last)))
        panel = panel.join(names.select("bank_id", "fdic_cert"), on="bank_id", how="left")
        panel = panel.join(closings, on="fdic_cert", how="left")
    except (OSError, pl.exceptions.PolarsError) as error:
        raise ColdwireError(
            f"{folder} does not hold the panel: {str(error).splitlines()[0]}",
            "give the folder of portfolios.parquet, bank_names.csv.gz, fdic_failed_banks.csv.gz",
        ) from error
    if panel.is_empty():
        raise ColdwireError(f"no quarter from {first} to {last}", "write quarters as 2007Q4")
    return [
        _quarter(str(key[0]), rows.sort("bank_id"))
        for key, rows in sorted(panel.group_by("quarter"), key=lambda pair: str(pair[0][0]))
    ]


def _quarter(name: str, rows: pl.DataFrame) -> Quarter:
    kept = ("quarter", "bank_id", "fdic_cert", "closing", "equity")
    classes = [column for column in rows.columns if column not in kept]
    holdings = rows.select(classes).to_numpy().astype(np.float64)
    equity = rows["equity"].to_numpy().astype(np.float64)
    impact = np.array([0.0 if column == _CASH else _IMPACT for column in classes])
    exposed = vulnerability(holdings, equity, np.full(len(classes), _SHOCK), impact)
    assets = holdings.sum(axis=1)
    ends = _end(name)
    until = ends.replace(year=ends.year + 1)
    within = rows["closing"].is_between(pl.lit(ends), pl.lit(until), closed="right")
    return Quarter(
        name=name,
        bank=rows["bank_id"].to_numpy().astype(np.int64),
        failed=within.fill_null(value=False).to_numpy(),
        scores={
            "fire_sale": exposed.indirect,
            "capital_ratio": -equity / assets,
            "size": assets,
        },
    )


def _end(quarter: str) -> date:
    year, number = int(quarter[:4]), int(quarter[5])
    return date(year, 3 * number, 30 if number in (2, 3) else 31)


def auc(scores: npt.NDArray[np.float64], failed: npt.NDArray[np.bool_]) -> float:
    """Chance that a failed bank ranks above another; ties count half.

    Raises:
        ValueError: nobody failed, or everybody.
    """
    fails = int(failed.sum())
    others = len(failed) - fails
    if not fails or not others:
        raise ValueError("an AUC needs both failed and other banks")
    _, place, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[place]
    return float((ranks[failed].sum() - fails * (fails + 1) / 2) / (fails * others))


def top_decile_recall(scores: npt.NDArray[np.float64], failed: npt.NDArray[np.bool_]) -> float:
    """Share of the failed banks among the tenth that ranks highest."""
    top = np.argsort(-scores, kind="stable")[: max(1, len(scores) // 10)]
    return float(failed[top].sum() / failed.sum())


def compare(folder: Path, first: str, last: str, seed: int = 7) -> dict[str, object]:
    """AUC and top-decile recall of every ranking, by quarter and on average.

    Intervals (95 %) come from resampling banks, the same ones in every quarter.
    """
    rated = [quarter for quarter in quarters(folder, first, last) if quarter.failed.any()]
    if not rated:
        raise ColdwireError(f"no bank failed after {first} to {last}", "choose other quarters")
    rng = np.random.default_rng(seed)
    everyone = np.unique(np.concatenate([quarter.bank for quarter in rated]))
    resampled: list[dict[str, float]] = []
    for _ in range(_RESAMPLES):
        drawn = rng.multinomial(len(everyone), np.full(len(everyone), 1 / len(everyone)))
        redrawn = _mean_auc(rated, everyone, drawn)
        if redrawn:
            resampled.append(redrawn)
    means = {
        name: float(np.mean([auc(q.scores[name], q.failed) for q in rated])) for name in RANKINGS
    }
    return {
        "quarters": len(rated),
        "failures": int(sum(quarter.failed.sum() for quarter in rated)),
        "mean": {
            name: {
                "auc": means[name],
                "auc_95": np.percentile([r[name] for r in resampled], [2.5, 97.5]).tolist(),
                "top_decile_recall": float(
                    np.mean([top_decile_recall(q.scores[name], q.failed) for q in rated])
                ),
            }
            for name in RANKINGS
        },
        "fire_sale_minus_capital_ratio_auc_95": np.percentile(
            [r["fire_sale"] - r["capital_ratio"] for r in resampled], [2.5, 97.5]
        ).tolist(),
        "by_quarter": [
            {
                "quarter": quarter.name,
                "banks": len(quarter.bank),
                "failed": int(quarter.failed.sum()),
                **{name: auc(quarter.scores[name], quarter.failed) for name in RANKINGS},
            }
            for quarter in rated
        ],
    }


def _mean_auc(
    rated: list[Quarter], everyone: npt.NDArray[np.int64], drawn: npt.NDArray[np.int64]
) -> dict[str, float]:
    """Mean AUC of the banks drawn; empty if none of them failed in any quarter."""
    values: dict[str, list[float]] = {name: [] for name in RANKINGS}
    for quarter in rated:
        times = drawn[np.searchsorted(everyone, quarter.bank)]
        failed = np.repeat(quarter.failed, times)
        if failed.any() and not failed.all():
            for name in RANKINGS:
                values[name].append(auc(np.repeat(quarter.scores[name], times), failed))
    return {name: float(np.mean(found)) for name, found in values.items() if found}


def main() -> None:
    """Print the comparison as JSON."""
    parser = argparse.ArgumentParser(description="Rank banks by fire-sale vulnerability.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--from", dest="first", default="2007Q4")
    parser.add_argument("--to", dest="last", default="2010Q4")
    given = parser.parse_args()
    try:
        print(json.dumps(compare(given.folder, given.first, given.last), indent=1))
    except ColdwireError as error:
        parser.error(str(error))


if __name__ == "__main__":
    main()
