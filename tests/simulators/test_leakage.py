"""Labels cannot be read off one payment; and the test that says so can fail."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import polars as pl
import pytest

from simulators.leakage import MOST_RECALL, LeakageReport, fields_of, leakage
from simulators.wire_fields import WireFields, wire_fields
from simulators.world import World, WorldConfig

# Far more schemes than in a real world: high prevalence makes precision 0.5 easier to
# reach, so the test is the stricter for it.
CROWDED = WorldConfig(participants=40, parties=1200, payments_per_day=1500, days=8, risky_share=0.4)


@cache
def world_fields(seed: int) -> WireFields:
    return fields_of(World(replace(CROWDED, seed=seed)))


@cache
def honest_report() -> LeakageReport:
    return leakage(world_fields(1), world_fields(2))


def test_no_rule_on_raw_fields_reads_the_label_off() -> None:
    report = honest_report()
    assert report.risky > 200, "too few risky payments to say anything"
    assert report.passed, report.worst
    assert all(finding.recall <= MOST_RECALL for finding in report.findings)


def test_every_field_and_every_pair_and_the_tree_are_tried() -> None:
    report, fields = honest_report(), world_fields(1)
    names = {*fields.numbers, *fields.texts}
    one = [f for f in report.findings if f.rule == "one field"]
    two = [f for f in report.findings if f.rule == "two fields"]
    assert {f.fields[0] for f in one} == names
    assert len(two) == len(names) * (len(names) - 1) // 2
    assert report.best("tree", 1)


def _with_leak(fields: WireFields, leak: str) -> WireFields:
    """The same world with a habit of the generator that gives schemes away."""
    chosen = np.flatnonzero(fields.risky)[::2]
    numbers = {name: column.copy() for name, column in fields.numbers.items()}
    texts = dict(fields.texts)
    if leak == "cents":
        numbers["cents"][chosen] = 13
        numbers["cents"][(numbers["cents"] == 13) & ~fields.risky] = 14
    elif leak == "start of own name":
        whole = texts[leak].to_numpy().copy()
        whole[chosen] = "Zz"
        texts[leak] = pl.Series(whole, dtype=pl.String)
    else:
        minute, country = numbers["minute of the day"], texts["other country"].to_numpy().copy()
        minute[chosen] = 333.0
        country[chosen] = "PA"
        texts["other country"] = pl.Series(country, dtype=pl.String)
    return WireFields(numbers, texts, fields.risky)


@pytest.mark.parametrize("leak", ["cents", "start of own name", "minute and country"])
def test_a_generator_that_gives_schemes_away_is_caught(leak: str) -> None:
    report = leakage(_with_leak(world_fields(1), leak), _with_leak(world_fields(2), leak))
    assert not report.passed
    assert report.worst.recall >= 0.45
    assert set(report.worst.fields) & {leak, "minute of the day", "other country"}


def test_what_was_learnt_of_one_world_alone_is_no_leak() -> None:
    """A mark that differs between worlds is memory, not a habit of the generator."""
    seen, new = world_fields(1), world_fields(2)
    marks = np.where(seen.risky, 1.0, 0.0)
    remembered = WireFields({**seen.numbers, "cents": marks}, seen.texts, seen.risky)
    judged = WireFields({**new.numbers, "cents": np.ones(len(new))}, new.texts, new.risky)
    assert leakage(remembered, judged).passed


def test_world_without_risk_is_refused() -> None:
    fields = world_fields(1)
    calm = WireFields(fields.numbers, fields.texts, np.zeros(len(fields), dtype=np.bool_))
    with pytest.raises(ValueError, match="raise risky_share"):
        leakage(calm, fields)


def test_truth_of_other_payments_is_refused() -> None:
    payments = pl.DataFrame({"uetr": ["a"]})
    sides = pl.DataFrame({"uetr": ["b"], "debtor_risky": [True], "creditor_risky": [False]})
    with pytest.raises(ValueError, match="does not belong"):
        wire_fields(payments, sides)
