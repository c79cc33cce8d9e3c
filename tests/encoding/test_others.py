from __future__ import annotations

import numpy as np

from pipeline.encoding import FIELDS, WINDOW, Histories
from pipeline.encoding.others import OTHERS, others

_DAYS = [f.name for f in FIELDS].index("standing_days_known")


def _pooled(codes: list[int]) -> dict[str, float]:
    histories = Histories.allocate(1)
    histories.count[0] = len(codes)
    kept = codes[-WINDOW:]
    histories.codes[0, : len(kept), _DAYS] = kept
    return dict(zip(OTHERS, others(histories, np.array([0]))[0].tolist(), strict=True))


def test_events_whose_other_side_nobody_knew_are_left_out() -> None:
    pooled = _pooled([0, 2, 0, 6, 4])
    assert pooled["others_days_known_mean"] == 4
    assert pooled["others_days_known_min"] == 2
    assert pooled["others_days_known_max"] == 6


def test_without_any_known_other_side_nothing_is_said() -> None:
    for codes in ([], [0, 0]):
        pooled = _pooled(codes)
        assert np.isnan([v for k, v in pooled.items() if "days_known" in k]).all()


def test_only_the_window_counts() -> None:
    assert _pooled([7] * 20 + [3] * WINDOW)["others_days_known_max"] == 3
