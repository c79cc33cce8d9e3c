"""JSON Schema of every message, and one AsyncAPI 3.0 document of all topics.

The exported files are committed. Each message has one file a version, and a file is
replaced only by what is compatible with it; other changes need a new ``schema_version``,
which gets a file of its own beside the old one. Records of the logs without that field
are version 1: the logs are kept for ever.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from pydantic.json_schema import models_json_schema

from schemas.compatibility import incompatibilities
from schemas.topics import PAYMENTS, TOPICS, Topic
from schemas.wire import Wire

EXPORTED = Path(__file__).parent / "exported"
"""Where the committed files are."""

ASYNCAPI_FILE = "asyncapi.json"

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_KAFKA_BINDING = "0.5.0"
_FROM_OUTSIDE = ("payments", "dispositions", "control")
_INSIDE = ("counterparty-events", "graph-events", "profiles", "standings")
_XML_MESSAGE = "PaymentDocument"

Document = dict[str, Any]


class IncompatibleChangeError(Exception):
    """A message changed in a way that its version does not allow.

    Args:
        problems: file, path and what is broken, one line each.
    """

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


def messages() -> tuple[type[Wire], ...]:
    """Every message that a topic carries, in the order of the topics."""
    return tuple(dict.fromkeys(model for topic in TOPICS for model in topic.carries))


def documents() -> dict[str, Document]:
    """Everything that is exported, by file name."""
    schemas = {_file_of(model): _schema_of(model) for model in messages()}
    return schemas | {ASYNCAPI_FILE: asyncapi()}


def render(document: Document) -> str:
    """Write a document the one way it is committed."""
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def stale(directory: Path = EXPORTED) -> list[str]:
    """Names of the files that differ from the code, or are missing."""
    return [
        name
        for name, document in documents().items()
        if not (directory / name).is_file()
        or (directory / name).read_text("utf-8") != render(document)
    ]


def broken(directory: Path = EXPORTED) -> list[str]:
    """What the code breaks of the exported messages, one line each."""
    problems = []
    for name, document in documents().items():
        path = directory / name
        if name != ASYNCAPI_FILE and path.is_file():
            old = json.loads(path.read_text("utf-8"))
            problems += [f"{name}: {fault}" for fault in incompatibilities(old, document)]
    return problems


def export(directory: Path = EXPORTED) -> list[str]:
    """Write the files that are stale and return their names.

    Raises:
        IncompatibleChangeError: a message breaks what is exported under its version.
            Nothing is written then.
    """
    problems = broken(directory)
    if problems:
        raise IncompatibleChangeError(problems)
    names = stale(directory)
    directory.mkdir(parents=True, exist_ok=True)
    for name in names:
        (directory / name).write_text(render(documents()[name]), "utf-8")
    return names


def asyncapi() -> Document:
    """Describe every topic: key, partitions, retention, and what it carries."""
    _, definitions = models_json_schema(
        [(model, "validation") for model in messages()],
        ref_template="#/components/schemas/{model}",
    )
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Coldwire",
            "version": str(max(_version_of(model) for model in messages())),
            "description": (
                "Payments come in, risk scores, alerts and flags go out. Delivery is at "
                "least once: the same id is the same message, and its first copy counts."
            ),
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "channels": {topic.name: _channel(topic) for topic in TOPICS},
        "operations": {
            name: operation for topic in TOPICS for name, operation in _operations(topic).items()
        },
        "components": {
            "messages": {model.__name__: _message(model) for model in messages()}
            | {_XML_MESSAGE: _xml_message()},
            "schemas": definitions["$defs"],
        },
    }


def _version_of(model: type[Wire]) -> int:
    field = model.model_fields.get("schema_version")
    return 1 if field is None else int(field.default)


def _file_of(model: type[Wire]) -> str:
    words = re.sub(r"(?<!^)(?=[A-Z])", "-", model.__name__).lower()
    return f"{words}-v{_version_of(model)}.json"


def _schema_of(model: type[Wire]) -> Document:
    return {"$schema": _DIALECT} | model.model_json_schema()


def _names_in(topic: Topic) -> list[str]:
    names = [model.__name__ for model in topic.carries]
    return [*names, _XML_MESSAGE] if topic is PAYMENTS else names


def _channel(topic: Topic) -> Document:
    return {
        "address": topic.name,
        "description": f"Keyed by {topic.key}."
        if topic.carries
        else f"Keyed by {topic.key}; values are packed for Coldwire's own use.",
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in _names_in(topic)},
        "bindings": {
            "kafka": {
                "partitions": topic.partitions,
                "topicConfiguration": {
                    "cleanup.policy": ["compact" if topic.compacted else "delete"],
                    "retention.ms": topic.retention_ms,
                },
                "bindingVersion": _KAFKA_BINDING,
            }
        },
    }


def _operations(topic: Topic) -> dict[str, Document]:
    """What Coldwire does with a topic; its own logs it both writes and reads."""
    if topic.name in _FROM_OUTSIDE:
        actions = ["receive"]
    else:
        actions = ["send", "receive"] if topic.name in _INSIDE else ["send"]
    return {
        f"{action}-{topic.name}": {
            "action": action,
            "channel": {"$ref": f"#/channels/{topic.name}"},
        }
        for action in actions
    }


def _message(model: type[Wire]) -> Document:
    summary = (model.__doc__ or "").strip().partition("\n")[0]
    return {
        "name": model.__name__,
        "summary": summary,
        "payload": {"$ref": f"#/components/schemas/{model.__name__}"},
    }


def _xml_message() -> Document:
    return {
        "name": _XML_MESSAGE,
        "summary": "The same payment as an ISO 20022 document: pacs.008.001.08, pacs.009.001.08 or "
        "pacs.004.001.10.",
        "contentType": "application/xml",
        "payload": {"type": "string"},
    }
