from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.contagion.taint import (
    HaircutLedger,
    OrderedLedger,
    PoisonLedger,
    Transfer,
    received_taint,
)

Ledger = HaircutLedger | OrderedLedger | PoisonLedger


def ledgers() -> dict[str, Ledger]:
    return {
        "fifo": OrderedLedger(9),
        "lifo": OrderedLedger(9, newest_first=True),
        "haircut": HaircutLedger(9),
        "poison": PoisonLedger(),
    }


def test_golden_four_rules() -> None:
    golden = {
        "fifo": (3, 1, 2),
        "lifo": (0, 0, 6),
        "haircut": (9 / 5, 6 / 5, 3),
        "poison": (3, 4, 8),
    }
    for name, ledger in ledgers().items():
        ledger.hold("X", 4)
        ledger.hold("X", 6, 0)
        ledger.hold("Y", 5)
        ledger.pay("X", "Y", 5)
        ledger.pay("Y", "Z", 6)
        ledger.pay("X", "Z", 2)
        assert [ledger.dirty(e) for e in "XYZ"] == pytest.approx(golden[name])


payments = st.lists(
    st.tuples(st.sampled_from("ABCDE"), st.sampled_from("ABCDE"), st.integers(1, 50)).filter(
        lambda p: p[0] != p[1]
    ),
    max_size=60,
)


@given(payments)
def test_taint_is_conserved_but_for_poison_which_only_grows(
    moves: list[tuple[str, str, int]],
) -> None:
    rules = ledgers()
    for name, ledger in rules.items():
        if isinstance(ledger, OrderedLedger | HaircutLedger):
            ledger = type(ledger)(len(moves) + 1)
            rules[name] = ledger
        ledger.hold("A", 100, 0)
        ledger.hold("B", 100)
    poisoned = 0
    for debtor, creditor, amount in moves:
        for ledger in rules.values():
            ledger.pay(debtor, creditor, amount)
        for name in ("fifo", "haircut"):
            held = sum(rules[name].dirty(e) for e in "ABCDE")
            assert held == pytest.approx(100)
        now = sum(rules["poison"]._poisoned.values())  # type: ignore[union-attr]
        assert now >= poisoned
        poisoned = now


@given(st.integers(1, 6), st.integers(1, 8))
def test_taint_ends_after_the_hop_limit(limit: int, length: int) -> None:
    chain = [Transfer(f"n{i}", f"n{i + 1}", 10.0, i) for i in range(length)]
    taint = received_taint(chain, frozenset({"n0"}), f"n{length}", limit)
    expected = 10.0 if length <= limit else 0.0
    assert (taint.fifo, taint.haircut) == (expected, expected)


def test_money_received_before_the_flagged_entity_paid_is_clean() -> None:
    transfers = [
        Transfer("mule", "target", 5.0, 1),
        Transfer("flagged", "mule", 8.0, 2),
        Transfer("mule", "target", 6.0, 3),
    ]
    taint = received_taint(transfers, frozenset({"flagged"}), "target", 4)
    assert taint.fifo == 6.0
    assert taint.haircut == pytest.approx(6.0)


def test_fifo_and_haircut_differ_where_funds_mix() -> None:
    transfers = [
        Transfer("other", "mule", 10.0, 1),
        Transfer("flagged", "mule", 10.0, 2),
        Transfer("mule", "target", 10.0, 3),
    ]
    taint = received_taint(transfers, frozenset({"flagged"}), "target", 4)
    assert taint.fifo == 0.0
    assert taint.haircut == pytest.approx(5.0)
