"""The schemas of the socket's frames: whole, strict, and what the consumer takes."""

from __future__ import annotations

import json
import string

import jsonschema
import jsonschema_rs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from messaging import consumers, frames

ONE = "018f5a3e-7d0c-7a52-9d1e-3c6b1f0a2b4c"
GOOD = {
    "auth": {"type": "auth", "token": "x"},
    "message.send": {"type": "message.send", "ref": "a", "conversation": ONE, "envelope": {}},
    "receipt": {"type": "receipt", "conversation": ONE, "read_n": 1},
    "typing": {"type": "typing", "to": ONE},
    "presence": {"type": "presence", "of": ONE},
    "ping": {"type": "ping"},
    "resume": {"type": "resume", "heads": {ONE: 0}},
}
EVERY = [(side, name) for side in ("client", "server") for name in frames.list_schemas(side=side)]


@pytest.mark.parametrize(("side", "name"), EVERY, ids=lambda part: part)
def test_each_schema_is_valid_strict_and_described(side, name):
    schema = frames.list_schemas(side=side)[name]
    jsonschema_rs.meta.validate(schema)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert (schema["properties"]["type"], schema["additionalProperties"]) == ({"const": name}, False)
    assert "type" in schema["required"]
    assert 10 < len(schema["description"]) < 200
    text = (frames.FOLDER / side / f"{name}.json").read_text(encoding="utf-8")
    assert text == json.dumps(schema, indent=2) + "\n"


def test_the_consumer_has_a_method_for_each_frame_of_clients_and_for_no_other():
    assert {*consumers.FRAMES, "auth"} == set(frames.list_schemas(side="client")) == set(GOOD)


@pytest.mark.parametrize("name", GOOD)
def test_a_frame_is_taken_with_a_ref_and_with_nothing_else_more(name):
    frame = GOOD[name]
    assert frames.is_frame(side="client", frame=frame)
    assert frames.is_frame(side="client", frame={**frame, "ref": 7})
    assert not frames.is_frame(side="client", frame={**frame, "more": 1})
    for missing in set(frame) - {"type", "ref", "token"}:
        assert not frames.is_frame(side="client", frame={k: v for k, v in frame.items() if k != missing})


@pytest.mark.parametrize(
    "frame",
    [
        {**GOOD["receipt"], "read_n": 0},
        {**GOOD["receipt"], "read_n": True},
        {**GOOD["receipt"], "read_n": 2**62},
        {**GOOD["receipt"], "read_n": float("inf")},
        {**GOOD["receipt"], "conversation": f"{{{ONE}}}"},
        {**GOOD["receipt"], "conversation": ONE + "\n"},
        {**GOOD["typing"], "to": "\ud800"},
        {**GOOD["ping"], "\ud800": 1},
        {**GOOD["ping"], "ref": "x" * 129},
        {**GOOD["ping"], "ref": 2**53},
        {**GOOD["resume"], "heads": {ONE: -1}},
        {**GOOD["resume"], "heads": {"x": 1}},
        {**GOOD["resume"], "heads": {f"{n:08x}{ONE[8:]}": 1 for n in range(101)}},
        {"type": "unheard-of"},
    ],
    ids=lambda frame: str(frame)[:60].encode("ascii", "replace").decode(),
)
def test_what_no_schema_allows_is_not_taken(frame):
    assert not frames.is_frame(side="client", frame=frame)


texts = st.text(string.ascii_letters + "-\n", max_size=4) | st.sampled_from([ONE, ONE.upper(), "x" * 128, "x" * 129])
plain = st.none() | st.booleans() | st.sampled_from([-1, 0, 1, 1.0, 1.5, 2**53, 2**62]) | texts
values = plain | st.lists(plain, max_size=2) | st.dictionaries(texts, plain, max_size=2)
members = sorted({key for schema in frames.list_schemas(side="client").values() for key in schema["properties"]})
changes = st.dictionaries(st.sampled_from([*members, "more"]), values, max_size=3)


@settings(suppress_health_check=[HealthCheck.too_slow])  # whatever else the machine does
@given(name=st.sampled_from(sorted(GOOD)), changes=changes, drop=st.sets(st.sampled_from(members), max_size=1))
def test_the_check_agrees_with_another_implementation_of_json_schema(name, changes, drop):
    frame = {key: value for key, value in {**GOOD[name], **changes}.items() if key not in drop} | {"type": name}
    heads = frame.get("heads")
    names = [*frame.values(), *(heads if isinstance(heads, dict) else ())]
    if any(isinstance(one, str) and one.endswith("\n") for one in names):
        return  # Python's "$" matches before a line feed at the end, that of JSON Schema (ECMA 262) does not
    other = jsonschema.Draft202012Validator(frames.list_schemas(side="client")[name])
    is_taken = frames.is_frame(side="client", frame=frame)
    assert is_taken == other.is_valid(frame)
    if is_taken and name == "receipt":
        assert int(frame.get("read_n", frame.get("delivered_n"))) > 0
