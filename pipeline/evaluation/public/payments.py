"""Payments of a public data set, each with one label, as columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from pipeline.encoding import ObservationColumns, StandingBook
from pipeline.encoding.columns import CREDITOR, DEBTOR
from pipeline.encoding.standing import N_TOLD
from pipeline.model.sequences import LabelledColumns

Int = npt.NDArray[np.int64]

DAY_MS: Final = 86_400_000
UNKNOWN: Final = -1
_SMALLEST: Final = 0.01


@dataclass(frozen=True, slots=True)
class PublicPayments:
    """N payments in time order."""

    payer: Int
    """Index of the card or source, [N], as all that follow."""
    payee: Int
    """Index of the terminal or target."""
    amount: npt.NDArray[np.float64]
    """0 or more."""
    event_ms: Int
    fraud: npt.NDArray[np.int8]
    """1, 0, or UNKNOWN."""
    place: Int
    """Index of where it was made; 0 everywhere if the data does not say."""
    kind: Int
    """Index of its type; likewise."""

    def __len__(self) -> int:
        return len(self.payer)

    @property
    def day(self) -> Int:
        """Days since 1970, UTC."""
        return self.event_ms // DAY_MS

    def take(self, rows: npt.NDArray[np.intp]) -> PublicPayments:
        """Rows in the given order."""
        return PublicPayments(*(getattr(self, name)[rows] for name in self.__slots__))

    def observations(self) -> LabelledColumns:
        """Both sides of each payment, the payer's first: both are counterparties.

        The encoder has no field for a place or a type, so they go where a bank and a scheme
        would. Labels are left out: nothing that is made of observations may see them.
        """
        n = len(self)
        payer, payee = self.payer.astype(np.uint64) * 2, self.payee.astype(np.uint64) * 2 + 1
        place, kind = self.place.astype(np.uint64), self.kind.astype(np.uint64)
        unknown = np.zeros(2 * n, np.int8)
        columns = ObservationColumns(
            entity=_alternating(payer, payee),
            counterparty=_alternating(payee, payer),
            entity_agent=np.repeat(kind, 2),
            counterparty_agent=np.repeat(place, 2),
            amount=np.repeat(np.maximum(self.amount, _SMALLEST), 2),
            event_ms=np.repeat(self.event_ms, 2),
            role=np.tile(np.array([DEBTOR, CREDITOR], np.int8), n),
            message_type=unknown,
            local_instrument=unknown,
            purpose=unknown,
            own_country=unknown.astype(np.int16),
            other_country=unknown.astype(np.int16),
            uetr=np.arange(2 * n, dtype=np.uint64),
            standing=np.zeros((2 * n, N_TOLD)),
        )
        return LabelledColumns(
            StandingBook().told(columns),
            risky=unknown,
            family=np.zeros(2 * n, np.int16),
            typology=unknown - 1,
        )


def _alternating(
    first: npt.NDArray[np.uint64], second: npt.NDArray[np.uint64]
) -> npt.NDArray[np.uint64]:
    return np.stack([first, second], axis=1).reshape(-1)
