"""Flags, alerts and their reasons as tables and pages for a terminal of 100 columns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from rich import box
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from pipeline.cli.terminal_text import harmless
from pipeline.store.queries import CurrentFlag, Why
from schemas.alert import Alert, GraphPath, Reason
from schemas.flag import Flag
from schemas.records import Disposition, FlagState, Verdict
from schemas.score import Band, Score

_STATE_STYLES = {
    FlagState.RAISED: "bold red",
    FlagState.LOWERED: "yellow",
    FlagState.CLEARED: "green",
}
_BAND_STYLES = {
    Band.LOW: "dim",
    Band.ELEVATED: "yellow",
    Band.HIGH: "red",
    Band.CRITICAL: "bold red",
}
_BAR = 5


def short(identity: str) -> str:
    """An id or entity by its first characters; enough for --entity, show and why."""
    kind, colon, rest = identity.rpartition(":")
    return identity if kind == "bank" else f"{kind}{colon}{rest[:8]}"


def _when(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S}"


def _share(share: float) -> str:
    return f"{share:.2f}" if share >= 0.1 else f"{share:.3f}"


def _bar(share: float) -> Text:
    """A share between 0 and 1 as a bar and a number."""
    filled = round(share * _BAR)
    style = "red" if share >= 0.75 else "yellow" if share >= 0.4 else "cyan"
    return Text.assemble(("━" * filled, style), ("━" * (_BAR - filled), "dim"), f" {_share(share)}")


def _state(state: FlagState) -> Text:
    return Text(state.value, _STATE_STYLES[state])


def _plain_table(*headers: str) -> Table:
    table = Table(
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        collapse_padding=True,
        expand=True,
        header_style="bold",
    )
    for header in headers:
        table.add_column(header, no_wrap=True)
    return table


def flag_table(flags: Iterable[CurrentFlag]) -> Table:
    """Flags as they stand, one line each, with the reason wrapped in the last column."""
    table = _plain_table("flag", "state", "severity", "kind", "entity", "changed (UTC)")
    table.add_column("why", ratio=1)
    for flag in flags:
        table.add_row(
            Text(short(flag.flag_id), "dim"),
            _state(flag.state),
            _bar(flag.severity),
            flag.kind.value,
            short(flag.entity),
            f"{flag.changed_at:%m-%d %H:%M}",
            harmless(flag.path or flag.reason or ""),
        )
    return table


def _path_lines(paths: Sequence[GraphPath]) -> Iterable[Text]:
    for path in sorted(paths, key=lambda path: -path.share):
        yield Text.assemble(
            ("path ", "bold"), (f"{path.share:.0%} of the exposure  ", "cyan"), path.text
        )
        for hop in path.hops:
            yield Text.assemble(
                "     ", (short(hop.debtor), "magenta"), " → ", (short(hop.creditor), "magenta"),
                f"   ${hop.amount:,.0f} in {hop.payments} payments, last {_when(hop.last_at)}",
            )  # fmt: skip


def _reason_line(reason: Reason) -> Text:
    return Text.assemble(
        ("• ", "bold"), reason.text, ("  " + reason.code, "dim"), (f" {reason.weight:.0%}", "cyan")
    )


def alert_page(alert: Alert) -> RenderableType:
    """An alert: what happened, how sure, every reason, every path."""
    head = Text.assemble(
        (_when(alert.event_at), "bold"), "  ", (alert.band.value, _BAND_STYLES[alert.band]),
        f"  {alert.kind.value}  ${alert.amount:,.2f} ", (alert.role.value, "dim"), " ",
        (short(alert.entity), "magenta"), " ↔ ", (short(alert.counterparty), "magenta"),
    )  # fmt: skip
    facts = f"alert {alert.alert_id[:12]}  "
    if alert.probability is not None:
        lower, upper = alert.lower or 0.0, 1.0 if alert.upper is None else alert.upper
        facts += (
            f"probability {_share(alert.probability)} [{_share(lower)}, {_share(upper)}] over "
            f"{_share(alert.threshold)}, {alert.events_seen} payments seen"
        )
        if alert.abstains:
            facts += ", undecided"
        if alert.tier is not None:
            facts += f", {alert.tier.name.lower().replace('_', ' ')}"
    else:
        facts += f"exposure {_share(alert.exposure)} over {_share(alert.threshold)}"
    facts += f"; advice: {alert.action.value}"
    body = [*map(_reason_line, alert.reasons), *_path_lines(alert.paths)]
    return Group(head, Text(facts, "dim"), Padding(Group(*body), (0, 0, 1, 2)))


def flag_life(history: Sequence[Flag], alert: Alert | None) -> RenderableType:
    """Every change of a flag, its newest paths and the alert behind it."""
    last = history[-1]
    head = Text.assemble(
        ("flag ", "bold"), last.flag_id, "  ", _state(last.state), f"  {last.kind.value}  ",
        (last.entity, "magenta"),
    )  # fmt: skip
    table = _plain_table("#", "when (UTC)", "state", "severity", "expires", "payment")
    for revision in history:
        table.add_row(
            str(revision.revision),
            f"{revision.event_at:%m-%d %H:%M:%S}",
            _state(revision.state),
            _bar(revision.severity),
            f"{revision.expires_at:%m-%d %H:%M}" if revision.expires_at else "never",
            revision.uetr or "",
        )
    parts: list[RenderableType] = [head, table, *_path_lines(last.paths)]
    if alert is not None:
        parts += [Text("\nraised by", "bold"), Padding(alert_page(alert), (0, 0, 0, 2))]
    return Group(*parts)


def _score_table(scores: Sequence[Score]) -> Table:
    table = _plain_table("payment (UTC)", "role", "other side")
    table.add_column("amount", justify="right")
    table.add_column("probability")
    table.add_column("seen", justify="right")
    table.add_column("rests on")
    for score in scores:
        table.add_row(
            _when(score.event_at),
            score.role.value,
            short(score.counterparty),
            f"{score.amount:,.2f}",
            _bar(score.probability),
            str(score.events_seen),
            score.tier.name.lower().replace("_", " "),
        )
    return table


def _verdict_line(disposition: Disposition) -> Text:
    style = "red" if disposition.verdict is Verdict.CONFIRMED else "green"
    return Text.assemble(
        (_when(disposition.decided_at), ""), "  ", (disposition.verdict.value, style),
        " by ", harmless(disposition.analyst), f"  alert {disposition.alert_id[:12]}  ",
        harmless(disposition.note or "", "italic"),
    )  # fmt: skip


def why_page(why: Why) -> RenderableType:
    """Everything that explains an entity, in sections; empty ones are left out."""
    head = Text.assemble(
        (why.entity, "bold magenta"), f"  payments scored on its side: {why.payments}"
    )
    parts: list[RenderableType] = [head]
    if why.exposure is not None:
        parts.append(Text.assemble("exposure to flagged money ", _bar(why.exposure.exposure)))
        parts += _path_lines(why.exposure.paths)
    sections: tuple[tuple[str, Sequence[RenderableType]], ...] = (
        ("Flags", [flag_table(why.flags)] if why.flags else []),
        ("Alerts", [alert_page(alert) for alert in why.alerts]),
        ("Verdicts", [_verdict_line(disposition) for disposition in why.dispositions]),
        ("Last scores", [_score_table(why.scores)] if why.scores else []),
    )
    for title, content in sections:
        if content:
            parts += [Text(f"\n{title}", "bold underline"), *content]
    if not why.alerts and not why.flags:
        parts.append(Text("Nothing stands out: no alert and no flag.", "dim"))
    return Group(*parts)
