"""Tell whether what was right under one JSON Schema stays right under the next.

A change is compatible if every message that followed the old schema follows the new one,
and no field of the old one is gone: senders and stored logs go on as they are, and
receivers find what they knew. New optional fields, wider limits and more values of an
enumeration are compatible.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

Schema = Mapping[str, Any]

_UPPER_LIMITS = ("maximum", "exclusiveMaximum", "maxLength", "maxItems")
_LOWER_LIMITS = ("minimum", "exclusiveMinimum", "minLength", "minItems")
_FORMS = ("pattern", "format", "contentEncoding")


def incompatibilities(old: Schema, new: Schema) -> list[str]:
    """List what a change of schema breaks, each as path and words.

    Args:
        old: JSON Schema as pydantic writes it, with its own ``$defs``.
        new: the one to take its place.
    """
    return list(_Change(old, new).compare(old, new, "message"))


class _Change:
    """Two whole schemas, whose references are followed as they come."""

    def __init__(self, old: Schema, new: Schema) -> None:
        self._old = old
        self._new = new
        self._under_way: set[tuple[str | None, str | None]] = set()

    def compare(self, old: Schema, new: Schema, path: str) -> Iterator[str]:
        """Compare two places of the schemas."""
        visit = (old.get("$ref"), new.get("$ref"))
        if visit in self._under_way:
            return
        entered = visit != (None, None)
        if entered:
            self._under_way.add(visit)
        old, new = _resolved(old, self._old), _resolved(new, self._new)
        if "anyOf" in old or "anyOf" in new:
            yield from self._compare_choices(old, new, path)
        else:
            yield from self._compare_plain(old, new, path)
        if entered:
            self._under_way.discard(visit)

    def _compare_choices(self, old: Schema, new: Schema, path: str) -> Iterator[str]:
        """Each old alternative needs a new one that takes all of it."""
        choices = new.get("anyOf", [new])
        for choice in old.get("anyOf", [old]):
            faults = [list(self.compare(choice, other, path)) for other in choices]
            if len(faults) == 1:
                yield from faults[0]
            elif all(faults):
                yield f"{path}: no longer takes all of {_kind(_resolved(choice, self._old))}"

    def _compare_plain(self, old: Schema, new: Schema, path: str) -> Iterator[str]:
        if not _takes_type(old.get("type"), new.get("type")):
            yield f"{path}: was {_kind(old)}, is {_kind(new)}"
            return
        yield from _narrowed(old, new, path)
        if "properties" in old or "properties" in new:
            yield from self._compare_fields(old, new, path)
        if "items" in new:
            yield from self.compare(old.get("items", {}), new["items"], f"{path}[]")
        extra = new.get("additionalProperties", True)
        known = old.get("additionalProperties", True)
        if extra is False and known is not False:
            yield f"{path}: no longer takes other fields"
        elif isinstance(extra, Mapping):
            if isinstance(known, Mapping):
                yield from self.compare(known, extra, f"{path}.*")
            elif known is True:
                yield f"{path}: no longer takes any value"

    def _compare_fields(self, old: Schema, new: Schema, path: str) -> Iterator[str]:
        before, after = old.get("properties", {}), new.get("properties", {})
        for name in before:
            if name not in after:
                yield f"{path}.{name}: removed"
            else:
                yield from self.compare(before[name], after[name], f"{path}.{name}")
        known = set(old.get("required", ()))
        for name in new.get("required", ()):
            if name not in known:
                yield f"{path}.{name}: newly required"


def _resolved(schema: Schema, whole: Schema) -> Schema:
    while "$ref" in schema:
        resolved: Schema = whole["$defs"][schema["$ref"].rsplit("/", 1)[-1]]
        schema = resolved
    return schema


def _kind(schema: Schema) -> str:
    return str(schema.get("type", "anything"))


def _takes_type(old: str | None, new: str | None) -> bool:
    return new is None or old == new or (old == "integer" and new == "number")


def _values(schema: Schema) -> set[str] | None:
    """Values that an enumeration allows, as text; None if any is."""
    if "const" in schema:
        return {json.dumps(schema["const"])}
    return {json.dumps(value) for value in schema["enum"]} if "enum" in schema else None


def _narrowed(old: Schema, new: Schema, path: str) -> Iterator[str]:
    """Compare what limits the values of one type."""
    before, after = _values(old), _values(new)
    if after is not None and (before is None or not before <= after):
        lost = "other values" if before is None else ", ".join(sorted(before - after))
        yield f"{path}: no longer takes {lost}"
    for limit in _UPPER_LIMITS:
        if limit in new and old.get(limit, float("inf")) > new[limit]:
            yield f"{path}: {limit} is tighter"
    for limit in _LOWER_LIMITS:
        if limit in new and old.get(limit, float("-inf")) < new[limit]:
            yield f"{path}: {limit} is tighter"
    for form in _FORMS:
        if form in new and old.get(form) != new[form]:
            yield f"{path}: {form} changed"
