"""One model at one horizon, step by step or in one go."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.pipeline import Pipeline

from sk_ensemble.exceptions import ConfigError, DataError
from sk_ensemble.experiments._assemble import Source, model_cell
from sk_ensemble.experiments._cell import Cell
from sk_ensemble.experiments._cut_down import cut_down
from sk_ensemble.experiments._environment import environment
from sk_ensemble.experiments._evaluation import score_probabilities
from sk_ensemble.experiments._fit import (
    FitFailure,
    FitInput,
    FitResult,
    FitTask,
    run_fit,
)
from sk_ensemble.experiments._plan import Plan, make_plan
from sk_ensemble.experiments._prediction_output import PredictionOutput
from sk_ensemble.experiments._predictions import to_output
from sk_ensemble.experiments._run_dir import write_cell
from sk_ensemble.experiments._samples import HorizonSamples
from sk_ensemble.experiments._sources import make_source
from sk_ensemble.experiments.config import ExperimentConfig

__all__ = ["Trainer"]


def _only(config: ExperimentConfig, model: str | None, horizon: int | None) -> Any:
    """Return the model and the horizon that are meant."""
    keys = [one.key for one in config.models]
    if model is None and len(keys) > 1:
        msg = f"The experiment has the models {keys}; say which: model={keys[0]!r}."
        raise ConfigError(msg)
    if horizon is None and len(config.horizons) > 1:
        msg = f"The experiment has the horizons {config.horizons}; say which."
        raise ConfigError(msg)
    model, horizon = model or keys[0], horizon or config.horizons[0]
    if model not in keys:
        msg = f"The experiment has no model {model!r}; it has {keys}."
        raise ConfigError(msg)
    return model, horizon


class Trainer:
    """Train and evaluate one model at one horizon.

    `run_experiment` does the same for a whole matrix, in parallel and with a cache;
    this is for one cell of it, to look at each step.

    Parameters
    ----------
    config : ExperimentConfig
        The experiment.
    model : str or None, default=None
        Key of the model; needed where the experiment has several.
    horizon : int or None, default=None
        Horizon of the labels, bars; needed where the experiment has several. It need
        not be one of the experiment's.

    Attributes
    ----------
    config : ExperimentConfig
        The experiment, cut down to the model and the horizon.
    model : str
        Key of the model.
    horizon : int
        Horizon of the labels, bars.

    Raises
    ------
    ConfigError
        If it is not clear which model or horizon is meant.

    See Also
    --------
    run_experiment : Every model at every horizon.

    Notes
    -----
    A prediction for a bar uses that bar and earlier ones only.

    Examples
    --------
    >>> from sk_ensemble.experiments import Trainer, parse_experiment
    >>> config = parse_experiment('''
    ... horizons: [5]
    ... models: [volatility]
    ... data: {symbols: [IF], start: "2021-01-01", train_end: "2021-05-31",
    ...        val_end: "2021-07-31"}
    ... cv: {n_splits: 3, embargo_size: 60}
    ... ''')
    >>> trainer = Trainer(config)
    >>> samples = trainer.prepare_data()
    >>> trainer.build_model().named_steps["clf"]
    VolatilityBaseline()
    >>> sorted(trainer.train()["outputs"])
    ['oof', 'test', 'val']
    """

    def __init__(
        self,
        config: ExperimentConfig,
        model: str | None = None,
        horizon: int | None = None,
    ) -> None:
        self.model, self.horizon = _only(config, model, horizon)
        self.config = cut_down(config, self.model, self.horizon)

    @cached_property
    def _source(self) -> Source:
        return make_source(self.config)

    @cached_property
    def _samples(self) -> HorizonSamples:
        return self._source.samples(self.horizon)

    @cached_property
    def _plan(self) -> Plan:
        return make_plan({self.horizon: self._samples}, self.config, is_alone=True)

    @cached_property
    def _cell(self) -> Cell:
        data = FitInput.of(self._samples)
        outcomes = [(task, self._fit(task, data)) for task in self._plan.tasks]
        pipeline = self._plan.pipelines[self.model]
        return model_cell(outcomes, self._samples, self._source, pipeline)

    def _fit(self, task: FitTask, data: FitInput) -> FitResult:
        outcome = run_fit(self._plan.pipelines[self.model], task, data)
        if isinstance(outcome, FitFailure):
            msg = f"{outcome.task} failed: {outcome.reason}"
            raise DataError(msg)
        return outcome

    def prepare_data(self) -> HorizonSamples:
        """Return the samples: training rows, validation and test periods, outcomes.

        Raises
        ------
        ConfigError, DataError, EmptyFoldError
            If the data cannot be used.
        """
        return self._samples

    def build_model(self) -> Pipeline:
        """Return the unfitted pipeline, which takes a panel."""
        pipeline: Pipeline = self._plan.pipelines[self.model]
        return pipeline

    def train(self) -> dict[str, Any]:
        """Cross-validate and refit; a second call returns the same.

        Returns
        -------
        training : dict
            ``outputs`` (`PredictionOutput` of the parts ``"oof"``, ``"val"`` and
            ``"test"``), ``n_iter``, ``history`` and ``hit_time_limit`` of the refit
            where the model has them, ``fits_at_time_limit``, and ``seconds``.

        Raises
        ------
        DataError
            If a fit fails; names the fold.
        """
        outputs = {
            part: to_output(frame, self.horizon)
            for part, frame in self._cell.predictions.items()
        }
        seconds = dict(self._cell.seconds)
        return {"outputs": outputs, "seconds": seconds, **self._cell.training}

    def evaluate(self, output: PredictionOutput, y: npt.ArrayLike) -> dict[str, float]:
        """Score predictions against labels.

        Parameters
        ----------
        output : PredictionOutput
            The predictions.
        y : array-like of shape (n_samples,)
            Labels -1, 0, 1; NaN where there is none, and such rows do not count.

        Returns
        -------
        figures : dict of float
            Losses in nats per bar, direction gain with its interval, direction AUC,
            MCC, number of samples.

        Raises
        ------
        DataError
            If the lengths differ.
        """
        labels = np.asarray(y, dtype=np.float64)
        if labels.shape != (len(output),):
            msg = (
                f"{len(output)} predictions cannot be scored with y of {labels.shape}."
            )
            raise DataError(msg)
        known = np.isfinite(labels)
        return score_probabilities(
            labels[known].astype(np.int64),
            output.probabilities[known],
            output.timestamps[known],
        )

    def run_full_pipeline(self) -> dict[str, dict[str, Any]]:
        """Train, evaluate and write a run directory.

        Returns
        -------
        report : dict of dict
            ``"training"``: what `train` returns, and ``run_dir``. ``"evaluation"``:
            the figures of ``"oof"``, ``"val"`` and ``"test"``.
        """
        training = self.train()
        where = environment(self.config, self._plan.digests)
        run_dir = write_cell(
            self._cell, Path(self.config.output.base_dir), self.config.to_yaml(), where
        )
        evaluation = {part: dict(v) for part, v in self._cell.metrics.items()}
        return {"training": {**training, "run_dir": run_dir}, "evaluation": evaluation}
