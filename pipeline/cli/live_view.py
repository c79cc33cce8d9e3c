"""The live view of ``coldwire up``: rates, tiers, latency, lag, newest alerts."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Mapping

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from agents.watch import Tally
from schemas.alert import Alert
from schemas.score import Band, Tier

_WINDOW_S = 5.0
BAND_STYLE = {
    Band.LOW: "dim",
    Band.ELEVATED: "yellow",
    Band.HIGH: "bold red",
    Band.CRITICAL: "bold white on red",
}


def dollars(amount: float) -> str:
    """An amount as people say it: $950, $12.4 k, $3.1 M, $2.0 bn."""
    for size, unit in ((1e9, " bn"), (1e6, " M"), (1e3, " k")):
        if amount >= size:
            return f"${amount / size:.1f}{unit}"
    return f"${amount:.0f}"


def short(entity: str) -> str:
    """An entity id that fits a column: kind and the first eight characters."""
    kind, _, name = entity.partition(":")
    return f"{kind} {name[:9] if kind == 'bank' else name[:8]}"


class LiveView:
    """Draws the present state; the caller asks for it as often as it likes.

    Args:
        title: shown on top: where, and at which rate.
        hints: lines below the alerts: how to subscribe, how to query.
    """

    def __init__(self, title: str, hints: list[str]) -> None:
        self._title = title
        self._hints = hints
        self._seen: deque[tuple[float, int, int]] = deque()

    def draw(self, tally: Tally, lag: Mapping[str, int], height: int) -> RenderableType:
        """Make the view of this moment, for a terminal of that many lines."""
        payments_s, newcomers_s = self._rates(tally)
        numbers = Table.grid(padding=(0, 3), expand=True)
        for ratio in (3, 3, 5, 5):
            numbers.add_column(ratio=ratio)
        latency = tally.latency_ms()
        numbers.add_row(
            _block("payments", f"{payments_s:.1f}/s", f"{tally.payments} in all"),
            _block("new counterparties", f"{newcomers_s:.1f}/s", f"{tally.newcomers} in all"),
            _block("adaptations", str(tally.adaptations), _tiers(tally)),
            _block(
                "arrival to score",
                f"p50 {latency['p50']:.0f} ms",
                f"p99 {latency['p99']:.0f}, p99.9 {latency['p99_9']:.0f}, "
                f"late {tally.deadline_missed}",
            ),
        )
        behind = Text("lag   ", style="dim")
        for worker, records in lag.items():
            behind.append(f"{worker} ", style="dim")
            behind.append(f"{records}   ", style="green" if records < 500 else "bold red")
        room = max(height - 13 - len(self._hints), 3)
        alerts = Panel(
            _alerts(list(tally.newest)[-room:]),
            title=f"newest alerts ({len(tally.alert_ids)}, of them {tally.contagion_alerts} by "
            "contagion)",
            border_style="red" if tally.newest else "dim",
        )
        hints = Text("\n".join(self._hints), style="dim")
        return Group(Panel(Group(numbers, Text(), behind), title=self._title), alerts, hints)

    def _rates(self, tally: Tally) -> tuple[float, float]:
        now = time.monotonic()
        self._seen.append((now, tally.payments, tally.newcomers))
        while len(self._seen) > 2 and now - self._seen[0][0] > _WINDOW_S:
            self._seen.popleft()
        then, payments, newcomers = self._seen[0]
        passed = max(now - then, 1e-9)
        return (tally.payments - payments) / passed, (tally.newcomers - newcomers) / passed


def _block(name: str, value: str, below: str) -> Text:
    return Text.assemble((f"{name}\n", "dim"), (f"{value}\n", "bold cyan"), (below, "dim"))


def _tiers(tally: Tally) -> str:
    total = max(sum(tally.tiers.values()), 1)
    names = {Tier.PRIOR: "prior", Tier.IN_CONTEXT: "context", Tier.ADAPTED: "adapted"}
    shares = (
        f"{word} {100 * tally.tiers[tier.name.lower()] / total:.0f}" for tier, word in names.items()
    )
    return f"{' · '.join(shares)} %"


def _alerts(alerts: list[Alert]) -> RenderableType:
    if not alerts:
        return Text("none yet", style="dim")
    table = Table(box=None, expand=True, pad_edge=False, show_header=True, header_style="dim")
    table.add_column("risk", width=9, no_wrap=True)
    table.add_column("seen", justify="right", width=4)
    table.add_column("entity", width=15, no_wrap=True)
    table.add_column("amount", justify="right", width=9, no_wrap=True)
    table.add_column("why", ratio=1, no_wrap=True, overflow="ellipsis")
    for alert in reversed(alerts):
        table.add_row(
            Text(_risk(alert), style=BAND_STYLE[alert.band]),
            "" if alert.events_seen is None else str(alert.events_seen),
            short(alert.entity),
            dollars(alert.amount),
            "; ".join(reason.text for reason in alert.reasons),
        )
    return table


def _risk(alert: Alert) -> str:
    if alert.probability is None:
        return f"exp {alert.exposure:.2f}"
    return f"{alert.band.value[:4]} {alert.probability:.2f}"
