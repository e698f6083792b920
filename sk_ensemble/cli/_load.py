"""Read the experiment that a command is about."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sk_ensemble.cli._screen import note

if TYPE_CHECKING:
    from sk_ensemble.experiments import ExperimentConfig

__all__ = ["load_config", "settings"]


def settings(values: Mapping[str, Any]) -> list[str]:
    """Write options that were given as changes of the configuration.

    Examples
    --------
    >>> from sk_ensemble.cli._load import settings
    >>> settings({"run.n_jobs": 2, "output.base_dir": "a: b", "run.cluster": None})
    ['run.n_jobs=2', 'output.base_dir="a: b"']
    """
    given = {key: value for key, value in values.items() if value is not None}
    return [f"{key}={json.dumps(value)}" for key, value in given.items()]


def load_config(
    path: Path,
    overrides: Sequence[str] | None,
    horizons: Sequence[int] | None,
    *,
    is_quiet: bool = False,
) -> ExperimentConfig:
    """Read an experiment and pass its notices on."""
    from sk_ensemble.experiments import load_experiment

    config = load_experiment(path, overrides or (), horizons or None)
    for notice in () if is_quiet else config.notices:
        note(f"note: {notice}")
    return config
