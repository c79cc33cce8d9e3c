"""Protocol of the Fraud Detection Handbook (Le Borgne et al. 2022, chapters 3 to 5).

Train on a week, wait a week for the labels, test on a week. Cards known to be compromised
are left out of the test, day by day. Figures are ROC-AUC, average precision, and card
precision at 100 (CP@100). Facts of the protocol only; the handbook's code is not used.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from pipeline.evaluation import metrics
from pipeline.evaluation.public.payments import DAY_MS, PublicPayments
from pipeline.evaluation.public.windows import KeyedPast

Rows = npt.NDArray[np.intp]
Float = npt.NDArray[np.float64]

WEEK_DAYS: Final = 7
"""Length of training, delay and test alike."""
DELAY_MS: Final = WEEK_DAYS * DAY_MS
CARDS_A_DAY: Final = 100
FIRST_DAY: Final = date(2018, 7, 25)
"""Training of protocol A, and of the last test fold of protocol B, begins here."""
FOLDS: Final = 4
_NIGHT_UNTIL: Final = 6
_SATURDAY: Final = 5
_THURSDAY: Final = 3
"""Weekday of 1 January 1970."""
_WINDOWS_DAYS: Final = (1, 7, 30)
FEATURES: Final = (
    *("amount", "weekend", "night"),
    *(f"card_{what}_{days}d" for days in _WINDOWS_DAYS for what in ("count", "mean")),
    *(f"terminal_{what}_{days}d" for days in _WINDOWS_DAYS for what in ("count", "risk")),
)
"""The handbook's 15 features."""


def features(payments: PublicPayments, cards: KeyedPast, terminals: KeyedPast) -> Float:
    """The 15 features, [N, 15]; cards include the payment itself, terminals end a week ago."""
    hour = payments.event_ms % DAY_MS // 3_600_000
    weekday = (payments.day + _THURSDAY) % 7
    columns = [payments.amount, weekday >= _SATURDAY, hour <= _NIGHT_UNTIL]
    for days in _WINDOWS_DAYS:
        count = cards.total(None, 0, days * DAY_MS)
        columns += [count, cards.total(payments.amount, 0, days * DAY_MS) / count]
    frauds = (payments.fraud == 1).astype(np.float64)
    for days in _WINDOWS_DAYS:
        ages = DELAY_MS, DELAY_MS + days * DAY_MS
        count = terminals.total(None, *ages)
        columns += [count, terminals.total(frauds, *ages) / np.maximum(count, 1)]
    return np.column_stack(columns).astype(np.float64)


@dataclass(frozen=True, slots=True)
class Fold:
    """One week to learn from and one to test on, as rows of the payments."""

    begins: date
    """First day of training."""
    train: Rows
    test: Rows


def fold(payments: PublicPayments, begins: date) -> Fold:
    """Cut a fold; cards with a fraud in training, or known by a test day, are left out of it."""
    first = (begins - date(1970, 1, 1)).days
    day = payments.day
    fraud = payments.fraud == 1
    train = np.flatnonzero((day >= first) & (day < first + WEEK_DAYS))
    known = np.unique(payments.payer[train][fraud[train]])
    tested: list[Rows] = []
    for number in range(WEEK_DAYS):
        learned = np.flatnonzero((day == first + WEEK_DAYS + number - 1) & fraud)
        known = np.union1d(known, payments.payer[learned])
        today = np.flatnonzero(day == first + 2 * WEEK_DAYS + number)
        tested.append(today[~np.isin(payments.payer[today], known)])
    return Fold(begins, train, np.concatenate(tested))


def test_folds(payments: PublicPayments) -> list[Fold]:
    """The four test folds of protocol B, the latest first."""
    return _folds(payments, FIRST_DAY + timedelta(days=(FOLDS - 1) * WEEK_DAYS))


def validation_folds(payments: PublicPayments) -> list[Fold]:
    """The four folds to choose parameters by, the latest first."""
    return _folds(payments, FIRST_DAY - timedelta(days=2 * WEEK_DAYS))


def _folds(payments: PublicPayments, latest: date) -> list[Fold]:
    return [fold(payments, latest - timedelta(days=WEEK_DAYS * k)) for k in range(FOLDS)]


class Figures(NamedTuple):
    """The three figures of the protocol."""

    auc: float
    ap: float
    cp100: float


def figures(payments: PublicPayments, rows: Rows, score: Float) -> Figures:
    """Measure scores of test rows."""
    fraud = payments.fraud[rows] == 1
    return Figures(
        metrics.roc_auc(fraud, score),
        metrics.average_precision(fraud, score),
        card_precision(payments.day[rows], payments.payer[rows], fraud, score),
    )


def card_precision(
    day: npt.NDArray[np.int64],
    card: npt.NDArray[np.int64],
    fraud: npt.NDArray[np.bool_],
    score: Float,
    cards_a_day: int = CARDS_A_DAY,
) -> float:
    """Mean over days of the share of compromised cards among those with the highest scores.

    A card's score is its highest of the day. Cards that were found leave the later days.
    """
    found = np.empty(0, np.int64)
    precision: list[float] = []
    for today in np.unique(day):
        rows = np.flatnonzero((day == today) & ~np.isin(card, found))
        cards, of = np.unique(card[rows], return_inverse=True)
        highest = np.full(len(cards), -np.inf)
        np.maximum.at(highest, of, score[rows])
        compromised = np.zeros(len(cards), np.bool_)
        np.logical_or.at(compromised, of, fraud[rows])
        checked = np.argsort(-highest, kind="stable")[:cards_a_day]
        hits = checked[compromised[checked]]
        precision.append(len(hits) / cards_a_day)
        found = np.union1d(found, cards[hits])
    return float(np.mean(precision))


class Chosen(NamedTuple):
    """A figure over the test folds, with the parameters that validation chose for it."""

    parameters: str
    mean: float
    deviation: float
    folds: tuple[float, ...]


def choose(
    validation: dict[str, list[Figures]], test: dict[str, list[Figures]]
) -> tuple[Chosen, Chosen, Chosen]:
    """For each figure, the parameters best on the validation folds, measured on the test folds.

    Args:
        validation: figures of each fold, by parameters.
        test: likewise, on the test folds.
    """
    chosen = []
    for index in range(len(Figures._fields)):
        best = max(validation, key=_mean_of(validation, index))
        folds = tuple(each[index] for each in test[best])
        chosen.append(Chosen(best, float(np.mean(folds)), float(np.std(folds)), folds))
    return chosen[0], chosen[1], chosen[2]


def _mean_of(by_parameters: dict[str, list[Figures]], index: int) -> Callable[[str], float]:
    return lambda name: float(np.mean([each[index] for each in by_parameters[name]]))
