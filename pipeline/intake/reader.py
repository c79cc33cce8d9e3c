"""Take payments and dispositions from bytes, or refuse them with a reason."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Self

from pydantic import ValidationError

from pipeline.intake.fan_out import FanOut, StandingOf, fan_out, nobody_known
from pipeline.intake.pseudonyms import Pseudonyms, normal_account
from pipeline.iso20022.reader import at_element, read_document
from pipeline.iso20022.rules import first_violation
from pipeline.refusal import Refusal, refusal_of
from pipeline.settings import Settings
from schemas.dead_letter import Fault
from schemas.payment import MessageType, Party, Payment
from schemas.records import Disposition

KEY_FILE: Final = "pseudonym.key"

_MEGABYTE: Final = 1024 * 1024
_XML: Final = ("application/xml", "text/xml")
_JSON: Final = ("application/json",)
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Limits:
    """What is taken.

    Args:
        max_bytes: longest input.
        ahead: how far an event may lie after its arrival (clocks differ, batches wait).
        behind: how far before it; ``timedelta.max`` takes recorded history of any age.
        settlement: how far the settlement date may lie from the event.
    """

    max_bytes: int = _MEGABYTE
    ahead: timedelta = timedelta(hours=24)
    behind: timedelta = timedelta(days=400)
    settlement: timedelta = timedelta(days=31)


class Intake:
    """The door: every input becomes records for the logs or a :class:`Refusal`.

    It keeps no state, so any number of workers may share the work.
    """

    def __init__(
        self,
        pseudonyms: Pseudonyms,
        limits: Limits | None = None,
        standing_of: StandingOf = nobody_known,
    ) -> None:
        self._pseudonyms = pseudonyms
        self._limits = limits or Limits()
        self._standing_of = standing_of

    @classmethod
    def from_settings(
        cls,
        settings: Settings,
        limits: Limits | None = None,
        standing_of: StandingOf = nobody_known,
    ) -> Self:
        """Use the key of the settings, else the one kept (made at first) in the data folder.

        Raises:
            ColdwireError: the key cannot be used.
        """
        secret = settings.pseudonym_key
        if secret is None:
            pseudonyms = Pseudonyms.from_key_file(settings.data_dir / KEY_FILE)
        else:
            pseudonyms = Pseudonyms(secret.get_secret_value().encode())
        return cls(pseudonyms, limits, standing_of)

    def payment(self, value: bytes, content_type: str | None, arrived_at: datetime) -> FanOut:
        """Read a payment and make its records.

        Raises:
            Refusal: as :meth:`read_payment` does.
        """
        payment = self.read_payment(value, content_type, arrived_at)
        return fan_out(payment, arrived_at, self._pseudonyms, self._standing_of)

    def read_payment(self, value: bytes, content_type: str | None, arrived_at: datetime) -> Payment:
        """Read a payment from canonical JSON or ISO 20022 XML.

        Args:
            value: the record's bytes.
            content_type: value of its ``content-type`` header; without one the first
                character tells.
            arrived_at: the broker's time of the record.

        Raises:
            Refusal: it is no payment that can be taken. Nothing else is raised.
        """
        self._check_size(value)
        if _is_xml(value, content_type):
            payment = read_document(value)
            refusal = self._objection(payment, arrived_at)
            if refusal is not None:
                raise at_element(refusal, payment.message_type)
            return payment
        try:
            payment = Payment.model_validate_json(_unmarked(value), strict=True)
        except ValidationError as error:
            raise refusal_of(error) from None
        refusal = self._objection(payment, arrived_at)
        if refusal is not None:
            raise refusal
        return payment

    def disposition(self, value: bytes, arrived_at: datetime) -> Disposition:
        """Read an analyst's answer from JSON.

        Raises:
            Refusal: it is no disposition that can be taken. Nothing else is raised.
        """
        self._check_size(value)
        try:
            disposition = Disposition.model_validate_json(_unmarked(value), strict=True)
        except ValidationError as error:
            raise refusal_of(error) from None
        for field in ("analyst", "note"):
            if "\x00" in (getattr(disposition, field) or ""):
                # PostgreSQL stores no NUL; let it pass and the writer fails for ever.
                raise Refusal(Fault.INVALID_FIELD, field, "remove the NUL character")
        refusal = self._wrong_time("decided_at", disposition.decided_at, arrived_at)
        if refusal is not None:
            raise refusal
        return disposition

    def _check_size(self, value: bytes) -> None:
        if len(value) > self._limits.max_bytes:
            hint = f"send at most {self._limits.max_bytes} bytes a record"
            raise Refusal(Fault.TOO_LARGE, "", hint)

    def _objection(self, payment: Payment, arrived_at: datetime) -> Refusal | None:
        """Say what is wrong with a well-formed payment."""
        violation = first_violation(payment)
        if violation is not None:
            return Refusal(Fault.INVALID_FIELD, violation.field, violation.hint)
        refusal = self._wrong_time("created_at", payment.created_at, arrived_at)
        if refusal is not None:
            return refusal
        gap = payment.settlement_date - payment.created_at.date()
        if abs(gap) > self._limits.settlement:
            days = self._limits.settlement.days
            hint = f"settle within {days} days of created_at"
            return Refusal(Fault.IMPLAUSIBLE_TIME, "settlement_date", hint)
        return _self_payment(payment)

    def _wrong_time(self, field: str, at: datetime, arrived_at: datetime) -> Refusal | None:
        lead = at - arrived_at
        if lead > self._limits.ahead:
            hint = f"the time lies more than {_words(self._limits.ahead)} after the arrival"
        elif -lead > self._limits.behind:
            hint = f"the time lies more than {_words(self._limits.behind)} before the arrival"
        else:
            return None
        return Refusal(Fault.IMPLAUSIBLE_TIME, field, f"{hint}: correct it, or the sender's clock")


def _is_xml(value: bytes, content_type: str | None) -> bool:
    """Tell the form by the header, else by the first character."""
    if content_type is not None:
        kind = content_type.partition(";")[0].strip().lower()
        if kind not in _XML + _JSON:
            hint = f"send {_XML[0]} or {_JSON[0]}"
            raise Refusal(Fault.UNKNOWN_MESSAGE, "content-type", hint)
        return kind in _XML
    start = _unmarked(value[:1024]).lstrip()[:1]
    if start not in (b"<", b"{"):
        hint = "send an ISO 20022 document (it begins with <) or a JSON object (with {)"
        raise Refusal(Fault.UNKNOWN_MESSAGE, "", hint)
    return start == b"<"


def _unmarked(value: bytes) -> bytes:
    return value.removeprefix(_BYTE_ORDER_MARK)


def _self_payment(payment: Payment) -> Refusal | None:
    """Refuse money that does not move: it would be a loop in the graph."""
    if payment.debtor_agent.routing_number != payment.creditor_agent.routing_number:
        return None
    if payment.transfer_type is MessageType.BANK:
        hint = "a pacs.009 moves money between two banks: name the other one"
        return Refusal(Fault.SELF_PAYMENT, "creditor_agent.routing_number", hint)
    if _account_of(payment.debtor) == _account_of(payment.creditor):
        hint = "debtor and creditor are the same account: name the other one"
        return Refusal(Fault.SELF_PAYMENT, "creditor.account", hint)
    return None


def _account_of(party: Party) -> str:
    return normal_account(party.account or "")


def _words(span: timedelta) -> str:
    hours = span // timedelta(hours=1)
    return f"{hours} hours" if hours < 72 else f"{span.days} days"
