"""The exported contract is current, valid, and changes only in ways its version allows."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from typer.testing import CliRunner

from pipeline.cli.schemas import app
from pipeline.errors import ColdwireError
from pipeline.intake import Pseudonyms, fan_out
from schemas import export
from schemas.compatibility import incompatibilities
from schemas.payment import Payment
from schemas.topics import TOPICS
from schemas.wire import Wire
from tests.iso20022.payments import ARRIVED, payments

_FILES = sorted(export.documents())
_HOW = "run: coldwire schemas export"
_NAMES = Pseudonyms(b"0123456789abcdef")


def _read(name: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((export.EXPORTED / name).read_text("utf-8"))
    return document


def _validator(model: type[Wire]) -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(model.model_json_schema())


def test_the_committed_export_is_what_the_code_says() -> None:
    assert export.stale() == [], _HOW


def test_no_message_breaks_what_was_exported_under_its_version() -> None:
    assert export.broken() == [], "give the changed message a new schema_version"


def test_every_message_of_a_topic_is_exported() -> None:
    carried = {model.__name__ for topic in TOPICS for model in topic.carries}
    titles = {_read(name).get("title") for name in _FILES}
    assert carried <= titles


@pytest.mark.parametrize("name", [n for n in _FILES if n != export.ASYNCAPI_FILE])
def test_an_exported_schema_is_a_valid_one(name: str) -> None:
    jsonschema.Draft202012Validator.check_schema(_read(name))


@given(payments())
@settings(max_examples=40, deadline=None)
def test_what_is_sent_follows_the_exported_schemas(payment: Payment) -> None:
    made = fan_out(payment, ARRIVED, _NAMES)
    for message in (payment, made.debtor, made.creditor, made.flow):
        _validator(type(message)).validate(json.loads(message.to_bytes()))


def test_the_asyncapi_document_has_every_topic_and_no_loose_reference() -> None:
    document = _read(export.ASYNCAPI_FILE)
    assert list(document["channels"]) == [topic.name for topic in TOPICS]
    found = 0
    for reference in _references(document):
        place: Any = document
        for step in reference.removeprefix("#/").split("/"):
            place = place[step]
        found += 1
    assert found > len(TOPICS)


def _references(node: Any) -> list[str]:
    if isinstance(node, list):
        return [reference for item in node for reference in _references(item)]
    if not isinstance(node, dict):
        return []
    own = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
    return own + [reference for value in node.values() for reference in _references(value)]


def test_topics_are_described_as_the_broker_must_have_them() -> None:
    channels = _read(export.ASYNCAPI_FILE)["channels"]
    for topic in TOPICS:
        kafka = channels[topic.name]["bindings"]["kafka"]
        assert kafka["partitions"] == topic.partitions
        assert kafka["topicConfiguration"]["retention.ms"] == topic.retention_ms


Change = Callable[[dict[str, Any]], object]

_BREAKING: dict[str, Change] = {
    "alert.amount: removed": lambda s: s["properties"].pop("amount"),
    "alert.exposure: removed": lambda s: s["properties"].__setitem__(
        "exposed", s["properties"].pop("exposure")
    ),
    "alert.amount: was number, is string": lambda s: s["properties"]["amount"].update(
        type="string"
    ),
    "alert.deadline_ms: was integer, is boolean": lambda s: s["properties"]["deadline_ms"].update(
        type="boolean"
    ),
    "alert.tier: newly required": lambda s: s["required"].append("tier"),
    'alert.band: no longer takes "low"': lambda s: s["$defs"]["Band"]["enum"].remove("low"),
    "alert.schema_version: no longer takes 1": lambda s: s["properties"]["schema_version"].update(
        const=2
    ),
    "alert.timings.queue_ms: removed": lambda s: s["$defs"]["StageTimings"]["properties"].pop(
        "queue_ms"
    ),
    "alert.reasons[].text: removed": lambda s: s["$defs"]["Reason"]["properties"].pop("text"),
    "alert.uetr: pattern changed": lambda s: s["properties"]["uetr"].update(pattern="^x$"),
    "alert.threshold: maximum is tighter": lambda s: s["properties"]["threshold"].update(
        maximum=0.5
    ),
    "alert.exposure: minimum is tighter": lambda s: s["properties"]["exposure"].update(minimum=0.1),
    "alert.probability: was null, is number": lambda s: s["properties"]["probability"][
        "anyOf"
    ].pop(),
    "alert.reasons[].evidence.*: no longer takes all of string": lambda s: s["$defs"]["Reason"][
        "properties"
    ]["evidence"]["additionalProperties"]["anyOf"].remove({"type": "string"}),
}


@pytest.mark.parametrize("problem", _BREAKING)
def test_an_incompatible_change_is_found_and_named(problem: str) -> None:
    old = _read("alert-v1.json")
    new = copy.deepcopy(old)
    _BREAKING[problem](new)
    found = [fault.replace("message", "alert", 1) for fault in incompatibilities(old, new)]
    assert problem in found


_HARMLESS: dict[str, Change] = {
    "a new optional field": lambda s: s["properties"].update(extra={"type": "string"}),
    "a new value": lambda s: s["$defs"]["Band"]["enum"].append("extreme"),
    "a field no longer required": lambda s: s["required"].remove("band"),
    "integers become numbers": lambda s: s["properties"]["deadline_ms"].update(type="number"),
    "null allowed": lambda s: s["properties"].update(
        amount={"anyOf": [{"type": "number"}, {"type": "null"}]}
    ),
    "a limit gone": lambda s: s["properties"]["threshold"].pop("maximum"),
    "other words": lambda s: s.update(description="An alert."),
}


@pytest.mark.parametrize("name", _HARMLESS)
def test_a_compatible_change_is_let_through(name: str) -> None:
    old = _read("alert-v1.json")
    new = copy.deepcopy(old)
    _HARMLESS[name](new)
    assert new != old
    assert incompatibilities(old, new) == []


@pytest.mark.parametrize("name", [n for n in _FILES if n != export.ASYNCAPI_FILE])
def test_a_schema_is_compatible_with_itself(name: str) -> None:
    assert incompatibilities(_read(name), _read(name)) == []


def test_export_writes_once_and_then_finds_nothing_to_do(tmp_path: Path) -> None:
    assert sorted(export.export(tmp_path)) == _FILES
    assert export.export(tmp_path) == []
    committed = {name: (export.EXPORTED / name).read_bytes() for name in _FILES}
    assert {name: (tmp_path / name).read_bytes() for name in _FILES} == committed


def _with_a_lost_field(directory: Path) -> Path:
    """Pretend that an earlier export of the alert had one more field."""
    export.export(directory)
    path = directory / "alert-v1.json"
    earlier = json.loads(path.read_text("utf-8"))
    earlier["properties"]["colour"] = {"type": "string"}
    path.write_text(json.dumps(earlier), "utf-8")
    return path


def test_export_refuses_to_write_over_what_it_would_break(tmp_path: Path) -> None:
    path = _with_a_lost_field(tmp_path)
    before = path.read_bytes()
    with pytest.raises(export.IncompatibleChangeError, match=r"message\.colour: removed"):
        export.export(tmp_path)
    assert path.read_bytes() == before


def test_the_command_checks_with_status_1_and_writes_with_status_0(tmp_path: Path) -> None:
    runner = CliRunner()
    arguments = ["export", "--out", str(tmp_path), "--json"]
    missing = runner.invoke(app, [*arguments, "--check"])
    assert (missing.exit_code, len(json.loads(missing.output)["files"])) == (1, len(_FILES))
    assert list(tmp_path.iterdir()) == []
    assert runner.invoke(app, arguments).exit_code == 0
    assert runner.invoke(app, [*arguments, "--check"]).exit_code == 0


def test_the_command_names_what_would_break(tmp_path: Path) -> None:
    _with_a_lost_field(tmp_path)
    result = CliRunner().invoke(app, ["export", "--out", str(tmp_path)])
    assert isinstance(result.exception, ColdwireError)
    assert "colour" in result.exception.message
