"""The outside of a message: one ISO 20022 document, alone or in Fedwire's envelope."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, Self

from lxml import etree

from pipeline.errors import ColdwireError
from pipeline.iso20022.tree import Node, parse
from pipeline.refusal import Refusal
from schemas.dead_letter import Fault

_NAMESPACE: Final = "urn:iso:std:iso:20022:tech:xsd:"
_HEADER: Final = f"{_NAMESPACE}head."
_UNWRITABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def open_document(value: bytes, roots: Mapping[str, str]) -> tuple[str, Node]:
    """Find the one document in a record and go to its message.

    Args:
        value: XML.
        roots: element of the message by definition, such as ``pacs.008.001.08``.

    Returns:
        the definition and the message's element.

    Raises:
        Refusal: there is no such document, or its header announces another.
    """
    known = " or ".join(roots)
    root = parse(value)
    found = [e for e in root.iter("{*}Document") if _space_of(e).startswith(_NAMESPACE)]
    if len(found) != 1:
        raise Refusal(Fault.UNKNOWN_MESSAGE, "Document", f"send one ISO 20022 document: {known}")
    document = found[0]
    space = _space_of(document)
    definition = space.removeprefix(_NAMESPACE)
    if definition not in roots:
        raise Refusal(Fault.UNKNOWN_MESSAGE, "Document", f"send {known}")
    for announced in root.iter("{*}MsgDefIdr"):
        if (
            _space_of(announced).startswith(_HEADER)
            and (announced.text or "").strip() != definition
        ):
            hint = "name the message that the document holds"
            raise Refusal(Fault.INVALID_FIELD, "AppHdr/MsgDefIdr", hint)
    name = roots[definition]
    if len(document) != 1 or document[0].tag != f"{{{space}}}{name}":
        raise Refusal(Fault.UNKNOWN_MESSAGE, "Document", f"put one {name} into the document")
    return definition, Node(document[0], f"{{{space}", name)


class Branch:
    """An element to be filled in the order of the schema."""

    def __init__(self, element: etree._Element, space: str) -> None:
        self._element = element
        self._space = space

    @classmethod
    def of_document(cls, definition: str, root: str) -> Self:
        """Begin a document and go to its message."""
        namespace = f"{_NAMESPACE}{definition}"
        document = etree.Element(
            f"{{{namespace}}}Document",
            nsmap={None: namespace},  # type: ignore[dict-item]
        )
        space = f"{{{namespace}}}"
        return cls(etree.SubElement(document, f"{space}{root}"), space)

    def branch(self, steps: str) -> Branch:
        """Add ``A/B/C`` and go there."""
        element = self._element
        for name in steps.split("/"):
            element = etree.SubElement(element, f"{self._space}{name}")
        return Branch(element, self._space)

    def leaf(self, steps: str, text: str | None, **attributes: str) -> None:
        """Add ``A/B/C`` with a text; nothing if there is no text.

        Raises:
            ColdwireError: XML cannot carry the text.
        """
        if text is None:
            return
        if _UNWRITABLE.search(text):
            raise ColdwireError(
                f"the text for {steps} holds a character that XML cannot carry",
                "remove control characters from it",
            )
        element = self.branch(steps)._element
        element.text = text
        for name, value in attributes.items():
            element.set(name, value)

    def render(self) -> bytes:
        """Write the whole document in UTF-8."""
        whole = self._element.getroottree()
        return etree.tostring(whole, xml_declaration=True, encoding="UTF-8")


def _space_of(element: etree._Element) -> str:
    return etree.QName(element).namespace or ""
