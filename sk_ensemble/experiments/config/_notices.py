"""Say what an experiment does otherwise than written, or what is risky in it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from sk_ensemble.experiments.config._secrets import MASK, masked
from sk_ensemble.experiments.config._tracking_store import is_directory, tracking_store

if TYPE_CHECKING:
    from sk_ensemble.experiments.config._experiment_config import ExperimentConfig

__all__ = ["notices_of"]


def _on_mask(config: ExperimentConfig) -> Iterator[str]:
    if MASK in (config.mlflow.tracking_uri or ""):
        yield (
            "mlflow.tracking_uri: the credentials are masked, as in the stored "
            "configuration of a run; give the whole address again."
        )


def _on_tracking(config: ExperimentConfig) -> Iterator[str]:
    uri = config.mlflow.tracking_uri
    if uri is None or uri.startswith("${") or not is_directory(uri):
        return
    store = masked(tracking_store(uri, config.output.base_dir))
    yield (
        f"mlflow.tracking_uri: {masked(uri)} is a directory, in which MLflow no longer "
        f"tracks; runs go to {store}."
    )


def _on_cv(config: ExperimentConfig) -> Iterator[str]:
    for name in config.cv.unused():
        yield f"cv.{name}: the splitter {config.cv.splitter} has no use for it."


def _on_embargo(config: ExperimentConfig) -> Iterator[str]:
    """Yield the models whose training windows reach into a test block."""
    size = config.cv.embargo_size
    if config.cv.splitter == "walk_forward" or not isinstance(size, int):
        return
    reach = {m.key: m.window_length + m.lag for m in config.models}
    longer = [key for key, length in reach.items() if length > size]
    if longer:
        yield (
            f"cv.embargo_size: {size} is shorter than the windows of "
            f"{', '.join(longer)}, so that training windows hold test bars; at least "
            f"{max(reach.values())} keeps them apart."
        )


def _on_neutrals(config: ExperimentConfig) -> Iterator[str]:
    keys = [model.key for model in config.models if model.dataset.exclude_neutrals]
    if keys:
        yield (
            f"exclude_neutrals: {', '.join(keys)} learn from samples chosen by their "
            "outcome; their probabilities are not those of all bars."
        )


def notices_of(config: ExperimentConfig) -> Iterator[str]:
    """Yield sentences for the reader of a configuration.

    Parameters
    ----------
    config : ExperimentConfig
        The experiment.

    Yields
    ------
    notice : str
        One sentence, beginning with the key it is about.
    """
    for part in (_on_mask, _on_tracking, _on_cv, _on_embargo, _on_neutrals):
        yield from part(config)
