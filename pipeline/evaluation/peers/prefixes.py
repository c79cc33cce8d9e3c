"""Histories with the event to score, as every peer reads them from the benchmark's tables."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

import numpy as np
import numpy.typing as npt
import polars as pl

from pipeline.evaluation.benchmark.tables import (
    AGGREGATES,
    EVENTS,
    EVENTS_SEEN,
    LABELS,
    TEST,
    TRAIN,
    file_of,
    key_of,
)

_STANDING: Final = ("other_events", "other_in_1d", "other_out_1d", "other_in_7d", "other_out_7d")
OF_THE_OTHER_SIDE: Final = ("log_other_days", *(f"log_{name}" for name in _STANDING))
NUMBERS: Final = ("log_amount", "log_gap", *OF_THE_OTHER_SIDE)
CODES: Final = ("role", "message_type", "local_instrument", "purpose", "own_country")
COUNTS: Final = {
    "hour": 25,
    "weekday": 8,
    "domestic": 3,
    "other_party_met": 33,
    "other_agent_met": 33,
    "other_country_met": 33,
}
"""Small whole numbers from 1, with one more than the largest."""

_PREFIX: Final = "prefix"


@dataclass(frozen=True, slots=True)
class Prefixes:
    """N histories, each with the event that is scored last.

    Attributes:
        events: key, position and fields, sorted; the rows of a key are one prefix.
        key: name of the column that tells prefixes apart.
        risky: label of the last event, [N]; all 0 for the test.
        aggregates: of the last event, [N, A].
    """

    events: pl.DataFrame
    key: str
    risky: npt.NDArray[np.int8]
    aggregates: npt.NDArray[np.float32]

    @classmethod
    def read(cls, directory: Path, split: str) -> Self:
        """Prefixes of a split; training counterparties are cut as the tasks are."""
        events = pl.read_parquet(directory / file_of(split, EVENTS))
        aggregates = pl.read_parquet(directory / file_of(split, AGGREGATES))
        labels = pl.read_parquet(directory / file_of(split, LABELS))
        key = key_of(split)
        if split == TRAIN:
            labels = labels.filter(pl.col("position").is_in(EVENTS_SEEN))
            labels = labels.with_columns(pl.format("{}/{}", key, "position").alias(_PREFIX))
            until = labels.select(key, _PREFIX, until="position")
            events = events.join(until, on=key).filter(pl.col("position") <= pl.col("until"))
            events = events.drop(key, "until").sort(_PREFIX, "position")
            aggregates = labels.select(key, "position", _PREFIX).join(aggregates, [key, "position"])
            labels, aggregates, key = labels.drop(key), aggregates.drop(key), _PREFIX
        risky = labels.sort(key)["risky"].to_numpy().astype(np.int8)
        told = np.zeros_like(risky) if split == TEST else risky
        known = aggregates.sort(key).drop(key, "position").to_numpy().astype(np.float32)
        return cls(events, key, told, known)

    @property
    def names(self) -> pl.Series:
        """Key of each prefix, [N]; those of the test are its tasks."""
        return self.events[self.key].unique(maintain_order=True)

    @property
    def length(self) -> npt.NDArray[np.int64]:
        """Events of each prefix, [N]."""
        counted = self.events.group_by(self.key, maintain_order=True).len()
        return counted["len"].to_numpy().astype(np.int64)


def describe(events: pl.DataFrame, key: str) -> pl.DataFrame:
    """Add clock, gaps, who is new, and what is known of the other side, to the raw fields.

    They are :data:`NUMBERS` and :data:`COUNTS`.

    An id counts as the order in which its prefix first met it, from 1: the id itself means
    nothing outside.
    """
    minutes = pl.col("time").diff().over(key).dt.total_milliseconds().fill_null(0) / 60_000
    known_for = pl.col("time") - pl.col("other_first_at")
    domestic = (pl.col("own_country") == pl.col("other_country")).fill_null(value=False)
    met = [
        pl.col("position")
        .min()
        .over(key, name)
        .rank("dense")
        .over(key)
        .clip(upper_bound=32)
        .alias(f"{name}_met")
        for name in ("other_party", "other_agent", "other_country")
    ]
    return events.with_columns(
        *met,
        log_amount=pl.col("amount").log1p(),
        log_gap=minutes.clip(0).log1p(),
        log_other_days=known_for.dt.total_days(fractional=True).fill_null(0).clip(0).log1p(),
        **{f"log_{name}": pl.col(name).fill_null(0).log1p() for name in _STANDING},
        hour=pl.col("time").dt.hour() + 1,
        weekday=pl.col("time").dt.weekday(),
        domestic=domestic.cast(pl.Int8) + 1,
    )


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Whole numbers for :data:`CODES`: 1 for what training never saw, 0 is left for padding."""

    known: dict[str, dict[str, int]]

    @classmethod
    def of(cls, events: pl.DataFrame) -> Self:
        """Codes of the training events, in order."""
        listed = {name: events[name].drop_nulls().unique().sort().to_list() for name in CODES}
        return cls({n: {code: i for i, code in enumerate(c, start=2)} for n, c in listed.items()})

    @property
    def sizes(self) -> dict[str, int]:
        """Number of values of every whole-number column."""
        return {name: len(codes) + 2 for name, codes in self.known.items()} | COUNTS

    def number(self, events: pl.DataFrame) -> pl.DataFrame:
        """Events with codes replaced by their numbers."""
        return events.with_columns(
            pl.col(name).replace_strict(codes, default=1, return_dtype=pl.Int64)
            for name, codes in self.known.items()
        )


def last_events(numbered: pl.DataFrame, key: str) -> npt.NDArray[np.float32]:
    """Raw fields of the event to score, [N, columns]."""
    columns = [*NUMBERS, *CODES, *COUNTS]
    last = numbered.group_by(key, maintain_order=True).last()
    return last.select(columns).to_numpy().astype(np.float32)
