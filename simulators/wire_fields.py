"""Everything that stands in one payment, as columns a rule could look at.

Each payment gives two rows, one for its debtor side and one for its creditor side; "own"
is the side that is judged. The columns are derived from the very file that a world writes,
so a label that slipped into a payment would be seen here. Nothing joins two payments but the
end-to-end id, which the legs of one flow share: how many bear it is a field.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]
Bool = npt.NDArray[np.bool_]

SIDES: Final = ("debtor", "creditor")


@dataclass(frozen=True)
class WireFields:
    """Raw fields of n sides of payments.

    Attributes:
        numbers: float64 [n] by name.
        texts: string columns [n] by name; absent values are empty.
        risky: bool [n], the truth about each side.
    """

    numbers: dict[str, F64]
    texts: dict[str, pl.Series]
    risky: Bool

    def __len__(self) -> int:
        return int(self.risky.size)


def _round_digits(amount: F64) -> F64:
    """How many zeros an amount ends with, counted from the cents (0 to 8)."""
    cents = np.rint(amount * 100).astype(np.int64)
    zeros = np.zeros(cents.size, dtype=np.float64)
    for power in range(1, 9):
        zeros += cents % 10**power == 0
    return zeros


def _numbers(payments: pl.DataFrame) -> dict[str, F64]:
    amount = payments["amount"].cast(pl.Float64).to_numpy()
    created = payments["created_at"]
    since = (created - payments["original_created_at"]).dt.total_minutes()
    flow = payments.select(pl.len().over("end_to_end_id")).to_series()
    minute = created.dt.hour().cast(pl.Float64) * 60 + created.dt.minute().cast(pl.Float64)
    own = {
        "amount": amount,
        "cents": np.rint(amount * 100) % 100,
        "zeros at the end of the amount": _round_digits(amount),
        "first digit of the amount": np.floor(amount / 10.0 ** np.floor(np.log10(amount))),
        "minute of the day": minute.to_numpy(),
        "second": created.dt.second().cast(pl.Float64).to_numpy(),
        "day of the month": created.dt.day().cast(pl.Float64).to_numpy(),
        "minutes since the original": since.fill_null(-1).cast(pl.Float64).to_numpy(),
        "payments with the end-to-end id": flow.cast(pl.Float64).to_numpy(),
        "sequence in the IMAD": payments["message_id"].str.slice(-6).cast(pl.Float64).to_numpy(),
    }
    return {name: np.concatenate([column, column]) for name, column in own.items()}


def _both(first: pl.Series, second: pl.Series) -> pl.Series:
    return pl.concat([first, second]).fill_null("")


def _texts(payments: pl.DataFrame) -> dict[str, pl.Series]:
    n = len(payments)
    texts: dict[str, pl.Series] = {
        "role": pl.concat([pl.Series([side]).new_from_index(0, n) for side in SIDES])
    }
    for name in ("message_type", "local_instrument", "purpose", "return_reason"):
        texts[name] = _both(payments[name], payments[name])
    for name, words in (("uetr", "UETR"), ("end_to_end_id", "end-to-end id")):
        texts[f"start of the {words}"] = _both(*[payments[name].str.slice(0, 2)] * 2)
        texts[f"end of the {words}"] = _both(*[payments[name].str.slice(-2)] * 2)
    for whose, order in (("own", SIDES), ("other", SIDES[::-1])):
        first, second = order

        def side(part: str, a: str = first, b: str = second) -> pl.Series:
            return _both(payments[f"{a}_{part}"], payments[f"{b}_{part}"])

        texts[f"{whose} bank"] = side("agent")
        texts[f"{whose} country"] = side("country")
        texts[f"start of {whose} name"] = side("name").str.slice(0, 2)
        texts[f"end of {whose} name"] = side("name").str.split(" ").list.last()
        texts[f"start of {whose} account"] = side("account").str.slice(0, 2)
        texts[f"end of {whose} account"] = side("account").str.slice(-2)
    return texts


def wire_fields(payments: pl.DataFrame, sides: pl.DataFrame) -> WireFields:
    """Take payments apart into fields, beside the truth.

    Args:
        payments: as :func:`simulators.frames.payments_frame` makes them.
        sides: as :func:`simulators.frames.sides_frame` makes them, in any order.

    Raises:
        ValueError: a payment has no truth.
    """
    truth = payments.select("uetr").join(sides, on="uetr", how="left", maintain_order="left")
    risky = truth.select("debtor_risky", "creditor_risky")
    if len(truth) != len(payments) or sum(risky.null_count().row(0)):
        raise ValueError("the truth does not belong to these payments")
    return WireFields(
        _numbers(payments),
        _texts(payments),
        np.concatenate([risky[f"{side}_risky"].to_numpy() for side in SIDES]),
    )
