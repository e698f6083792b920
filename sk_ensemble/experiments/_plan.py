"""The fits of an experiment, each with a hash of everything it depends on."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.pipeline import Pipeline

from sk_ensemble._typing import IntArray
from sk_ensemble.experiments._code import code_digest, factory_digest
from sk_ensemble.experiments._fit import FitTask
from sk_ensemble.experiments._models import build_model, device_of
from sk_ensemble.experiments._samples import HorizonSamples
from sk_ensemble.experiments.config import ExperimentConfig, ModelConfig

__all__ = ["Plan", "make_plan"]


#: Parameters that are shown elsewhere, or change nothing but what is printed.
_NO_RESULT = ("steps", "clf__verbose")


@dataclass(frozen=True, eq=False)
class Plan:
    """Hold what an experiment is going to fit.

    Attributes
    ----------
    pipelines : dict of Pipeline
        The unfitted model of every key.
    tasks : list of FitTask
        Every fold of every model at every horizon, and the refits.
    digests : dict of str
        Hashes of the parts that decide the results: ``code`` and, per horizon,
        ``data_h<horizon>``.
    """

    pipelines: Mapping[str, Pipeline]
    tasks: Sequence[FitTask]
    digests: Mapping[str, str]

    def tasks_of(self, model: str, horizon: int) -> list[FitTask]:
        """Return the fits of one cell, the refit last."""
        return [t for t in self.tasks if (t.model, t.horizon) == (model, horizon)]


def _sha(*parts: Any) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part if isinstance(part, bytes) else repr(part).encode())
        digest.update(b"\0")
    return digest.hexdigest()


def _params(pipeline: Pipeline) -> list[tuple[str, str]]:
    """Return every parameter that is a plain value, as text."""
    return sorted(
        (name, repr(value))
        for name, value in pipeline.get_params().items()
        if not hasattr(value, "get_params") and name not in _NO_RESULT
    )


def _model_digest(pipeline: Pipeline, model: ModelConfig) -> str:
    steps = [type(part).__qualname__ for part in pipeline.named_steps.values()]
    return _sha(
        steps,
        _params(pipeline),
        model.full_name,
        model.dataset.exclude_neutrals,
        factory_digest(type(pipeline[-1])),
    )


def _rows(train: IntArray, test: IntArray) -> str:
    return _sha(train.astype(np.int64).tobytes(), test.astype(np.int64).tobytes())


def _folds(
    samples: HorizonSamples, config: ExperimentConfig
) -> Iterator[tuple[int | None, IntArray, IntArray]]:
    """Yield the rows of every fold, then those of the refit."""
    cv = config.cv.make_splitter()
    for number, (train, test) in enumerate(cv.split(samples.X, samples.y)):
        yield number, train, test
    yield None, np.arange(len(samples.X)), np.arange(0)


def make_plan(
    samples: Mapping[int, HorizonSamples],
    config: ExperimentConfig,
    *,
    is_alone: bool = False,
) -> Plan:
    """List the fits of an experiment.

    Parameters
    ----------
    samples : dict of HorizonSamples
        The samples of every horizon.
    config : ExperimentConfig
        Models, folds and seed.
    is_alone : bool, default=False
        Whether fits are made one at a time, so that each may report its rounds.

    Raises
    ------
    EmptyFoldError
        If a fold has no rows.
    """
    pipelines = {
        model.key: build_model(model, config, is_alone=is_alone)
        for model in config.models
    }
    models = {model.key: model for model in config.models}
    digests = {k: _model_digest(pipelines[k], model) for k, model in models.items()}
    devices = {key: device_of(pipeline) for key, pipeline in pipelines.items()}
    code = code_digest()
    tasks = []
    for horizon, part in samples.items():
        folds = list(_folds(part, config))
        hashes = [_rows(train, test) for _, train, test in folds]
        for key, model in models.items():
            tasks += [
                FitTask(
                    key,
                    horizon,
                    fold,
                    train,
                    test,
                    _sha(code, digests[key], part.digest, fold is None, rows),
                    devices[key],
                    model.dataset.exclude_neutrals,
                )
                for (fold, train, test), rows in zip(folds, hashes, strict=True)
            ]
    data = {f"data_h{h}": part.digest for h, part in samples.items()}
    return Plan(pipelines, tasks, {"code": code, **data})
