from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sk_ensemble import list_models
from sk_ensemble.exceptions import ConfigError
from sk_ensemble.experiments.config import json_schema
from sk_ensemble.experiments.config._nodes import plain
from sk_ensemble.experiments.config._place import Place
from sk_ensemble.experiments.config._yaml import read_yaml

ROOT = Path(__file__).parents[3]
FILES = sorted((ROOT / "examples" / "config").rglob("*.yaml"))
FILES += sorted((Path(__file__).parent / "founding").rglob("*.yaml"))

TYPES: dict[str, Any] = {
    "array": list,
    "boolean": bool,
    "integer": int,
    "null": type(None),
    "number": (int, float),
    "object": dict,
    "string": str,
}


def is_of_type(value: Any, names: str | list[str]) -> bool:
    if isinstance(value, bool):
        return "boolean" in names
    names = [names] if isinstance(names, str) else names
    return any(isinstance(value, TYPES[name]) for name in names)


def limits_hold(value: Any, schema: dict[str, Any]) -> bool:
    if isinstance(value, str | list):
        least = schema.get("minLength" if isinstance(value, str) else "minItems", 0)
        return len(value) >= least
    return isinstance(value, bool | dict | None) or (
        value >= schema.get("minimum", value)
        and value > schema.get("exclusiveMinimum", value - 1)
    )


def valid(value: Any, schema: dict[str, Any], root: dict[str, Any]) -> bool:
    """Check a value, as editors do, by the words that occur in our schemas."""
    if "$ref" in schema:
        return valid(value, root["$defs"][schema["$ref"].rpartition("/")[2]], root)
    for word, combine in (("anyOf", any), ("oneOf", lambda found: sum(found) == 1)):
        if word in schema:
            return combine([valid(value, one, root) for one in schema[word]])
    if "type" in schema and not is_of_type(value, schema["type"]):
        return False
    if "enum" in schema and value not in schema["enum"]:
        return False
    if not limits_hold(value, schema):
        return False
    if isinstance(value, list):
        return all(valid(item, schema.get("items", {}), root) for item in value)
    if isinstance(value, dict):
        return has_valid_keys(value, schema, root)
    return True


def has_valid_keys(value: Any, schema: dict[str, Any], root: dict[str, Any]) -> bool:
    known = schema.get("properties", {})
    others = schema.get("additionalProperties", True)
    for key, item in value.items():
        if key in known:
            if not valid(item, known[key], root):
                return False
        elif others is False or (
            isinstance(others, dict) and not valid(item, others, root)
        ):
            return False
    return set(schema.get("required", ())) <= value.keys()


def read(text: str) -> Any:
    node, faults = read_yaml(text, Place("x"))
    assert faults == []
    assert node is not None
    return plain(node)


@pytest.mark.parametrize(
    "path", FILES, ids=lambda path: f"{path.parent.name}-{path.stem}"
)
def test_files_that_load_are_valid(path: Path) -> None:
    schema = json_schema("model" if path.parent.name == "models" else "experiment")
    assert valid(read(path.read_text(encoding="utf-8")), schema, schema)


@pytest.mark.parametrize(
    "text",
    [
        "horizons: [5]\nmodels: [a, {name: b, grid: {max_depth: [1, 2]}}]",
        "extends: base.yaml",
        "data: {symbols: [IF]}",
        "data: {train_path: a, val_path: b, test_path: c, stride: 2}",
        "cv: {embargo_size: 5D, test_size: MS}",
        "cv: {embargo_size: 0.01, purged_size: null}",
        "ensemble: {methods: [greedy]}",
        "models: [{model: {name: a, family: b}, key: c, config_path: null}]",
    ],
)
def test_what_loads_is_valid(text: str) -> None:
    schema = json_schema()
    assert valid(read(text), schema, schema)


@pytest.mark.parametrize(
    "text",
    [
        "horizon: [5]",
        "horizons: []",
        "horizons: [0]",
        "horizons: 5",
        "models: [{names: a}]",
        "models: [{name: a, grid: {max_depth: 3}}]",
        "models: [{name: a, training: {learning_rate: 0}}]",
        "models: [{name: a, training: {verbose: text}}]",
        "data: {train_path: a}",
        "data: {train_path: a, val_path: b, test_path: c, start: d}",
        "cv: {splitter: kfold}",
        "cv: {n_splits: true}",
        "random_seed: 1.5",
    ],
)
def test_what_does_not_load_is_not_valid(text: str) -> None:
    schema = json_schema()
    assert not valid(read(text), schema, schema)


def test_schemas_can_be_written_and_name_the_models() -> None:
    for kind in ("experiment", "model"):
        text = json.dumps(json_schema(kind), allow_nan=False)  # type: ignore[arg-type]
        assert all(f'"{name}"' in text for name in list_models()["full_name"])
        assert "Examples" not in text
    with pytest.raises(ConfigError, match="'experiment' or 'model'"):
        json_schema("other")  # type: ignore[arg-type]
