"""Cut an experiment down to one model and horizon, without changing its rows."""

from __future__ import annotations

from typing import Any

from sk_ensemble.experiments._models import reach
from sk_ensemble.experiments.config import (
    EnsembleSection,
    ExperimentConfig,
    FilesSection,
)

__all__ = ["cut_down", "min_history"]


def min_history(config: ExperimentConfig) -> int:
    """Return how many bars, its own included, every sample must have.

    That is what the longest window of all models needs, so that they are compared on
    the same rows.
    """
    longest = max(reach(model) for model in config.models)
    wanted = getattr(config.data, "min_history", None)
    return max(longest, wanted or 0)


def cut_down(config: ExperimentConfig, model: str, horizon: int) -> ExperimentConfig:
    """Return the part of an experiment that makes one cell.

    Parameters
    ----------
    config : ExperimentConfig
        The experiment.
    model : str
        Key of a model; with any other name, such as that of an ensemble, all models
        stay.
    horizon : int
        Bars; it need not be one of the experiment's.

    Returns
    -------
    part : ExperimentConfig
        It has the samples of the whole, whatever the windows of the other models.
    """
    models = tuple(one for one in config.models if one.key == model)
    part: dict[str, Any] = {"horizons": (horizon,)}
    if models:
        part |= {"models": models, "ensemble": EnsembleSection(methods=())}
    if isinstance(config.data, FilesSection):
        rows = {"min_history": min_history(config)}
        part["data"] = config.data.model_copy(update=rows)
    return config.model_copy(update=part)
