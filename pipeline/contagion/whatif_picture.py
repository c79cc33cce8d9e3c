"""The picture of a what-if: throughput, queues and the sink, before and after."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
from matplotlib.dates import DateFormatter
from matplotlib.figure import Figure

from pipeline.contagion.liquidity import balance_of, minutes, queued_value, settled_value
from pipeline.contagion.whatif import WhatIf
from pipeline.moments import moment

_BEFORE, _AFTER, _MARK = "#7a8794", "#c0392b", "#2c3e50"


def draw(result: WhatIf, path: Path, zone: ZoneInfo) -> None:
    """Write the picture; the suffix decides its format (png, svg, pdf)."""
    day, grid = result.day, minutes(result.day)
    hours = [moment(int(at)) for at in grid]
    figure = Figure(figsize=(11, 7.5), layout="constrained")
    axes = figure.subplots(2, 2)
    throughput, queues, sink, hit = axes.ravel().tolist()

    for outcome, colour, name in (
        (result.before, _BEFORE, "as it was"),
        (result.after, _AFTER, "with the change"),
    ):
        settled = settled_value(day, outcome, grid) / 100e9
        throughput.plot(hours, settled, color=colour, label=name)
        queues.plot(hours, queued_value(day, outcome, grid) / 100e9, color=colour)
    throughput.set(title="Settled value ($ bn)")
    throughput.legend(frameon=False)
    queues.set(title="Due and not settled ($ bn)")
    _sink(result, sink, hours, grid)
    _hit(result, hit)
    for axis in (throughput, queues, sink):
        axis.axvline(moment(result.disruption.at_ms), color=_MARK, linewidth=0.8, linestyle=":")
        form: Any = DateFormatter
        axis.xaxis.set_major_formatter(form("%H:%M", tz=zone))
    for axis in (throughput, queues, sink, hit):
        axis.spines[["top", "right"]].set_visible(False)
    figure.suptitle(_title(result, zone))
    figure.savefig(path, dpi=120)


def _sink(result: WhatIf, axis: Any, hours: list[Any], grid: npt.NDArray[np.int64]) -> None:
    banks = result.disruption.pair or (result.disruption.bank,)
    for bank in banks:
        assert bank is not None, "a disruption is of a bank or of a pair"
        for outcome, colour in ((result.before, _BEFORE), (result.after, _AFTER)):
            axis.plot(hours, balance_of(result.day, outcome, bank, grid) / 100e9, color=colour)
    named = " and ".join(result.day.banks[bank] for bank in banks if bank is not None)
    axis.set(title=f"Balance of {named} ($ bn)")


def _hit(result: WhatIf, axis: Any) -> None:
    """Banks with most value settled late or never, each weighed by its own value due."""
    day = result.day
    late = (result.after.settled_ms < 0) | (result.after.settled_ms > day.event_ms)
    value = np.bincount(day.creditor[late], day.cents[late] / 100e9, minlength=len(day.banks))
    leading = np.argsort(-value, kind="stable")[:10][::-1].tolist()
    leading = [bank for bank in leading if value[bank] > 0]
    axis.barh(
        [day.banks[bank] for bank in leading], [value[bank] for bank in leading], color=_AFTER
    )
    axis.set(title="Receipts late or missing ($ bn)")


def _title(result: WhatIf, zone: ZoneInfo) -> str:
    change, banks = result.disruption, result.day.banks
    at = f"{moment(change.at_ms).astimezone(zone):%H:%M}"
    until = change.until_ms
    end = "" if until is None else f" until {moment(until).astimezone(zone):%H:%M}"
    if change.pair is not None:
        one, other = (banks[bank] for bank in change.pair)
        return f"{result.day.on}: payments between {one} and {other} held from {at}{end}"
    assert change.bank is not None, "a disruption is of a bank or of a pair"
    bank = banks[change.bank]
    if change.delay_ms is not None:
        return f"{result.day.on}: {bank} sends {change.delay_ms // 60_000} min late from {at}{end}"
    return f"{result.day.on}: {bank} stops sending at {at}{end}"
