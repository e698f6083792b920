"""Pipelines for the models of an experiment."""

from __future__ import annotations

from typing import Any

from sklearn.pipeline import Pipeline

from sk_ensemble.experiments.config import ExperimentConfig, ModelConfig
from sk_ensemble.preprocessing import Windower
from sk_ensemble.registry import create, model_info, model_parameters

__all__ = ["build_model", "device_of", "is_baseline", "reach"]

#: Devices that several processes can share.
_SHARED = "cpu"


def is_baseline(model: ModelConfig) -> bool:
    """Tell whether a model is there to be beaten only."""
    return model_info(model.full_name).family == "baseline"


def reach(model: ModelConfig) -> int:
    """Return how many bars, its own included, a sample's window reaches back to."""
    return model.window_length + (model.dataset.lag or 0)


def _seeds(estimator: Any, seed: int) -> dict[str, int]:
    """Return the parameters that seed what has no seed of its own."""
    return {
        name: seed
        for name, value in estimator.get_params().items()
        if name.rpartition("__")[2] == "random_state" and value is None
    }


def _with_threads(params: dict[str, Any], names: Any, n_threads: int) -> dict[str, Any]:
    """Give a model its threads, unless it asks for a number of its own.

    The number is part of what is asked for, since with some networks it decides the
    last bits; it never depends on how many workers there happen to be.
    """
    if "n_jobs" not in names or params.get("n_jobs") not in (None, -1):
        return params
    return {**params, "n_jobs": n_threads}


def build_model(
    model: ModelConfig, config: ExperimentConfig, *, is_alone: bool = False
) -> Pipeline:
    """Return an unfitted pipeline that takes a panel.

    Parameters
    ----------
    model : ModelConfig
        The model.
    config : ExperimentConfig
        Its seed and threads.
    is_alone : bool, default=False
        Whether nothing else runs. Only then a model may report each round, as it was
        perhaps asked to: the reports of several at a time cannot be read.
    """
    seed = model.training.random_seed
    seed = config.random_seed if seed is None else seed
    names = model_parameters(model.full_name)
    params = model.estimator_params(seed)
    params = _with_threads(params, names, config.run.threads_per_task)
    if not is_alone:
        params.pop("verbose", None)
    estimator = create(model.full_name, **params)
    estimator.set_params(**_seeds(estimator, seed))
    window = Windower(model.window_length, lag=model.dataset.lag or 0)
    return Pipeline([("window", window), ("clf", estimator)])


def device_of(pipeline: Pipeline) -> str:
    """Return the device that a model trains on, such as ``"cpu"`` or ``"cuda:0"``."""
    wanted = pipeline.get_params().get("clf__device", _SHARED)
    if wanted == _SHARED:
        return _SHARED
    # Only networks have a device, so torch is needed anyway where one is asked for.
    from sk_ensemble.neural_network import pick_device

    return str(pick_device(wanted))
