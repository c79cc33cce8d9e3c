"""Hostile XML becomes a small, plain tree, or a refusal.

The parser loads nothing, expands nothing and gives up early: no document type, no
entities, no network, UTF-8 only, a limit on depth. The limit on size is the caller's.
"""

from __future__ import annotations

import re
from typing import Final

from lxml import etree

from pipeline.refusal import Refusal
from schemas.dead_letter import Fault

DEEPEST: Final = 32
"""Levels of elements; a Fedwire message in its envelope has 13."""

_DECLARED_ENCODING = re.compile(rb"""^<\?xml[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9._-]+)["']""")
_READABLE_ENCODINGS = {b"utf-8", b"utf8", b"us-ascii", b"ascii"}
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_too_deep = etree.XPath("boolean(" + "/*" * (DEEPEST + 1) + ")")


class Node:
    """An element and the path that led to it, for words about what is wrong.

    Its children are grouped by name when one is first asked for, so that every element of
    a message is looked at once only.
    """

    __slots__ = ("_children", "_element", "_space", "path")

    def __init__(self, element: etree._Element, space: str, path: str) -> None:
        self._element = element
        self._space = space
        self._children: dict[str, list[Node]] | None = None
        self.path = path

    def find(self, steps: str) -> Node | None:
        """Follow ``A/B/C`` down; None where a step is missing.

        Raises:
            Refusal: a step is there twice.
        """
        node = self
        for name in steps.split("/"):
            found = node._grouped().get(name)
            if found is None:
                return None
            if len(found) > 1:
                hint = "give this element once only"
                raise Refusal(Fault.INVALID_FIELD, found[0].path, hint)
            node = found[0]
        return node

    def need(self, steps: str, hint: str) -> Node:
        """Follow ``A/B/C`` down to an element that must be there.

        Raises:
            Refusal: it is missing, or there twice.
        """
        node = self.find(steps)
        if node is None:
            raise Refusal(Fault.MISSING_FIELD, f"{self.path}/{steps}", hint)
        return node

    def text(self) -> str:
        """Text of a leaf.

        Raises:
            Refusal: the element holds others.
        """
        if len(self._element):
            raise Refusal(Fault.INVALID_FIELD, self.path, "write plain text here, no elements")
        return self._element.text or ""

    def value(self, steps: str) -> str | None:
        """Text of the leaf at ``A/B/C``; None where it is missing."""
        node = self.find(steps)
        return None if node is None else node.text()

    def first(self, name: str) -> str | None:
        """Text of the first leaf of that name among the children; None if there is none."""
        found = self._grouped().get(name)
        return None if found is None else found[0].text()

    def attribute(self, name: str) -> str | None:
        """An attribute's value."""
        return self._element.get(name)

    def _grouped(self) -> dict[str, list[Node]]:
        if self._children is None:
            self._children = {}
            for child in self._element:
                space, _, name = str(child.tag).rpartition("}")
                if space == self._space:
                    node = Node(child, space, f"{self.path}/{name}")
                    self._children.setdefault(name, []).append(node)
        return self._children


def parse(value: bytes) -> etree._Element:
    """Parse XML from anywhere.

    Raises:
        Refusal: it is not well-formed, not UTF-8, too deep, or has a document type.
    """
    text = value.removeprefix(_BYTE_ORDER_MARK)
    _refuse_encodings(text)
    if b"<!DOCTYPE" in text or b"<!ENTITY" in text:
        raise Refusal(Fault.FORBIDDEN_XML, "", "remove the document type and its entities")
    parser = etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        load_dtd=False,
        dtd_validation=False,
        no_network=True,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(text, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise Refusal(Fault.NOT_XML, "", f"write well-formed XML: {_words(error)}") from None
    if _too_deep(root):
        raise Refusal(Fault.FORBIDDEN_XML, "", f"nest elements at most {DEEPEST} deep")
    return root


def _refuse_encodings(text: bytes) -> None:
    """Only then do the bytes searched for a document type mean what the parser reads."""
    declared = _DECLARED_ENCODING.match(text)
    if b"\x00" in text or (declared and declared[1].lower() not in _READABLE_ENCODINGS):
        raise Refusal(Fault.NOT_XML, "", "encode the message as UTF-8")


def _words(error: Exception) -> str:
    """Keep the parser's position, not its text, which may quote the message."""
    if isinstance(error, etree.XMLSyntaxError):
        line, column = error.position
        return f"the parser stopped at line {line}, column {column}"
    return "the parser stopped"
