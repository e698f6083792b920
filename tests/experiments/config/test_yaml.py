from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from sk_ensemble.experiments.config._dump import yaml_text
from sk_ensemble.experiments.config._from_python import node_of
from sk_ensemble.experiments.config._nodes import MapNode, plain
from sk_ensemble.experiments.config._place import Place
from sk_ensemble.experiments.config._scalars import plain_value
from sk_ensemble.experiments.config._yaml import read_yaml

HERE = Place("my.yaml")


def read(text: str) -> Any:
    node, faults = read_yaml(text, HERE)
    assert faults == []
    assert node is not None
    return plain(node)


def faults_in(text: str) -> list[str]:
    return [str(fault) for fault in read_yaml(text, HERE)[1]]


scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(10**18), 10**18)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20)
    | st.sampled_from(["NULL", "yes", "1e3", "0x1F", "~", "", "-", "a: b", "#", "1:30"])
)
keys = st.text(max_size=10)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4)
    ),
    max_leaves=12,
)


def same(one: Any, other: Any) -> bool:
    """Compare values and types: 1, 1.0 and True are three things."""
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[k], other[k]) for k in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(same, one, other))
    return type(one) is type(other) and repr(one) == repr(other)


@given(st.dictionaries(keys, values, min_size=1, max_size=4))
def test_what_is_written_is_read_back_exactly(value: dict[str, Any]) -> None:
    assert same(read(yaml_text(value)), value)


@given(
    st.dictionaries(
        st.from_regex("[a-z]{1,5}", fullmatch=True),
        st.integers(-999, 999) | st.text("abc xyz-.:#'\"", max_size=9) | st.booleans(),
        min_size=1,
    )
)
def test_another_library_reads_the_same(value: dict[str, Any]) -> None:
    assert YAML(typ="safe", pure=True).load(yaml_text(value)) == value


@given(values)
def test_python_values_keep_their_values_as_nodes(value: Any) -> None:
    node, faults = node_of({"a": value}, HERE)
    assert faults == []
    assert same(plain(node), {"a": value})


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true", True),
        ("FALSE", False),
        ("yes", "yes"),
        ("Off", "Off"),
        ("null", None),
        ("NULL", None),
        ("nULL", "nULL"),
        ("007", 7),
        ("0o17", 15),
        ("0x1F", 31),
        ("1_000", "1_000"),
        ("1e3", 1000.0),
        ("1.", 1.0),
        ("-.5E-2", -0.005),
        (".", "."),
        ("e5", "e5"),
        ("2020-01-31", "2020-01-31"),
        ("12:30:45", "12:30:45"),
        ("<<", "<<"),
        ("=", "="),
    ],
)
def test_plain_text_means_what_the_core_schema_says(text: str, value: Any) -> None:
    assert same(plain_value(text), value)


@pytest.mark.parametrize("text", [".inf", "-.Inf", ".NaN", "1e999", "9" * 20])
def test_numbers_without_end_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"is (no finite|too large|a whole)"):
        plain_value(text)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "my.yaml: is empty; write at least one key"),
        ("# nothing\n\n", "my.yaml:3: is empty; write at least one key"),
        ("a: 1\n---\nb: 2", "my.yaml:2: a second document begins here; "),
        ("%YAML 1.1\n---\na: 1", "my.yaml:2: asks for another version of YAML"),
        ("a: [1, 2\nb: 3", "my.yaml:2: is no YAML: "),
        ("a: 1\n\tb: 2", "my.yaml:2: is no YAML: "),
        ("a: 'x", "my.yaml:1: is no YAML: "),
        ("a: \x00", "my.yaml: is no YAML: "),
        ("&a a: 1\nb: *a", "my.yaml:2: the alias 'a' is not allowed"),
        (f"a: {'[' * 33}{']' * 33}", "my.yaml:1: is nested more than 32 deep"),
        (f"{'k' * 101}: 1", "my.yaml:1: keys must be text, got "),
    ],
)
def test_what_is_no_configuration_is_refused(text: str, fault: str) -> None:
    assert faults_in(text)[-1].startswith(fault)


def test_depth_and_length_at_the_limit_pass() -> None:
    assert read(f"a: {'[' * 31}{']' * 31}")
    assert read(f"{'k' * 100}: 1")
    assert read("%YAML 1.2\n---\na: 1\n...") == {"a": 1}


def test_keys_and_values_know_their_lines() -> None:
    node, _ = read_yaml("a: 1\nb:\n  c:\n  - 2\n  - 3", HERE)
    assert isinstance(node, MapNode)
    inner = node.entries["b"]
    assert isinstance(inner, MapNode)
    assert [str(node.place_of("a")), str(inner.place_of("c"))] == [
        "my.yaml:1",
        "my.yaml:3",
    ]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"a": float("nan")}, "a: is no finite number, got nan"),
        ({"a": {1: 2}}, "a: keys must be text, got 1"),
        ({"a": {3}}, "a: is a set, which a configuration cannot hold, got {3}"),
        ({"a": object}, "a: is a type, which a configuration cannot hold"),
    ],
)
def test_python_values_that_no_file_can_hold_are_refused(value: Any, text: str) -> None:
    (fault,) = node_of(value, HERE)[1]
    assert str(fault).startswith(f"my.yaml: {text}")


def test_a_value_that_holds_itself_is_refused() -> None:
    value: dict[str, Any] = {}
    value["a"] = value
    (fault,) = node_of(value, HERE)[1]
    assert fault.text == "is nested more than 32 deep"
