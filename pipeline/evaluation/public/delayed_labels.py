"""What a key's labels say by the time that they are known: dispositions come days late.

A fraud at time s is known from s + delay on, so a payment at time t may look at labels up to
t - delay and at no other. All functions here look back through
:meth:`pipeline.evaluation.public.windows.KeyedPast.end` with that age.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from pipeline.evaluation.public.payments import DAY_MS
from pipeline.evaluation.public.windows import KeyedPast

Float = npt.NDArray[np.float64]

WINDOWS_DAYS: Final = (3, 7, 14, 21, 28, 60)
RUN: Final = ("last_known", "run_length", "run_days", "days_since_fraud", "events_since_fraud")
LABEL_FEATURES: Final = (
    *(f"{what}_{days}d" for days in WINDOWS_DAYS for what in ("frauds", "rate")),
    *RUN,
)
"""Names of the columns of :func:`label_features`."""


def label_features(
    past: KeyedPast, event_ms: npt.NDArray[np.int64], fraud: npt.NDArray[np.int8], delay_ms: int
) -> npt.NDArray[np.float32]:
    """Known frauds of the key in windows, and its latest run of frauds, [N, LABEL_FEATURES].

    Args:
        past: the key's events.
        event_ms: [N].
        fraud: 1, 0, or below 0 where a label never comes, [N].
        delay_ms: from a payment to its label.
    """
    labelled, frauds = (fraud >= 0).astype(np.float64), (fraud == 1).astype(np.float64)
    columns: list[Float] = []
    for days in WINDOWS_DAYS:
        ages = delay_ms, delay_ms + days * DAY_MS
        found, known = past.total(frauds, *ages), past.total(labelled, *ages)
        columns += [found, np.where(known > 0, found / np.maximum(known, 1), np.nan)]
    return np.column_stack([*columns, _run(past, event_ms, fraud, delay_ms)]).astype(np.float32)


def _run(
    past: KeyedPast, event_ms: npt.NDArray[np.int64], fraud: npt.NDArray[np.int8], delay_ms: int
) -> Float:
    """Columns of RUN: is the latest known label a fraud, and since when were all of them."""
    label, time = fraud[past.order], event_ms[past.order]
    place = np.arange(len(label))
    end = past.end(delay_ms)
    last_known = _latest(label >= 0, place)
    last_fraud, last_clear = _latest(label == 1, place), _latest(label == 0, place)
    known, caught, clear = (
        _within(latest, end, past.begin) for latest in (last_known, last_fraud, last_clear)
    )
    counted = np.r_[0, np.cumsum(label >= 0)]
    running = (known >= 0) & (caught == known)
    # A run begins with the first fraud behind the latest clear payment.
    first_of_run = _next(label == 1, place)[np.maximum(clear + 1, past.begin).clip(max=len(place))]
    first_of_run = np.where(running, first_of_run, 0)
    days = (time - time[first_of_run]) / DAY_MS
    columns = (
        np.where(known >= 0, running, np.nan),
        np.where(running, counted[end] - counted[first_of_run], 0),
        np.where(running, days, np.nan),
        np.where(caught >= 0, (time - time[np.maximum(caught, 0)]) / DAY_MS, np.nan),
        np.where(caught >= 0, counted[end] - counted[np.maximum(caught, 0) + 1], np.nan),
    )
    return np.column_stack([past.by_row(column) for column in columns])


def _latest(marked: npt.NDArray[np.bool_], place: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Latest marked place at or before each place, -1 for none, [N]."""
    return np.maximum.accumulate(np.where(marked, place, -1))


def _next(marked: npt.NDArray[np.bool_], place: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """First marked place at or behind each place, [N + 1]; 0 where there is none."""
    behind = np.where(marked, place, len(place))[::-1]
    first = np.minimum.accumulate(behind)[::-1]
    return np.where(np.r_[first, len(place)] < len(place), np.r_[first, 0], 0)


def _within(
    latest: npt.NDArray[np.int64], end: npt.NDArray[np.int64], begin: npt.NDArray[np.int64]
) -> npt.NDArray[np.int64]:
    """Latest marked place of the own key before ``end``, -1 for none."""
    found = np.where(end > begin, latest[np.maximum(end - 1, 0)], -1)
    return np.where(found >= begin, found, -1)
