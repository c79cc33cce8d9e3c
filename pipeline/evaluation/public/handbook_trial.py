"""Rivals and ours under the handbook's protocol, and what the language model adds.

Ours learn from the same week of labels as the rivals. They read more: labels of each card and
terminal as they become known, the card's own amounts, the service's streaming aggregates of
both sides, and the surprise of a payments language model that was pre-trained, without
labels, on what had happened before the first fold.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from pipeline.evaluation.bootstrap import CounterpartyBootstrap, Interval
from pipeline.evaluation.metrics import average_precision, roc_auc
from pipeline.evaluation.public import handbook
from pipeline.evaluation.public.card_habits import UNUSUAL_AT, habits
from pipeline.evaluation.public.delayed_labels import label_features
from pipeline.evaluation.public.handbook import Chosen, Figures, Fold
from pipeline.evaluation.public.kept import Arrays, Kept
from pipeline.evaluation.public.payments import UNKNOWN, PublicPayments
from pipeline.evaluation.public.rivals import RIVALS, Float, Learner, Table
from pipeline.evaluation.public.trees import boosted_mean
from pipeline.evaluation.public.two_sides import (
    ReadEvents,
    encode_sides,
    head_logits,
    learn_language,
    read_events,
)
from pipeline.evaluation.public.windows import KeyedPast
from pipeline.model.sequences import Progress
from pipeline.model.stack import Stack

PLAIN: Final = "ours without the language model"
SURPRISE: Final = "ours, trees with surprise"
STACK: Final = "ours, stack of trees and risk head"
_MANY: Final = 100
_RESAMPLES: Final = 200

Scores = Mapping[str, list[Float]]
"""Scores of each fold's test rows, by parameters."""
TableOf = Callable[[npt.NDArray[np.intp]], Table]
"""Features of rows of the payments."""


def label_tables(payments: PublicPayments) -> tuple[Float, Table]:
    """The handbook's 15 features, and those with known labels and habits beside them."""
    cards = KeyedPast(payments.payer, payments.event_ms)
    terminals = KeyedPast(payments.payee, payments.event_ms)
    plain = handbook.features(payments, cards, terminals)
    own = habits(payments, cards)
    fraud = payments.fraud
    # An amount that is odd for the card speaks against the card, not against the terminal.
    of_terminal = np.where((fraud == 1) & (own[:, 0] >= UNUSUAL_AT), UNKNOWN, fraud)
    known = [
        label_features(past, payments.event_ms, labels.astype(np.int8), handbook.DELAY_MS)
        for past, labels in ((cards, fraud), (terminals, fraud), (terminals, of_terminal))
    ]
    return plain, np.concatenate([plain.astype(np.float32), own, *known], axis=1)


@dataclass(frozen=True, slots=True)
class Rival:
    """One line of the table: the three figures, each with its own choice of parameters."""

    name: str
    auc: Chosen
    ap: Chosen
    cp100: Chosen


@dataclass(frozen=True, slots=True)
class Lead:
    """What one score has over another on the test folds, paired over cards."""

    ours: str
    theirs: str
    auc: Interval
    ap: Interval


@dataclass(frozen=True, slots=True)
class HandbookReport:
    """Everything that a run measured."""

    single: Mapping[str, Figures]
    """Protocol A, with the parameters that validation chose for AP."""
    rivals: tuple[Rival, ...]
    """Protocol B."""
    leads: tuple[Lead, ...]


class HandbookTrial:
    """Scores of every model on the validation and test folds."""

    def __init__(self, payments: PublicPayments, progress: Progress, kept: Kept) -> None:
        self._payments = payments
        self._progress = progress
        self._kept = kept
        self._validation = handbook.validation_folds(payments)
        self._test = handbook.test_folds(payments)
        self._scores: dict[str, tuple[Scores, Scores]] = {}
        self._measured: dict[str, Rival] = {}

    @property
    def rows(self) -> npt.NDArray[np.intp]:
        """Payments that some fold trains or tests on."""
        folds = (*self._validation, *self._test)
        return np.unique(np.concatenate([rows for f in folds for rows in (f.train, f.test)]))

    def rivals(self, table: Table) -> None:
        """Fit what others would, on the handbook's features."""
        for name, learner in RIVALS.items():
            self.fit(name, learner, lambda rows: table[rows])

    def fit(self, name: str, learner: Learner, table: TableOf) -> None:
        """Fit a learner on each fold.

        Args:
            name: of the line.
            learner: fits and scores.
            table: features of rows of the payments.
        """
        made = self._kept.arrays(f"scores of {name}", lambda: self._fitted(name, learner, table))
        both: tuple[dict[str, list[Float]], dict[str, list[Float]]] = ({}, {})
        for key, score in made.items():
            which, _, parameters = key.split("|")
            both[int(which)].setdefault(parameters, []).append(score)
        self._scores[name] = both

    def _fitted(self, name: str, learner: Learner, table: TableOf) -> Arrays:
        """Scores under keys such as ``1|2|C=10``: test, third fold, parameters."""
        made: dict[str, Float] = {}
        for which, folds in enumerate((self._validation, self._test)):
            for number, each in enumerate(folds):
                label = self._payments.fraud[each.train]
                scores = learner(table(each.train), label, table(each.test))
                made |= {f"{which}|{number}|{key}": score for key, score in scores.items()}
                self._progress(name, which * handbook.FOLDS + number + 1, 2 * handbook.FOLDS)
        return made

    def ours(self, table: Table, events: ReadEvents, seed: int) -> None:
        """Fit the trees without and with the language model, and the stack."""

        def aggregates(rows: npt.NDArray[np.intp]) -> Table:
            at = np.searchsorted(events.payments, rows)
            return np.concatenate([table[rows], events.features[at].reshape(len(rows), -1)], axis=1)

        def all_of_them(rows: npt.NDArray[np.intp]) -> Table:
            return np.concatenate([aggregates(rows), events.surprises(rows)], axis=1)

        self.fit(PLAIN, boosted_mean, aggregates)
        self.fit(SURPRISE, boosted_mean, all_of_them)
        self._stack(events, seed)

    def _stack(self, events: ReadEvents, seed: int) -> None:
        """Join the trees with a risk head on the frozen model's states.

        Weights come from the validation folds, whose last labels are known before the first
        test day.
        """
        validation, test = self._scores[SURPRISE]
        best = self._report_of(SURPRISE).ap.parameters
        parts = [
            [np.column_stack([trees, self._head(events, each, seed)]) for trees, each in both]
            for both in (
                zip(validation[best], self._validation, strict=True),
                zip(test[best], self._test, strict=True),
            )
        ]
        label = self._payments.fraud[np.concatenate([each.test for each in self._validation])]
        fitted = Stack.fit(np.concatenate(parts[0]), _seen(label), label)
        joined = [{"stack": [fitted.logit(part, _seen(part)) for part in each]} for each in parts]
        self._scores[STACK] = joined[0], joined[1]

    def _head(self, events: ReadEvents, each: Fold, seed: int) -> Float:
        label, card = self._payments.fraud[each.train], self._payments.payer[each.train]
        made = self._kept.arrays(
            f"head of {each.begins}",
            lambda: {"logits": head_logits(events, each.train, label, card, each.test, seed)},
        )
        self._progress("risk head", 1, 1)
        return made["logits"]

    def report(self) -> HandbookReport:
        """All figures."""
        rivals = tuple(self._report_of(name) for name in self._scores)
        single = {
            rival.name: self._figures(self._scores[rival.name][1][rival.ap.parameters], self._test)[
                -1
            ]
            for rival in rivals
        }
        ours = [name for name in (STACK, SURPRISE, PLAIN) if name in self._scores]
        others = [rival for rival in rivals if rival.name in RIVALS]
        best = max(others, key=lambda r: r.ap.mean).name
        pairs = [(ours[0], best), (PLAIN, best), (SURPRISE, PLAIN), (STACK, PLAIN)]
        leads = tuple(
            self._lead(*pair) for pair in dict.fromkeys(pairs) if set(pair) <= set(self._scores)
        )
        return HandbookReport(single, rivals, leads)

    def _report_of(self, name: str) -> Rival:
        if name not in self._measured:
            self._measured[name] = self._measure(name)
        return self._measured[name]

    def _measure(self, name: str) -> Rival:
        measured = [
            {parameters: self._figures(each, folds) for parameters, each in scores.items()}
            for scores, folds in zip(
                self._scores[name], (self._validation, self._test), strict=True
            )
        ]
        return Rival(name, *handbook.choose(*measured))

    def _figures(self, scores: list[Float], folds: list[Fold]) -> list[Figures]:
        return [
            handbook.figures(self._payments, each.test, score)
            for each, score in zip(folds, scores, strict=True)
        ]

    def _lead(self, ours: str, theirs: str) -> Lead:
        """Differences of the means over test folds, cards resampled across all folds."""
        rows = np.concatenate([each.test for each in self._test])
        of_fold = np.repeat(np.arange(len(self._test)), [len(each.test) for each in self._test])
        cards = CounterpartyBootstrap(
            self._payments.payer[rows].astype(np.uint64), resamples=_RESAMPLES
        )
        fraud = self._payments.fraud[rows] == 1

        def interval(metric: Callable[..., float], figure: str) -> Interval:
            def mean(risky: npt.NDArray[np.bool_], score: Float, weight: Float | None) -> float:
                folds = (of_fold == k for k in range(len(self._test)))
                return float(
                    np.mean(
                        [
                            metric(risky[f], score[f], None if weight is None else weight[f])
                            for f in folds
                        ]
                    )
                )

            scores = [
                np.concatenate(self._scores[name][1][getattr(self._report_of(name), figure)[0]])
                for name in (ours, theirs)
            ]
            return cards.difference(mean, fraud, scores[0], scores[1])

        return Lead(ours, theirs, interval(roc_auc, "auc"), interval(average_precision, "ap"))


def _seen(rows: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
    """All cards are in the stack's last range of events seen: the data spans half a year."""
    return np.full(len(rows), _MANY)


def try_handbook(
    payments: PublicPayments, iterations: int, seed: int, kept: Kept, progress: Progress
) -> HandbookReport:
    """Run both protocols.

    Args:
        payments: the whole data set.
        iterations: of the language model's pre-training.
        seed: of the language model and the risk heads.
        kept: where intermediate results stay.
        progress: told of every stage.
    """
    trial = HandbookTrial(payments, progress, kept)
    plain, table = label_tables(payments)
    trial.rivals(plain)
    rows = trial.rows
    sides = encode_sides(payments.take(np.arange(rows[-1] + 1)), progress, kept)
    model = learn_language(sides.until(int(rows[0])), iterations, seed, progress, kept)
    events = read_events(model, sides, rows, progress, kept)
    trial.ours(table, events, seed)
    return trial.report()
