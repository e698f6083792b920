"""Schemas of the files, for editors."""

from __future__ import annotations

from typing import Any, Literal

from sk_ensemble.exceptions import ConfigError
from sk_ensemble.experiments.config._experiment_config import ExperimentConfig
from sk_ensemble.experiments.config._model_config import ModelConfig
from sk_ensemble.registry import list_models

__all__ = ["json_schema"]

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_EXTENDS = {
    "type": "string",
    "description": "File to start from, beside this one; what stands here changes it.",
}
_CONFIG_PATH = {
    "type": ["string", "null"],
    "description": "File of the model, beside this one or in the current directory.",
}
_GRID = {
    "type": ["object", "null"],
    "additionalProperties": {"type": "array", "minItems": 1},
    "description": "Values to combine, by key: one model for each combination.",
}


def _first_line(text: str) -> str:
    return text.partition("\n")[0]


def _with_short_descriptions(schema: Any) -> Any:
    """Return a schema whose objects are described by one line each."""
    if isinstance(schema, list):
        return [_with_short_descriptions(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    short = {name: _with_short_descriptions(item) for name, item in schema.items()}
    if isinstance(short.get("description"), str) and "properties" in short:
        short["description"] = _first_line(short["description"])
    return short


def _names() -> list[str]:
    models = list_models()
    return sorted({*models["name"], *models["full_name"]})


def _entry(model: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a model as an experiment or a file of its own has it."""
    name = {"type": "string", "examples": _names(), "description": "Registered name."}
    key = {**model["properties"]["key"], "type": ["string", "null"]}
    own = {"name": name, "key": key}
    section = {"anyOf": [model["properties"]["model"], name]}
    properties = {**model["properties"], **own, "model": section}
    return {**model, "properties": properties, "required": []}


def _experiment_schema() -> dict[str, Any]:
    schema = ExperimentConfig.model_json_schema()
    entry = _entry(schema["$defs"]["ModelConfig"])
    entry["properties"] |= {"config_path": _CONFIG_PATH, "grid": _GRID}
    definitions = {**schema["$defs"], "ModelConfig": entry}
    name = entry["properties"]["name"]
    items = {"anyOf": [name, {"$ref": "#/$defs/ModelConfig"}]}
    models = {**schema["properties"]["models"], "items": items}
    properties = {**schema["properties"], "models": models, "extends": _EXTENDS}
    return {**schema, "$defs": definitions, "properties": properties}


def _model_schema() -> dict[str, Any]:
    schema = _entry(ModelConfig.model_json_schema())
    return {**schema, "properties": {**schema["properties"], "extends": _EXTENDS}}


def json_schema(
    kind: Literal["experiment", "model"] = "experiment",
) -> dict[str, Any]:
    """Return the JSON schema of a kind of file, with which editors complete and check.

    Parameters
    ----------
    kind : {"experiment", "model"}, default="experiment"
        Which files it is for.

    Returns
    -------
    schema : dict
        By the dialect of 2020-12. It knows the models that are registered now.

    Raises
    ------
    ConfigError
        If there is no such kind.

    Examples
    --------
    >>> from sk_ensemble.experiments.config import json_schema
    >>> schema = json_schema()
    >>> schema["properties"]["horizons"]["default"]
    [5, 20]
    >>> "extends" in schema["properties"], schema["additionalProperties"]
    (True, False)
    """
    if kind not in ("experiment", "model"):
        msg = f"A schema is for 'experiment' or 'model' files, got {kind!r}."
        raise ConfigError(msg)
    schema = _experiment_schema() if kind == "experiment" else _model_schema()
    described: dict[str, Any] = _with_short_descriptions(schema)
    return {"$schema": _DIALECT, **described}
