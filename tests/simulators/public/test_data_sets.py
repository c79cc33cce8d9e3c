"""Public data sets in their published shapes, with made-up rows."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import polars as pl
import pytest

from simulators.canonical import Foreign
from simulators.public import DATA_SETS
from simulators.public.tables import DataSetError


def _handbook(folder: Path) -> None:
    pl.DataFrame(
        {
            "TRANSACTION_ID": [0, 1, 2, 3],
            "TX_DATETIME": [datetime(2018, 4, 1, hour) for hour in (1, 2, 3, 4)],
            "CUSTOMER_ID": [7, 7, 8, 9],
            "TERMINAL_ID": [1, 2, 2, 3],
            "TX_AMOUNT": [57.16, 230.1, 0.0, 12.0],
            "TX_FRAUD": [0, 1, 0, 1],
            "TX_FRAUD_SCENARIO": [0, 1, 0, 2],
        }
    ).write_parquet(folder / "transactions.parquet")


def _s_ffsd(folder: Path) -> None:
    pl.DataFrame(
        {
            "Time": [0, 1, 2],
            "Source": ["S1", "S2", "S1"],
            "Target": ["T1", "T1", "T2"],
            "Amount": [13.74, 68.59, 5.0],
            "Location": ["L1"] * 3,
            "Type": ["TP1"] * 3,
            "Labels": [2, 1, 0],
        }
    ).write_csv(folder / "S-FFSD.csv")


def _amlsim(folder: Path, sample: str = "tiny") -> None:
    pl.DataFrame(
        {
            "sourceNodeId": [1, 2, 3, 3],
            "targetNodeId": [2, 3, 1, 3],
            "value": [10.0, 20.5, 30.25, 5.0],
            "time": [1, 1, 2, 2],
        }
    ).write_parquet(folder / f"{sample}_transactions.parquet")
    pl.DataFrame({"nodeid": [1, 2, 3], "isFraud": [0, 0, 1]}).write_parquet(
        folder / f"{sample}_nodes.parquet"
    )


_FIXTURES = {
    "fraud_detection_handbook": _handbook,
    "s_ffsd": _s_ffsd,
    "amlsim_samples": _amlsim,
}


def _read(name: str, folder: Path) -> Foreign:
    _FIXTURES[name](folder)
    return DATA_SETS[name](folder)


def test_every_data_set_has_a_test() -> None:
    assert set(_FIXTURES) == set(DATA_SETS)


@pytest.mark.parametrize("name", _FIXTURES)
def test_payments_carry_no_label(name: str, tmp_path: Path) -> None:
    data = _read(name, tmp_path)
    for day in data.days():
        assert day.payments.height == day.truth.height > 0
        assert not {"debtor_risky", "creditor_risky", "typology"} & set(day.payments.columns)


def test_handbook_scenarios_stand_on_the_side_that_was_taken_over(tmp_path: Path) -> None:
    data = _read("fraud_detection_handbook", tmp_path)
    assert data.rows["debtor_risky"].to_list() == [False, True, False]
    assert data.rows["creditor_risky"].to_list() == [False, False, True]
    assert data.rows["typology"].to_list() == [None, "large-amount", "terminal-compromised"]
    assert data.rows["cents"].to_list() == [5716, 23010, 1200]
    assert dict(data.skipped) == {"amount is not above zero": 1}
    assert [day.on for day in data.days()] == [date(2018, 4, 1)]


def test_s_ffsd_leaves_the_unlabelled_unknown(tmp_path: Path) -> None:
    data = _read("s_ffsd", tmp_path)
    assert data.rows["debtor_risky"].to_list() == [None, True, False]
    assert data.rows["creditor_risky"].to_list() == [None, None, None]
    assert data.rows["event_ms"].diff().drop_nulls().to_list() == [1000, 1000]


def test_amlsim_labels_are_of_accounts_and_steps_are_days(tmp_path: Path) -> None:
    data = _read("amlsim_samples", tmp_path)
    assert data.rows["debtor_risky"].to_list() == [False, False, True]
    assert data.rows["creditor_risky"].to_list() == [False, True, False]
    assert [day.on for day in data.days()] == [date(2026, 1, 6), date(2026, 1, 7)]
    assert dict(data.skipped) == {"debtor and creditor are the same": 1}


def test_a_folder_of_several_samples_asks_for_one(tmp_path: Path) -> None:
    _amlsim(tmp_path, "one")
    _amlsim(tmp_path, "two")
    with pytest.raises(DataSetError, match="several tables"):
        DATA_SETS["amlsim_samples"](tmp_path)
    one = DATA_SETS["amlsim_samples"](tmp_path / "one_transactions.parquet")
    assert one.name == "AMLSIM-one"


@pytest.mark.parametrize("name", _FIXTURES)
def test_a_missing_or_foreign_table_is_a_clear_error(name: str, tmp_path: Path) -> None:
    with pytest.raises(DataSetError, match="holds no"):
        DATA_SETS[name](tmp_path)
    other = tmp_path / "x_transactions.parquet"
    pl.DataFrame({"a": [1]}).write_parquet(other)
    pl.DataFrame({"a": [1]}).write_parquet(tmp_path / "x_nodes.parquet")
    with pytest.raises(DataSetError, match="not the expected table"):
        DATA_SETS[name](other)
