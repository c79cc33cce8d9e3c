"""What if: replay a day with one change and lay it beside the day as it was."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from pipeline.contagion.clearing import clear
from pipeline.contagion.effects import ContagionEffects
from pipeline.contagion.engine import ContagionEngine
from pipeline.contagion.liquidity import (
    Cents,
    Disruption,
    Outcome,
    balance_of,
    minutes,
    overdraft_caps,
    queued_value,
    settle,
    settled_value,
)
from pipeline.contagion.recorded import SettlementDay
from pipeline.moments import moment
from schemas.ids import stable_id
from schemas.records import FlagChange, FlagState, Flow

LEADING = 10
"""Banks listed in each table of a report."""


@dataclass(frozen=True, slots=True)
class WhatIf:
    """A day, its change, and both outcomes.

    ``losses`` [banks] in dollars: what each bank's creditors lose if the payments that
    never settled are cleared from closing balances and unused credit (Eisenberg-Noe; a
    failed bank has its balance alone). ``exposures`` are each bank's closing exposures to
    the failed one along the day's payments between banks.
    """

    day: SettlementDay
    caps: Cents
    disruption: Disruption
    before: Outcome
    after: Outcome
    losses: npt.NDArray[np.float64]
    exposures: dict[str, float]
    contagion: ContagionEffects


def what_if(day: SettlementDay, disruption: Disruption, headroom: float) -> WhatIf:
    """Replay a day twice, undisturbed and disturbed.

    Raises:
        ValueError: a headroom below 1.
    """
    caps = overdraft_caps(day, headroom)
    before, after = settle(day, caps), settle(day, caps, disruption)
    engine = ContagionEngine()
    contagion = engine.process(_log(day, after, disruption))
    exposures = {bank: engine.exposure(f"bank:{bank}")[0] for bank in day.banks}
    losses = _losses(day, caps, after, disruption)
    return WhatIf(day, caps, disruption, before, after, losses, exposures, contagion)


def _losses(
    day: SettlementDay, caps: Cents, after: Outcome, disruption: Disruption
) -> npt.NDArray[np.float64]:
    open_ = after.settled_ms < 0
    n = len(day.banks)
    due = sparse.csr_array(
        (day.cents[open_] / 100.0, (day.debtor[open_], day.creditor[open_])), shape=(n, n)
    )
    due.sum_duplicates()
    means = np.asarray((after.balance + caps) / 100.0, np.float64)
    if disruption.bank is not None:
        means[disruption.bank] = max(0.0, float(after.balance[disruption.bank]) / 100.0)
    cleared = clear(due, means)
    # What a bank in default does not pay is lost by its creditors, in proportion.
    nominal = np.bincount(day.debtor[open_], weights=day.cents[open_] / 100.0, minlength=n)
    short = np.maximum(nominal - cleared.payments, 0.0)
    unpaid = np.divide(short, nominal, out=np.zeros(n), where=nominal > 0)
    lost = day.cents[open_] / 100.0 * unpaid[day.debtor[open_]]
    losses = np.bincount(day.creditor[open_], weights=lost, minlength=n)
    return losses.astype(np.float64)


def _log(
    day: SettlementDay, after: Outcome, disruption: Disruption
) -> list[tuple[int, Flow | FlagChange]]:
    """Payments between banks as they settled, and a flag on the failed bank."""
    records: list[Flow | FlagChange] = []
    flagged = disruption.bank is None
    for row in np.argsort(after.settled_ms, kind="stable").tolist():
        at = int(after.settled_ms[row])
        if at < 0:
            continue
        if not flagged and at >= disruption.at_ms:
            records.append(_flag(day, disruption))
            flagged = True
        debtor, creditor = day.banks[day.debtor[row]], day.banks[day.creditor[row]]
        records.append(
            Flow(
                uetr=day.uetr[row],
                debtor=f"bank:{debtor}",
                creditor=f"bank:{creditor}",
                debtor_agent=debtor,
                creditor_agent=creditor,
                amount=int(day.cents[row]) / 100,
                event_at=moment(at),
                arrived_at=moment(at),
            )
        )
    if not flagged:
        records.append(_flag(day, disruption))
    return list(enumerate(records))


def _flag(day: SettlementDay, disruption: Disruption) -> FlagChange:
    assert disruption.bank is not None, "only a bank is flagged"
    entity = f"bank:{day.banks[disruption.bank]}"
    return FlagChange(
        flag_id=stable_id("flag", "what-if", entity),
        entity=entity,
        state=FlagState.RAISED,
        severity=1.0,
        event_at=moment(disruption.at_ms),
        arrived_at=moment(disruption.at_ms),
    )


def report(result: WhatIf) -> dict[str, Any]:
    """The difference as plain numbers, in dollars and UTC times, ready for JSON."""
    day, grid = result.day, minutes(result.day)
    queued = queued_value(day, result.after, grid)
    peak = int(queued.argmax())
    waited = _waited(result)
    disruption = result.disruption
    return {
        "day": day.on.isoformat(),
        "banks": len(day.banks),
        "payments": len(day.cents),
        "disruption": {
            "bank": None if disruption.bank is None else day.banks[disruption.bank],
            "pair": None if disruption.pair is None else [day.banks[b] for b in disruption.pair],
            "at": moment(disruption.at_ms).isoformat(),
            "until": _time(disruption.until_ms),
            "delay_minutes": None if disruption.delay_ms is None else disruption.delay_ms / 60_000,
        },
        "undisturbed": _totals(day, result.before),
        "disturbed": _totals(day, result.after),
        "peak_queue": {"at": moment(int(grid[peak])).isoformat(), "usd": int(queued[peak]) / 100},
        "throughput": _throughput(result, grid),
        "sink_usd": None
        if disruption.bank is None
        else int(balance_of(day, result.after, disruption.bank, grid).max()) / 100,
        "mean_wait_minutes": float(waited.mean() / 60_000) if len(waited) else 0.0,
        "first_minute_at_cap": _capped(result),
        "unsettled_by_bank": _leading(_unsettled_by_bank(day, result.after), day),
        "losses_by_creditor": _leading(result.losses, day),
        "loss_usd": float(result.losses.sum()),
        "exposures": _leading(np.array([result.exposures[bank] for bank in day.banks]), day),
        "contagion_alerts": [
            {
                "bank": alert.entity.removeprefix("bank:"),
                "exposure": alert.exposure,
                "priority": alert.priority,
                "path": alert.paths[0].text,
            }
            for alert in sorted(result.contagion.alerts, key=lambda a: -a.priority)
        ],
    }


def _waited(result: WhatIf) -> npt.NDArray[np.int64]:
    done = result.after.settled_ms >= 0
    waits = result.after.settled_ms[done] - result.day.event_ms[done]
    return waits[waits > 0]


def _totals(day: SettlementDay, outcome: Outcome) -> dict[str, float | int]:
    done = outcome.settled_ms >= 0
    return {
        "settled_usd": int(day.cents[done].sum()) / 100,
        "unsettled_usd": int(day.cents[~done].sum()) / 100,
        "unsettled_payments": int((~done).sum()),
        "delayed_payments": int((done & (outcome.settled_ms > day.event_ms)).sum()),
        "banks_at_cap": int((outcome.capped_ms >= 0).sum()),
    }


def _throughput(result: WhatIf, grid: npt.NDArray[np.int64]) -> dict[str, dict[str, str | None]]:
    """When 25, 50, 75 and 90 % of the day's value had settled, in both runs."""
    total = int(result.day.cents.sum())
    table: dict[str, dict[str, str | None]] = {}
    for name, outcome in (("undisturbed", result.before), ("disturbed", result.after)):
        settled = settled_value(result.day, outcome, grid)
        reached = {share: np.flatnonzero(settled >= share / 100 * total) for share in _SHARES}
        table[name] = {
            f"{share} %": moment(int(grid[at[0]])).isoformat() if len(at) else None
            for share, at in reached.items()
        }
    return table


_SHARES = (25, 50, 75, 90)


def _capped(result: WhatIf) -> list[dict[str, str | None]]:
    at = result.after.capped_ms
    hit = np.flatnonzero(at >= 0)
    first = hit[np.argsort(at[hit], kind="stable")].tolist()
    return [{"bank": result.day.banks[bank], "at": _time(int(at[bank]))} for bank in first]


def _unsettled_by_bank(day: SettlementDay, outcome: Outcome) -> npt.NDArray[np.float64]:
    open_ = outcome.settled_ms < 0
    owed = np.bincount(day.debtor[open_], day.cents[open_] / 100, minlength=len(day.banks))
    return np.asarray(owed, np.float64)


def _leading(values: npt.NDArray[np.float64], day: SettlementDay) -> list[dict[str, str | float]]:
    order = np.argsort(-values, kind="stable")[:LEADING].tolist()
    return [{"bank": day.banks[i], "value": float(values[i])} for i in order if values[i] > 0]


def _time(event_ms: int | None) -> str | None:
    return None if event_ms is None else moment(event_ms).isoformat()
