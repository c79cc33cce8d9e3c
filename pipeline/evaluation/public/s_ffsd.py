"""S-FFSD in order of time: learn from the first 70 %, test on the rest.

The published figures are of a random split, which lets a model learn from a source's later
payments. Here labels of the test part are seen by nothing, and what is said of a payment is
made of earlier ones only. Most rows have no label: they count in everybody's past, and are
neither learned from nor tested on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import lightgbm
import numpy as np
import numpy.typing as npt
from sklearn.metrics import f1_score
from sklearn.model_selection import train_test_split

from pipeline.evaluation.bootstrap import CounterpartyBootstrap, Interval
from pipeline.evaluation.metrics import average_precision, roc_auc
from pipeline.evaluation.public.kept import Kept
from pipeline.evaluation.public.payments import UNKNOWN, PublicPayments
from pipeline.evaluation.public.two_sides import (
    encode_sides,
    head_logits,
    learn_language,
    read_events,
)
from pipeline.evaluation.public.windows import KeyedPast
from pipeline.evaluation.splits import rank_of
from pipeline.model.sequences import Progress
from pipeline.model.stack import Stack

Float = npt.NDArray[np.float64]
Table = npt.NDArray[np.float32]
Rows = npt.NDArray[np.intp]

LEARNED_SHARE: Final = 0.7
STRATA: Final = ((0, 0), (1, 4), (5, 19), (20, None))
"""Payments of the source before, both ends included."""
BASE: Final = "LightGBM, counts and amounts"
PLAIN: Final = "ours without the language model"
SURPRISE: Final = "ours, trees with surprise"
STACK: Final = "ours, stack of trees and risk head"

_FIT_SHARE: Final = 0.85
_SEEDS: Final = (0, 1, 2)
_MOST_ROUNDS: Final = 600
_PATIENCE: Final = 50
_WINDOWS: Final = (10, 100, 1_000, 10_000)
_ROW_MS: Final = 1000
_ALL_MS: Final = 10**12
_SETTINGS: Final = {
    "objective": "binary",
    "learning_rate": 0.05,
    "num_leaves": 31,
    "min_data_in_leaf": 30,
    "feature_fraction": 0.3,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "lambda_l2": 5.0,
    "max_bin": 1023,
    "num_threads": 1,
    "deterministic": True,
    "force_row_wise": True,
    "verbosity": -1,
}


@dataclass(frozen=True, slots=True)
class Split:
    """Labelled payments, in order."""

    fit: Rows
    """To fit what is chosen by ``choose``."""
    choose: Rows
    """For rounds, weights and thresholds; then learned from too."""
    test: Rows

    @property
    def learn(self) -> Rows:
        """Everything before the test."""
        return np.concatenate([self.fit, self.choose])


def chronological(payments: PublicPayments) -> Split:
    """70/30 of all rows by time, labelled ones only; the end of the first part chooses."""
    labelled = np.flatnonzero(payments.fraud != UNKNOWN)
    cut = int(LEARNED_SHARE * len(payments))
    parts = np.split(labelled, np.searchsorted(labelled, [int(_FIT_SHARE * cut), cut]))
    return Split(parts[0], parts[1], parts[2])


def published(payments: PublicPayments) -> Split:
    """The random stratified 80/20 over all rows of the published table; not in time."""
    rows = np.arange(len(payments))
    learn, test = train_test_split(rows, test_size=0.2, random_state=2, stratify=payments.fraud)
    fit, choose = train_test_split(learn, test_size=1 - _FIT_SHARE, random_state=2)
    parts = [np.sort(part[payments.fraud[part] != UNKNOWN]) for part in (fit, choose, test)]
    return Split(parts[0], parts[1], parts[2])


def past_table(payments: PublicPayments) -> Table:
    """Counts, gaps and means of each key's past, [N, 55]; no labels, no later rows."""
    p = payments
    keys = (
        *(p.payer, p.payee, p.place, p.kind),
        *(_pair(p.payer, p.payee), _pair(p.payer, p.kind)),
    )
    columns = [p.amount]
    for key in keys:
        past = KeyedPast(key, p.event_ms)
        count = past.total(None, 0, _ALL_MS) - 1
        mean = (past.total(p.amount, 0, _ALL_MS) - p.amount) / np.maximum(count, 1)
        columns += [count, _gap(past), np.where(count > 0, mean, np.nan), p.amount / (1 + mean)]
        columns += [past.total(None, 0, rows * _ROW_MS) for rows in _WINDOWS]
    return np.column_stack(columns).astype(np.float32)


def _pair(first: npt.NDArray[np.int64], second: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    return first * (int(second.max(initial=0)) + 1) + second


def _gap(past: KeyedPast) -> Float:
    """Rows since the key's last payment, NaN for its first."""
    order = past.order
    gap = np.r_[np.nan, np.diff(order)]
    return past.by_row(np.where(past.begin == np.arange(len(order)), np.nan, gap))


@dataclass(frozen=True, slots=True)
class Outcome:
    """Figures of one score on a split's test rows."""

    auc: Interval
    ap: Interval
    macro_f1: float
    """At the threshold that was best on the rows to choose by."""
    by_seen: Mapping[str, tuple[int, int, float, float]]
    """Rows, frauds, AUC and AP by the source's payments before."""


@dataclass(frozen=True, slots=True)
class FfsdReport:
    """Everything that a run measured."""

    chronological: Mapping[str, Outcome]
    published: Mapping[str, Outcome]
    """On the random split; AUC there is not what a service would have."""
    leads: Mapping[str, tuple[Interval, Interval]]
    """AUC and AP over the same trees without the language model, in order of time."""


@dataclass(frozen=True, slots=True)
class _Scores:
    choose: Float
    test: Float


def _trees(table: Table, label: npt.NDArray[np.int8], split: Split) -> _Scores:
    """Mean log odds over seeds; rounds are chosen first, then all of the past is learned."""
    scores = _Scores(np.zeros(len(split.choose)), np.zeros(len(split.test)))
    for seed in _SEEDS:
        settings: dict[str, Any] = {**_SETTINGS, "seed": seed}
        fit = lightgbm.Dataset(table[split.fit], label[split.fit])
        held = lightgbm.Dataset(table[split.choose], label[split.choose], reference=fit)
        stop = lightgbm.early_stopping(_PATIENCE, verbose=False)
        first = lightgbm.train(settings, fit, _MOST_ROUNDS, valid_sets=[held], callbacks=[stop])
        everything = lightgbm.Dataset(table[split.learn], label[split.learn])
        last = lightgbm.train(settings, everything, first.best_iteration)
        for booster, rows, score in (
            (first, split.choose, scores.choose),
            (last, split.test, scores.test),
        ):
            score += np.asarray(booster.predict(table[rows], raw_score=True)) / len(_SEEDS)
    return scores


def try_s_ffsd(
    payments: PublicPayments, iterations: int, seed: int, kept: Kept, progress: Progress
) -> FfsdReport:
    """Run both splits.

    Args:
        payments: the whole data set.
        iterations: of the language model's pre-training on the first 70 %.
        seed: of the language model and the risk heads.
        kept: where intermediate results stay.
        progress: told of every stage.
    """
    everything = np.arange(len(payments))
    sides = encode_sides(payments, progress, kept)
    past = sides.until(int(LEARNED_SHARE * len(payments)))
    model = learn_language(past, iterations, seed, progress, kept)
    events = read_events(model, sides, everything, progress, kept)
    base = past_table(payments)
    plain = np.concatenate([base, sides.features(everything)], axis=1)
    tables = {
        BASE: base,
        PLAIN: plain,
        SURPRISE: np.concatenate([plain, events.surprises(everything)], axis=1),
    }
    label, seen = payments.fraud, rank_of(payments.payer.astype(np.uint64))
    outcomes: list[dict[str, Outcome]] = []
    tested: list[dict[str, _Scores]] = []
    for split in (chronological(payments), published(payments)):
        scores: dict[str, _Scores] = {}
        for name, table in tables.items():
            scores[name] = _trees(table, label, split)
            progress(name, 1, 1)
        heads = [
            head_logits(events, learn, label[learn], payments.payer[learn], rows, seed)
            for learn, rows in ((split.fit, split.choose), (split.learn, split.test))
        ]
        parts = [
            np.column_stack([trees, head])
            for trees, head in zip(
                (scores[SURPRISE].choose, scores[SURPRISE].test), heads, strict=True
            )
        ]
        stack = Stack.fit(parts[0], seen[split.choose], label[split.choose])
        scores[STACK] = _Scores(
            stack.logit(parts[0], seen[split.choose]), stack.logit(parts[1], seen[split.test])
        )
        outcomes.append({name: _outcome(payments, split, s, seen) for name, s in scores.items()})
        tested.append(scores)
    in_time = chronological(payments)
    return FfsdReport(
        outcomes[0],
        outcomes[1],
        {name: _lead(payments, in_time, tested[0], name) for name in (SURPRISE, STACK)},
    )


def _outcome(
    payments: PublicPayments, split: Split, scores: _Scores, seen: npt.NDArray[np.int64]
) -> Outcome:
    fraud = payments.fraud[split.test] == 1
    sources = CounterpartyBootstrap(payments.payer[split.test].astype(np.uint64))
    threshold = _threshold(payments.fraud[split.choose], scores.choose)
    return Outcome(
        sources.interval(roc_auc, fraud, scores.test),
        sources.interval(average_precision, fraud, scores.test),
        float(f1_score(fraud, scores.test >= threshold, average="macro")),
        {
            f"{low}+" if high is None else str(low) if low == high else f"{low}-{high}": (
                int(rows.sum()),
                int(fraud[rows].sum()),
                roc_auc(fraud[rows], scores.test[rows]),
                average_precision(fraud[rows], scores.test[rows]),
            )
            for low, high in STRATA
            for rows in (_between(seen[split.test], low, high),)
        },
    )


def _between(seen: npt.NDArray[np.int64], low: int, high: int | None) -> npt.NDArray[np.bool_]:
    return (seen >= low) & (True if high is None else seen <= high)


def _threshold(label: npt.NDArray[np.int8], score: Float) -> float:
    """Of 99 quantiles, the one with the highest macro F1."""
    candidates = np.quantile(score, np.arange(0.01, 1, 0.01))
    quality = [f1_score(label == 1, score >= c, average="macro") for c in candidates]
    return float(candidates[int(np.argmax(quality))])


def _lead(
    payments: PublicPayments, split: Split, scores: Mapping[str, _Scores], name: str
) -> tuple[Interval, Interval]:
    sources = CounterpartyBootstrap(payments.payer[split.test].astype(np.uint64))
    fraud = payments.fraud[split.test] == 1
    ours, theirs = scores[name].test, scores[PLAIN].test
    return (
        sources.difference(roc_auc, fraud, ours, theirs),
        sources.difference(average_precision, fraud, ours, theirs),
    )
