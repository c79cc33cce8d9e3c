"""The fidelity report: what a world looks like beside what is known of the real one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np

from simulators.codes import REASONS
from simulators.fidelity import pictures
from simulators.fidelity.document import (
    Block,
    Grid,
    Heading,
    Paragraph,
    Picture,
    to_html,
    to_markdown,
)
from simulators.fidelity.measures import Fidelity, Peer
from simulators.fidelity.motifs import MOTIFS
from simulators.fidelity.network import TITLES, fedwire_value, tolerance
from simulators.leakage import MOST_RECALL, PRECISION

_PICTURES: Final = "pictures"
_TITLE: Final = "Fidelity of a simulated world"


def write_report(fidelity: Fidelity, folder: Path) -> None:
    """Write ``report.md`` with its pictures, and ``report.html``, which needs no other file."""
    blocks = list(report(fidelity))
    (folder / _PICTURES).mkdir(parents=True, exist_ok=True)
    for block in blocks:
        if isinstance(block, Picture):
            (folder / _PICTURES / f"{block.name}.svg").write_text(block.svg, encoding="utf-8")
    (folder / "report.md").write_text(to_markdown(blocks, _PICTURES), encoding="utf-8")
    (folder / "report.html").write_text(to_html(_TITLE, blocks), encoding="utf-8")


def report(fidelity: Fidelity) -> Iterator[Block]:
    """All blocks of the report."""
    yield Heading(_TITLE, 1)
    config = fidelity.config
    days = "one business day" if config.days == 1 else f"{config.days} business days"
    yield Paragraph(
        f"{fidelity.payments:,} payments worth ${fidelity.value / 1e9:,.1f} billion on {days} "
        f"from {config.start}, between {config.participants:,} participants and "
        f"{fidelity.customers:,} customers; seed {config.seed}."
    )
    yield from _network(fidelity)
    yield from _hours_and_amounts(fidelity)
    yield from _customers(fidelity)
    for peer in fidelity.peers:
        yield from _patterns(peer)
    yield from _risk(fidelity)
    yield from _leaks(fidelity)


def _number(value: float) -> str:
    """A measure with as many digits as it needs."""
    if not np.isfinite(value):
        return "–"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.4f}" if abs(value) < 0.01 else f"{value:.3g}"


def _network(fidelity: Fidelity) -> Iterator[Block]:
    days = fidelity.networks
    full = days[0].is_full_size
    yield Heading("The network of participants")
    yield Paragraph(
        f"{'The first day' if len(days) == 1 else f'The first {len(days)} days'} beside Fedwire "
        "in the first quarter of 2004 (Soramäki, Bech, Arnold, Glass and Beyeler 2007). "
        + (
            "A band is what the day must stay within."
            if full
            else "The values are those of about 6,600 participants: a smaller network is shown "
            "but not judged."
        )
    )
    outside = {name for day in days for name in day.outside()}
    rows = []
    for name, title in TITLES.items():
        band = tolerance(name)
        verdict = "" if band is None or not full else "outside" if name in outside else "inside"
        found = [_number(day.value(name)) for day in days]
        rows.append(
            [title, _number(fedwire_value(name)), f"± {_number(band)}" if band else "", *found,
             verdict]
        )  # fmt: skip
    yield Grid(
        ["measure", "Fedwire", "band", *(f"day {i + 1}" for i in range(len(days))), ""], rows
    )
    yield Picture("degrees", pictures.degrees(fidelity), "Degrees on the first day")


def _hours_and_amounts(fidelity: Fidelity) -> Iterator[Block]:
    rhythm = fidelity.rhythm
    value = rhythm.value.sum(axis=0) / rhythm.value.sum()
    peak = int(value.argmax())
    yield Heading("Hours and amounts")
    yield Grid(
        ["measure", "Fedwire", "this world"],
        [
            ["value after 17:00 in New York", "more than 30 % (2005)",
             f"{rhythm.late_share(rhythm.value):.1%}"],
            ["payments after 17:00", "flatter than value",
             f"{rhythm.late_share(rhythm.volume):.1%}"],
            ["hour with most value", "peaks near 16:30 and 17:15",
             f"{(peak + 21) % 24}:00 to {(peak + 22) % 24}:00, {value[peak]:.1%}"],
            ["returns per customer payment", "not published", f"{rhythm.return_share():.2%}"],
        ],
    )  # fmt: skip
    yield Paragraph(
        "Hours: McAndrews and Rajan (2000) for the peak at 16:30, Armantier, Arnold and "
        "McAndrews (2008) for the value after 17:00, which was 20 % in 1998, and for the second "
        "peak. Payments come back (pacs.004) because of "
        + ", ".join(
            f"{REASONS[i]} ({rhythm.returns[i]:,})"
            for i in np.argsort(-rhythm.returns, kind="stable")
            if rhythm.returns[i]
        )
        + "."
    )
    yield Picture("hours", pictures.hours(fidelity), "Hours of payments, value and returns")
    yield Paragraph(
        f"The mean payment is ${fidelity.value / fidelity.payments:,.0f}, the median near "
        f"${rhythm.amount_quantile(0.5):,.0f}, the 99th percentile near "
        f"${rhythm.amount_quantile(0.99):,.0f}. Fedwire's mean was $5.4 million in 2024; its "
        "median is put at $30,000 to $50,000."
    )
    yield Picture("amounts", pictures.amounts(fidelity), "Amounts of customers and banks")


def _customers(fidelity: Fidelity) -> Iterator[Block]:
    rhythm = fidelity.rhythm
    yield Heading("Customers")
    later = rhythm.newcomers[1:]
    yield Paragraph(
        f"{rhythm.newcomers[0]:,} customers are seen on the first day"
        + (
            f", {np.mean(later):,.0f} more on each day after it: cold starts never end."
            if later
            else "."
        )
    )
    yield Picture("newcomers", pictures.newcomers(fidelity), "Customers new to the stream")
    yield Picture("gaps", pictures.gaps(fidelity), "Time between payments of one customer")


def _patterns(peer: Peer) -> Iterator[Block]:
    yield Heading(f"Patterns beside {peer.name}")
    yield Paragraph(
        f"Counted on the first {peer.world.payments:,} payments between customers here and the "
        f"first {peer.other.payments:,} there, which is as many payments an account."
    )
    rows = [
        [name, meaning, _number(peer.world.per_thousand[name]),
         _number(peer.other.per_thousand[name])]
        for name, meaning in MOTIFS.items()
    ]  # fmt: skip
    yield Grid(["per 1,000 accounts", "meaning", "this world", peer.name], rows)
    name = "motifs-" + "".join(c if c.isalnum() else "-" for c in peer.name.lower())
    yield Picture(name, pictures.motifs(peer), f"Patterns beside {peer.name}")


def _risk(fidelity: Fidelity) -> Iterator[Block]:
    sides = sum(fidelity.rhythm.sides)
    yield Heading("Risk")
    yield Paragraph(
        f"{fidelity.culprits:,} of {fidelity.customers:,} customers "
        f"({fidelity.culprits / fidelity.customers:.2%}) are risky at some time; "
        f"{fidelity.risky_sides:,} of {sides:,} customers' sides of payments "
        f"({fidelity.risky_sides / max(sides, 1):.3%}) are."
    )
    rows = [
        [t.name, str(t.schemes), str(t.lookalikes), str(t.risky_sides)] for t in fidelity.typologies
    ]
    yield Grid(["typology", "schemes", "look-alikes", "risky sides"], rows)
    yield Picture("prevalence", pictures.prevalence(fidelity), "Schemes and their look-alikes")


def _leaks(fidelity: Fidelity) -> Iterator[Block]:
    found, crowded = fidelity.leakage, fidelity.crowded
    yield Heading("Leakage test")
    verdict = "passes" if found.passed else "FAILS"
    yield Paragraph(
        f"This making of worlds {verdict}: no rule on one or two raw fields of a payment, and no "
        f"tree of depth 3 on all of them, may reach a recall above {MOST_RECALL} at a precision "
        f"of {PRECISION}. Rules were found in one crowded world and judged in another: seed "
        f"{crowded.seed}, {crowded.risky_share:.0%} of its customers risky at some time, "
        f"{found.risky:,} risky sides of {found.sides:,}. Lift is the precision of the riskiest "
        "percent over the mean; it shows what a field hints at."
        if found.passed
        else f"This making of worlds {verdict}: the rules below read labels off the payments."
    )
    rows = [
        [f.rule, ", ".join(f.fields), f"{f.recall:.3f}", f"{f.lift:.1f}"]
        for rule in ("one field", "two fields", "tree")
        for f in found.best(rule, 5)
    ]
    yield Grid(["rule", "fields", "recall", "lift"], rows)
