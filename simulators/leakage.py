"""The leakage test: labels must not be read off the fields of one payment.

A simulator whose schemes show in an amount or a name teaches nothing. The test looks for
the best rule on one raw field, on any two, and for the best depth-3 tree on all of them.
Rules are found in one world and judged in another of a different seed, so that remembering
banks or accounts is no leak, but any habit of the generator is. A world passes when none
reaches a recall above 0.2 at a precision of 0.5.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl
from sklearn.tree import DecisionTreeClassifier

from simulators.frames import payments_frame, sides_frame
from simulators.wire_fields import F64, I64, Bool, WireFields, wire_fields
from simulators.world import World

PRECISION: Final = 0.5
MOST_RECALL: Final = 0.2

_NUMBER_BINS: Final = 64
_MOST_VALUES: Final = 255
_PRIOR_ROWS: Final = 2.0
_TREE_DEPTH: Final = 3


@dataclass(frozen=True, slots=True)
class Finding:
    """The best that one family of rules achieved on the world it had not seen.

    Attributes:
        rule: ``one field``, ``two fields`` or ``tree``.
        fields: which it looks at.
        recall: share of risky sides found at a precision of 0.5 or more.
        lift: precision of its riskiest percent of the rows over the prevalence.
    """

    rule: str
    fields: tuple[str, ...]
    recall: float
    lift: float


@dataclass(frozen=True, slots=True)
class LeakageReport:
    """What was tried, the leakiest first.

    Attributes:
        findings: every rule, sorted by recall, then lift.
        sides: sides of payments in the judged world.
        risky: risky ones among them.
    """

    findings: tuple[Finding, ...]
    sides: int
    risky: int

    @property
    def worst(self) -> Finding:
        """The leakiest rule."""
        return self.findings[0]

    @property
    def passed(self) -> bool:
        """Whether no rule reads the label off."""
        return self.worst.recall <= MOST_RECALL

    def best(self, rule: str, count: int) -> tuple[Finding, ...]:
        """The leakiest rules of a family."""
        return tuple(f for f in self.findings if f.rule == rule)[:count]


def fields_of(world: World) -> WireFields:
    """Raw fields and truth of all payments of a world (about 1 kB of memory a payment)."""
    payments, sides = [], []
    for ledger in world.days():
        frame = payments_frame(world, ledger)
        payments.append(frame)
        sides.append(sides_frame(frame["uetr"], ledger))
    return wire_fields(pl.concat(payments), pl.concat(sides))


@dataclass(frozen=True, slots=True)
class _Groups:
    """Rows of the judged world by the score that a rule gives them, riskiest first.

    Equal scores stand or fall together.

    Attributes:
        hits: float64 [g], risky rows with that score or a higher one.
        rows: float64 [g], rows with that score or a higher one.
    """

    hits: F64
    rows: F64

    @classmethod
    def of(cls, score: F64, hits: F64, rows: F64) -> _Groups:
        """Group cells [c] of rows by their score."""
        values, group = np.unique(-score, return_inverse=True)
        return cls(
            np.cumsum(np.bincount(group, weights=hits, minlength=values.size)),
            np.cumsum(np.bincount(group, weights=rows, minlength=values.size)),
        )

    def recall(self, precision: float) -> float:
        """Highest recall over all thresholds that reach a precision."""
        good = (self.hits >= precision * self.rows) & (self.rows > 0)
        return float(self.hits[good].max() / self.hits[-1]) if good.any() else 0.0

    def lift(self) -> float:
        """Precision of the riskiest percent of the rows (or a little more) over the mean."""
        top = int(np.searchsorted(self.rows, self.rows[-1] / 100))
        return float(self.hits[top] / self.rows[top] * self.rows[-1] / self.hits[-1])


def _coded(seen: WireFields, new: WireFields) -> dict[str, tuple[I64, I64]]:
    """Each field as small integers in both worlds, by the values of the first.

    Numbers fall into bins of equal frequency, texts keep their most frequent values.
    """
    coded: dict[str, tuple[I64, I64]] = {}
    for name, column in seen.numbers.items():
        edges = np.unique(np.quantile(column, np.linspace(0, 1, _NUMBER_BINS + 1)[1:-1]))
        # A value that many rows share gets a bin of its own: both edges of it are cut.
        cuts = np.unique(np.concatenate([edges, np.nextafter(edges, np.inf)]))
        coded[name] = (
            np.searchsorted(cuts, column, side="right"),
            np.searchsorted(cuts, new.numbers[name], side="right"),
        )
    for name, text in seen.texts.items():
        frequent = text.value_counts(sort=True)[text.name or ""].head(_MOST_VALUES)
        table = {value: i + 1 for i, value in enumerate(sorted(frequent.to_list()))}
        both = (
            s.replace_strict(table, default=0, return_dtype=pl.Int64)
            for s in (text, new.texts[name])
        )
        first, second = (s.to_numpy() for s in both)
        coded[name] = (first, second)
    return coded


def _rates(hits: F64, rows: F64) -> F64:
    """Share of risky rows in each cell, drawn towards the mean as by two more rows."""
    mean = hits.sum() / rows.sum()
    return np.asarray((hits + _PRIOR_ROWS * mean) / (rows + _PRIOR_ROWS), dtype=np.float64)


def _counts(cells: I64, risky: Bool, size: int) -> tuple[F64, F64]:
    """Risky rows and all rows of each cell."""
    hits = np.bincount(cells[risky], minlength=size)
    return hits.astype(np.float64), np.bincount(cells, minlength=size).astype(np.float64)


def _rules_on_fields(coded: dict[str, tuple[I64, I64]], seen: Bool, new: Bool) -> Iterator[Finding]:
    """The best set of values of one field, and of pairs of values of two."""
    for count, rule in ((1, "one field"), (2, "two fields")):
        for names in combinations(coded, count):
            cells_seen, cells_new = np.zeros(seen.size, np.int64), np.zeros(new.size, np.int64)
            size = 1
            for name in names:
                first, second = coded[name]
                width = _width(coded[name])
                cells_seen = cells_seen * width + first
                cells_new = cells_new * width + second
                size *= width
            score = _rates(*_counts(cells_seen, seen, size))
            groups = _Groups.of(score, *_counts(cells_new, new, size))
            yield Finding(rule, names, groups.recall(PRECISION), groups.lift())


def _width(codes: tuple[I64, I64]) -> int:
    return int(max(codes[0].max(), codes[1].max())) + 1


def _tree_columns(
    fields: WireFields, coded: dict[str, tuple[I64, I64]], rates: dict[str, F64], which: int
) -> npt.NDArray[np.float32]:
    columns = list(fields.numbers.values())
    columns += [rates[name][coded[name][which]] for name in fields.texts]
    return np.stack(columns, axis=1).astype(np.float32)


def _trees(
    seen: WireFields, new: WireFields, coded: dict[str, tuple[I64, I64]]
) -> Iterator[Finding]:
    """Depth-3 trees on all fields; texts enter as the share of risky rows of their value."""
    rates = {
        name: _rates(*_counts(coded[name][0], seen.risky, _width(coded[name])))
        for name in seen.texts
    }
    x, x_new = (_tree_columns(f, coded, rates, i) for i, f in enumerate((seen, new)))
    names = [*seen.numbers, *seen.texts]
    for criterion in ("gini", "entropy"):
        for weight in (None, "balanced"):
            tree = DecisionTreeClassifier(
                max_depth=_TREE_DEPTH, criterion=criterion, class_weight=weight, random_state=0
            ).fit(x, seen.risky)
            used = sorted({names[i] for i in tree.tree_.feature if i >= 0})
            score = tree.predict_proba(x_new)[:, 1]
            groups = _Groups.of(score, new.risky.astype(np.float64), np.ones(score.size))
            yield Finding("tree", tuple(used), groups.recall(PRECISION), groups.lift())


def leakage(seen: WireFields, new: WireFields) -> LeakageReport:
    """Look for rules in one world and judge them in another.

    Args:
        seen: fields of the world in which rules are found.
        new: fields of a world of another seed.

    Raises:
        ValueError: a world has no risky side, so that nothing could be found.
    """
    if not (seen.risky.any() and new.risky.any()):
        raise ValueError("a world without risky payments cannot leak: raise risky_share")
    coded = _coded(seen, new)
    found = [*_rules_on_fields(coded, seen.risky, new.risky), *_trees(seen, new, coded)]
    found.sort(key=lambda f: (-f.recall, -f.lift, f.fields))
    return LeakageReport(tuple(found), len(new), int(new.risky.sum()))
