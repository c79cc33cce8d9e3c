"""The legs of one piece of business share an end-to-end id, and nothing else does."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators import flows
from simulators.frames import payments_frame, sides_frame
from simulators.world import World, WorldConfig


@pytest.fixture(scope="module")
def legs() -> pl.DataFrame:
    """Payments of two worlds' days beside their truth, returns left out."""
    parts = []
    for seed in (3, 4):
        world = World(
            WorldConfig(participants=60, parties=1500, days=8, seed=seed, risky_share=0.2)
        )
        for ledger in world.days():
            paid = payments_frame(world, ledger)
            truth = sides_frame(paid["uetr"], ledger)
            whole = paid.join(truth, on="uetr", validate="1:1").with_columns(world=pl.lit(seed))
            parts.append(whole)
    return pl.concat(parts)


@pytest.fixture(scope="module")
def chains(legs: pl.DataFrame) -> pl.DataFrame:
    """Legs of flows of which several payments were seen."""
    paid = legs.filter(pl.col("family") != "return")
    return paid.filter(pl.len().over("world", "flow") > 1)


def test_payments_share_an_end_to_end_id_exactly_when_they_are_one_flow(
    legs: pl.DataFrame,
) -> None:
    pairs = legs.select("world", "flow", "end_to_end_id").unique()
    assert len(pairs) == pairs["end_to_end_id"].n_unique() < len(legs)
    assert len(pairs) == len(legs.select("world", "flow").unique())


def test_each_leg_of_a_flow_has_a_number_and_a_uetr_of_its_own(legs: pl.DataFrame) -> None:
    paid = legs.filter(pl.col("family") != "return")
    assert not paid.select("world", "flow", "leg").is_duplicated().any()
    assert not legs["uetr"].is_duplicated().any()


def test_a_chain_goes_on_from_the_party_that_received_it(chains: pl.DataFrame) -> None:
    key = ["world", "flow"]
    first, second = (chains.filter(pl.col("leg") == leg) for leg in (1, 2))
    whole = first.join(second, on=key, suffix="_on", validate="1:1")
    assert set(whole["family"]) == {"correspondent", "scheme"}
    assert (whole["creditor_account"] == whole["debtor_account_on"]).all()


def test_a_cover_goes_beside_the_leg_that_it_covers(chains: pl.DataFrame) -> None:
    covers = chains.filter(pl.col("leg") == 3)
    covered = covers.join(
        chains.filter(pl.col("leg") == 2), on=["world", "flow"], suffix="_of", how="inner"
    )
    assert (covers["local_instrument"] == "COVC").all()
    assert len(covered) == len(covers) > 0
    for side in ("debtor_agent", "creditor_agent"):
        assert (covered[side] == covered[f"{side}_of"]).all()


def test_a_flow_keeps_its_id_over_night(chains: pl.DataFrame) -> None:
    days = chains.group_by("world", "flow").agg(
        pl.col("settlement_date").n_unique(), pl.col("end_to_end_id").n_unique()
    )
    over_night = days.filter(pl.col("settlement_date") > 1)
    assert len(over_night) > 0
    assert (over_night["end_to_end_id"] == 1).all()


def test_a_shared_id_is_a_poor_sign_of_risk(legs: pl.DataFrame) -> None:
    paid = legs.filter(pl.col("family") != "return")
    linked = paid.select(pl.len().over("world", "flow") > 1).to_series().to_numpy()
    risky = (paid["debtor_risky"] | paid["creditor_risky"]).to_numpy()
    assert np.mean(linked[risky]) < 0.2
    assert 0 < np.mean(risky[linked]) < 2 * np.mean(risky)


@given(
    seed=st.integers(0, 2**63),
    day=st.integers(0, 4000),
    ident=st.integers(0, 2**28),
    n=st.integers(1, 50),
)
def test_no_two_flows_share_an_id(seed: int, day: int, ident: int, n: int) -> None:
    numbers = np.concatenate(
        [
            flows.completed(np.full(n, flows.ALONE), day),
            flows.completed(np.full(n, flows.ALONE), day + 1),
            flows.of_day(day, n),
            flows.of_day(day + 1, n),
            flows.of_scheme(ident, n),
            flows.of_scheme(ident + 1, n),
        ]
    )
    ids = flows.end_to_end_ids(seed, numbers)
    assert len(set(ids)) == numbers.size
    assert {len(one) for one in ids} == {16}
