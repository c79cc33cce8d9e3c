"""Figures of checkpoints that differ by their seed, as means with deviations."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean, stdev
from typing import Any

from rich.table import Table

from pipeline.model.buckets import BUCKETS

_COLUMNS = (*BUCKETS, "all")


def seed_tables(measured: Sequence[dict[str, Any]]) -> list[Table]:
    """One table a test split: PR-AUC by events seen of each score.

    Args:
        measured: of each checkpoint, test split to its figures
            (:class:`pipeline.model.measures.Measured` as a dictionary).
    """
    return [
        _table(split, [one[split] for one in measured if split in one]) for split in measured[0]
    ]


def _table(split: str, figures: list[dict[str, Any]]) -> Table:
    title = f"PR-AUC by events seen on: {split} (mean ± deviation of {len(figures)} seeds)"
    table = Table("score", title=title, title_justify="left")
    for column in _COLUMNS:
        table.add_column(column, justify="right", no_wrap=True)
    for score in figures[0]["average_precision"]:
        rows = [one["average_precision"][score] for one in figures]
        table.add_row(score, *(_cell([r[c] for r in rows if c in r]) for c in _COLUMNS))
    return table


def _cell(values: list[float]) -> str:
    """Mean and sample deviation; a dash where no seed has the figure."""
    if not values:
        return "–"
    spread = f" ± {stdev(values):.3f}" if len(values) > 1 else ""
    return f"{fmean(values):.3f}{spread}"
