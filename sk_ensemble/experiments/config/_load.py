"""Read configurations from files, text and mappings, and say all that is wrong."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from os import PathLike
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from sk_ensemble.exceptions import ConfigError
from sk_ensemble.experiments.config import _defaults
from sk_ensemble.experiments.config._change_rows import change_rows, is_of_a_model
from sk_ensemble.experiments.config._check_model import check_model
from sk_ensemble.experiments.config._entries import Row, one_row, rows_of
from sk_ensemble.experiments.config._experiment_config import ExperimentConfig
from sk_ensemble.experiments.config._fault import Fault, raise_faults
from sk_ensemble.experiments.config._files import extended, read_file, read_mapping
from sk_ensemble.experiments.config._from_python import node_of
from sk_ensemble.experiments.config._messages import faults_of
from sk_ensemble.experiments.config._model_config import ModelConfig
from sk_ensemble.experiments.config._nodes import MapNode, Node, plain
from sk_ensemble.experiments.config._overrides import Override, read_overrides
from sk_ensemble.experiments.config._paths import with_value
from sk_ensemble.experiments.config._place import Place
from sk_ensemble.experiments.config._shape import shaped
from sk_ensemble.experiments.config._variables import variable_faults

__all__ = ["load_experiment", "load_model_config", "parse_experiment"]

_Config = TypeVar("_Config", ExperimentConfig, ModelConfig)

_STAND_IN = "prior"


def _mapping(node: Node | None) -> MapNode:
    """Return a node that is known to be a mapping."""
    assert isinstance(node, MapNode)
    return node


def _set(node: MapNode, override: Override) -> MapNode:
    return _mapping(with_value(node, override.parts, override.value, override.place))


def _different(rows: Iterable[Row], faults: list[Fault]) -> list[Row]:
    """Return the rows with keys of their own."""
    firsts: dict[str, Row] = {}
    for row in rows:
        first = firsts.setdefault(row.key, row)
        if first is not row:
            text = f"the model at {first.node.place} has this key too; give one key:"
            faults.append(Fault(row.node.place, f"models.{row.key}", text))
    return list(firsts.values())


def _stand_in(row: Row) -> ModelConfig | None:
    """Return a model with the key of a faulty row, for what refers to the key."""
    try:
        return ModelConfig.model_validate({"model": _STAND_IN, "key": row.key})
    except ValidationError:
        return None


def _models(
    node: MapNode, overrides: list[Override], check: bool, faults: list[Fault]
) -> list[ModelConfig]:
    """Return the models of an experiment, with stand-ins for the faulty ones."""
    default, _ = node_of(_defaults.MODELS, node.place)
    rows = rows_of(node.entries.get("models", default), cache(read_file), faults)
    models = []
    for row in _different(change_rows(rows, overrides, faults), faults):
        path = f"models.{row.key}" if row.key else "models"
        model, found = check_model(row, path, check)
        faults.extend(found)
        models.append(model or _stand_in(row))
    return [model for model in models if model is not None]


def _changed(
    node: MapNode, changes: Iterable[Override], horizons: Any, faults: list[Fault]
) -> MapNode:
    """Return an experiment with the changes made that are of no single model."""
    for change in changes:
        node = node if is_of_a_model(change) else _set(node, change)
    if horizons is None:
        return node
    values, found = node_of(list(horizons), Place("--horizon"))
    faults.extend(found)
    return node.with_entry("horizons", values)


def _experiment(
    node: MapNode, overrides: Iterable[str], horizons: Any, check: bool
) -> tuple[ExperimentConfig | None, list[Fault]]:
    """Check a whole experiment."""
    changes, faults = read_overrides(overrides)
    node = _changed(node, changes, horizons, faults)
    models = _models(node, list(filter(is_of_a_model, changes)), check, faults)
    rest = node.without("models")
    faults.extend(variable_faults(rest, "", check))
    rest = _mapping(shaped(rest, ExperimentConfig, "", faults))
    values = {**plain(rest), **({"models": models} if models else {})}
    try:
        return ExperimentConfig.model_validate(values), faults
    except ValidationError as error:
        return None, [*faults, *faults_of(error, rest, "")]


def _finished(result: _Config | None, faults: list[Fault]) -> _Config:
    """Return what was read, or raise because of its faults."""
    raise_faults(faults)
    assert result is not None
    return result


def load_experiment(
    path: str | PathLike[str],
    overrides: Sequence[str] = (),
    horizons: Sequence[int] | None = None,
    *,
    check_environment: bool = True,
) -> ExperimentConfig:
    """Read an experiment from a YAML file.

    Parameters
    ----------
    path : str or PathLike
        The file. It may extend another one and name files of models.
    overrides : sequence of str, default=()
        Changes such as ``"cv.n_splits=3"`` or ``"models.xgboost.max_depth=6"``.
    horizons : sequence of int or None, default=None
        Horizons instead of those of the file.
    check_environment : bool, default=True
        Whether the models' libraries and the environment variables must be there, and
        parameters are compared with the models. False reads what only is to be shown.

    Returns
    -------
    config : ExperimentConfig
        The experiment, with all defaults filled in.

    Raises
    ------
    ConfigError
        If anything is wrong; each fault is told with file, line and key. No data has
        been read by then.

    See Also
    --------
    parse_experiment : The same for text and mappings.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from sk_ensemble.experiments.config import load_experiment
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "my.yaml"
    ...     _ = path.write_text("models: [prior, xgboost]", encoding="utf-8")
    ...     config = load_experiment(path, ["models.xgboost.max_depth=6"], [5])
    >>> config.horizons, config.model("xgboost").hyperparameters
    ((5,), {'max_depth': 6})
    """
    node, faults = read_file(Path(path))
    if node is None:
        raise_faults(faults)
    result, more = _experiment(_mapping(node), overrides, horizons, check_environment)
    return _finished(result, [*faults, *more])


def parse_experiment(
    source: str | Mapping[str, Any],
    overrides: Sequence[str] = (),
    horizons: Sequence[int] | None = None,
    *,
    check_environment: bool = True,
) -> ExperimentConfig:
    """Read an experiment from YAML text or from a mapping.

    Parameters
    ----------
    source : str or mapping
        The text of a file, or what it would hold.
    overrides : sequence of str, default=()
        Changes such as ``"cv.n_splits=3"``.
    horizons : sequence of int or None, default=None
        Horizons instead of those given.
    check_environment : bool, default=True
        As for `load_experiment`.

    Returns
    -------
    config : ExperimentConfig
        The experiment, with all defaults filled in.

    Raises
    ------
    ConfigError
        If anything is wrong; each fault is told with line and key.

    See Also
    --------
    load_experiment : The same for files.

    Examples
    --------
    >>> from sk_ensemble.experiments.config import parse_experiment
    >>> parse_experiment("{horizons: [5], models: [clock, lightgbm]}").horizons
    (5,)
    >>> parse_experiment({"horizon": [5], "random_seed": -1})
    Traceback (most recent call last):
        ...
    sk_ensemble.exceptions.ConfigError: 2 faults in the configuration:
    <mapping>: horizon: unknown key; the nearest is horizons
    <mapping>: random_seed: must be at least 0, got -1
    """
    node: Node | None
    if isinstance(source, str):
        node, faults = read_mapping(source, Place("<text>"))
    elif isinstance(source, Mapping):
        node, faults = node_of(source, Place("<mapping>"))
    else:
        msg = f"An experiment is YAML text or a mapping, got {type(source).__name__}."
        raise ConfigError(msg)
    node, more = (None, []) if node is None else extended(_mapping(node))
    if node is None:
        raise_faults(faults)
    result, found = _experiment(_mapping(node), overrides, horizons, check_environment)
    return _finished(result, [*faults, *more, *found])


def load_model_config(
    path: str | PathLike[str], *, check_environment: bool = True
) -> ModelConfig:
    """Read the description of one model from a YAML file.

    Parameters
    ----------
    path : str or PathLike
        The file, with the sections ``model``, ``hyperparameters``, ``training`` and
        ``dataset``.
    check_environment : bool, default=True
        As for `load_experiment`.

    Returns
    -------
    config : ModelConfig
        The model.

    Raises
    ------
    ConfigError
        If anything is wrong; each fault is told with file, line and key.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from sk_ensemble.experiments.config import load_model_config
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "my.yaml"
    ...     _ = path.write_text("{model: logistic, hyperparameters: {C: 1}}")
    ...     model = load_model_config(path)
    >>> model.full_name, model.hyperparameters
    ('sklearn:logistic', {'C': 1})
    """
    node, faults = read_file(Path(path))
    if node is None:
        raise_faults(faults)
    row = one_row(_mapping(node), read_file, faults)
    model, found = check_model(row, "", check_environment)
    return _finished(model, [*faults, *found])
