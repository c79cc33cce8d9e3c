"""Measures of the fidelity report, held against graphs whose answers are known."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from functools import cache
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from simulators.codes import RETURN
from simulators.fidelity import Fidelity, Payments, measure, pictures, write_report
from simulators.fidelity.document import Block, Grid, Heading, Paragraph, to_html, to_markdown
from simulators.fidelity.motifs import count_motifs
from simulators.fidelity.network import carriers, day_network, tail_exponent
from simulators.topology import FEDWIRE
from simulators.world import World, WorldConfig

DAY = 86_400_000
SMALL = WorldConfig(participants=30, parties=400, days=3, seed=5)


def payments(links: list[tuple[int, int]], *, every_ms: int = 40 * DAY) -> Payments:
    debtor, creditor = np.array(links, dtype=np.int64).T
    n = len(links)
    return Payments(debtor, creditor, np.arange(n, dtype=np.int64) * every_ms, np.full(n, 100.0))


def motif(found: Payments, name: str) -> float:
    counted = count_motifs(found)
    return round(counted.per_thousand[name] * counted.accounts / 1000, 6)


def test_exponent_of_a_power_law_is_found_again() -> None:
    degrees = np.random.default_rng(1).zipf(2.15, 400_000)
    assert tail_exponent(degrees) == pytest.approx(2.15, abs=0.04)


def test_value_is_carried_by_the_few_that_send_it() -> None:
    assert carriers(np.array([90.0, 5.0, 3.0, 2.0])) == 1
    assert carriers(np.array([1.0, 1.0, 1.0, 1.0])) == 3


def test_degrees_count_partners_and_not_payments() -> None:
    day = day_network(World(SMALL).day(0))
    ledger = World(SMALL).day(0)
    pairs = set(zip(ledger.debtor_agent.tolist(), ledger.creditor_agent.tolist(), strict=True))
    assert day.out_degrees.sum() == day.in_degrees.sum() == len(pairs)
    banks = {bank for pair in pairs for bank in pair}
    assert day.out_degrees.size == len(banks)


def test_only_full_size_networks_are_judged() -> None:
    day = day_network(World(SMALL).day(0))
    assert not day.is_full_size
    assert day.outside() == ()
    many = np.full(6500, 12, dtype=np.int64)
    off = replace(FEDWIRE, reciprocity=0.3)
    assert replace(day, topology=FEDWIRE, out_degrees=many).outside() == ()
    assert replace(day, topology=off, out_degrees=many).outside() == ("reciprocity",)


def test_planted_patterns_are_counted_once_each() -> None:
    assert motif(payments([(0, i) for i in range(1, 11)]), "fan-out") == 1
    assert motif(payments([(0, i) for i in range(1, 10)]), "fan-out") == 0
    assert motif(payments([(i, 0) for i in range(1, 11)]), "fan-in") == 1
    assert motif(payments([(0, 1), (1, 0), (1, 2)]), "two-way pair") == 1
    ring = [(0, 1), (1, 2), (2, 0)]
    assert motif(payments(ring), "3-cycle") == 1
    assert motif(payments(ring), "two-way pair") == 0
    gather = [*product([0], [1, 2, 3]), *product([1, 2, 3], [4])]
    assert motif(payments(gather), "scatter-gather") == 1
    assert motif(payments(gather[:-1]), "scatter-gather") == 0


@pytest.mark.parametrize(
    ("wait_ms", "share", "count"),
    [(DAY // 2, 0.9, 1), (DAY, 0.9, 1), (DAY + 1, 0.9, 0), (DAY // 2, 0.7, 0), (DAY // 2, 1.1, 0)],
)
def test_pass_through_is_most_of_a_sum_passed_on_within_a_day(
    wait_ms: int, share: float, count: int
) -> None:
    when = np.array([5, 5 + wait_ms])
    found = Payments(np.array([0, 1]), np.array([1, 2]), when, np.array([100.0, 100.0 * share]))
    assert motif(found, "pass-through") == count


@cache
def small_fidelity() -> Fidelity:
    return measure(World(SMALL), {"rings": payments([(0, 1), (1, 2), (2, 0)])})


def test_hours_amounts_and_newcomers_add_up_to_the_world() -> None:
    found, world = small_fidelity(), World(SMALL)
    ledgers = list(world.days())
    total = sum(map(len, ledgers))
    assert found.payments == total == found.rhythm.volume.sum() == found.rhythm.amounts.sum()
    assert found.rhythm.value.sum() == pytest.approx(found.value)
    everyone = np.concatenate([np.r_[day.debtor, day.creditor] for day in ledgers])
    assert sum(found.rhythm.newcomers) == np.unique(everyone[everyone >= 0]).size
    risky = sum(int(day.debtor_risky.sum() + day.creditor_risky.sum()) for day in ledgers)
    assert found.risky_sides == risky == sum(t.risky_sides for t in found.typologies)


def test_gaps_are_those_between_payments_of_one_debtor_in_one_family() -> None:
    found, world = small_fidelity(), World(SMALL)
    last: dict[tuple[int, int], int] = {}
    gaps = []
    for ledger in world.days():
        rows = zip(
            ledger.debtor.tolist(), ledger.family.tolist(), ledger.event_ms.tolist(), strict=True
        )
        for debtor, family, when in rows:
            if debtor >= 0:
                if (debtor, family) in last:
                    gaps.append((when - last[debtor, family]) / DAY)
                last[debtor, family] = when
    kept = np.concatenate([g for parts in found.rhythm.gaps.values() for g in parts])
    assert np.sort(kept) == pytest.approx(np.sort(gaps))


def test_report_holds_all_its_pictures_and_needs_nothing_else(tmp_path: Path) -> None:
    write_report(small_fidelity(), tmp_path)
    text = (tmp_path / "report.md").read_text()
    shown = [path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.svg")]
    assert len(shown) == 7
    assert all(f"({path})" in text for path in shown)
    page = (tmp_path / "report.html").read_text()
    assert page.count("<svg") == len(shown)
    assert not any(mark in page for mark in ("<script", "src=", 'href="http', "url(http"))


def test_a_picture_of_equal_numbers_has_equal_bytes() -> None:
    assert pictures.degrees(small_fidelity()) == pictures.degrees(small_fidelity())


def test_the_hours_of_returns_are_seen() -> None:
    found = deepcopy(small_fidelity())
    assert found.rhythm.volume[RETURN].sum() > 0
    found.rhythm.volume[RETURN] = np.roll(found.rhythm.volume[RETURN], 5)
    assert pictures.hours(found) != pictures.hours(small_fidelity())


def test_text_of_a_document_cannot_break_out_of_its_cell() -> None:
    blocks: list[Block] = [Heading("a & b"), Paragraph("<b>"), Grid(["x"], [["<script>|"]])]
    page = to_html("<title>", blocks)
    assert "<script>" not in page
    assert "a &amp; b" in page
    assert "| <script>/ |" in to_markdown(blocks, "pictures")
