"""What gates look at: the model, the one that is live, and data later than both."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple, cast

import numpy as np
from sklearn.pipeline import Pipeline

from sk_ensemble._typing import FloatArray, NanosecondArray
from sk_ensemble.exceptions import ProductionError
from sk_ensemble.experiments import ExperimentConfig, ModelConfig, parse_experiment
from sk_ensemble.experiments._labels import LABELS
from sk_ensemble.experiments._models import build_model, is_baseline
from sk_ensemble.experiments._samples import HorizonSamples
from sk_ensemble.experiments._sources import make_source
from sk_ensemble.metrics import align_proba
from sk_ensemble.panel import Panel
from sk_ensemble.persistence import model_from_files
from sk_ensemble.production._model_version import ModelVersion
from sk_ensemble.production._run_files import RunFiles
from sk_ensemble.utils.time import format_ns

__all__ = ["Evidence", "LaterSamples", "Span"]

#: First and last time of something, nanoseconds in UTC.
Span = tuple[int, int]


class LaterSamples(NamedTuple):
    """Labelled bars that no model in question was trained on."""

    X: Panel
    y: np.ndarray
    times: NanosecondArray

    @property
    def span(self) -> Span:
        """First and last time."""
        return int(self.times.min()), int(self.times.max())


def _columns_of(model: Any) -> list[str] | None:
    names = getattr(model, "feature_names_in_", None)
    return None if names is None else [str(name) for name in names]


def _with_columns(X: Panel, model: Any) -> Panel:
    """Return samples with the features that a model knows, if there are more."""
    wanted, have = _columns_of(model), X.history.columns
    if wanted is None or have is None or set(wanted) == set(have):
        return X
    missing = [name for name in wanted if name not in have]
    if missing:
        msg = (
            f"The bars of the run lack the features {missing} that the live version "
            "needs, so the two cannot be compared on them."
        )
        raise ProductionError(msg)
    places = [have.index(name) for name in wanted]
    block = np.ascontiguousarray(X.history.block[:, places])
    history = X.history.with_block(block, tuple(wanted))
    return Panel(history, X.positions, X.label_end_ns)


def _proba(model: Any, X: Panel) -> FloatArray:
    return align_proba(model.predict_proba(X), model.classes_, LABELS)


def _members(config: ExperimentConfig) -> list[ModelConfig]:
    """Return what the ensembles of an experiment are made of."""
    named = config.ensemble.members
    return [
        model
        for model in config.models
        if (model.key in named if named is not None else not is_baseline(model))
    ]


@dataclass(frozen=True, eq=False)
class Evidence:
    """Hold what a model in question and the live one can be judged by.

    Nothing is read or computed before a gate asks for it.

    Parameters
    ----------
    run : RunFiles
        The run of the model in question.
    current : ModelVersion or None
        The version that is live, if there is one.
    count_look : callable
        Is told first and last time of data that are about to be looked at, and returns
        how often such data were looked at, this time included.

    Notes
    -----
    A prediction for a bar uses that bar and earlier ones only. Data are read where the
    configuration of the run says, as they are now.

    Examples
    --------
    A gate of one's own, that knows one horizon only:

    >>> from sk_ensemble.production import GateOutcome
    >>> class HorizonGate:
    ...     name = "horizon"
    ...
    ...     def check(self, evidence):
    ...         horizon = evidence.run.horizon
    ...         return GateOutcome(self.name, horizon == 5, f"It predicts {horizon}.")
    """

    run: RunFiles
    current: ModelVersion | None
    count_look: Callable[[Span], int]

    @cached_property
    def model(self) -> Any:
        """The model in question, as it was saved."""
        return model_from_files(self.run.model_files)

    @cached_property
    def config(self) -> ExperimentConfig:
        """The experiment, cut down to this model and horizon."""
        return parse_experiment(self.run.config.decode(), ["run.cluster=null"])

    @cached_property
    def samples(self) -> HorizonSamples:
        """Training samples, and every bar of the later periods, read anew."""
        return make_source(self.config).samples(self.run.horizon)

    def unfitted(self) -> dict[str, Pipeline]:
        """Return the model in question before it was fitted.

        Returns
        -------
        models : dict of Pipeline
            By key; those of its members, if it is an ensemble.
        """
        models = self.config.models
        chosen = [model for model in models if model.key == self.run.model]
        return {
            model.key: build_model(model, self.config)
            for model in chosen or _members(self.config)
        }

    def later_than(self, *ends: int) -> LaterSamples:
        """Return the labelled samples of the test period after some times.

        Parameters
        ----------
        *ends : int
            Nanoseconds in UTC; the latest one counts.

        Returns
        -------
        later : LaterSamples
            Samples ``X``, labels ``y`` and ``times``, nanoseconds in UTC.

        Raises
        ------
        ProductionError
            If there are none.
        """
        X = self.samples.periods["test"]
        known = self.samples.known["test"]["y"]
        times = cast(NanosecondArray, X.times_ns)
        rows = np.flatnonzero(known.notna().to_numpy() & (times > max(ends)))
        if not len(rows):
            msg = (
                f"The test period of the run has no labelled bar after "
                f"{format_ns(max(ends))}, where training ended. Make a run with later "
                "data."
            )
            raise ProductionError(msg)
        y = known.iloc[rows].to_numpy(dtype=np.int64)
        return LaterSamples(X[rows], y, times[rows])

    @cached_property
    def own_later(self) -> LaterSamples:
        """Samples later than the training of the model in question."""
        return self.later_than(self.run.trained_until)

    @cached_property
    def later(self) -> LaterSamples:
        """Samples later than the training of both models."""
        if self.current is None:
            return self.own_later
        ends = self.run.trained_until, self.current.trained_until_ns
        return self.later_than(*ends)

    def proba(self, X: Panel) -> FloatArray:
        """Return the probabilities of the model in question.

        Parameters
        ----------
        X : Panel of n_samples samples
            Bars to predict.

        Returns
        -------
        proba : ndarray of shape (n_samples, 3)
            Probabilities of -1, 0 and 1.
        """
        return _proba(self.model, X)

    def reference(self, X: Panel) -> FloatArray:
        """Return the probabilities of the live version, or else the class shares.

        The shares are those of the training labels: what a model without any knowledge
        of features predicts.

        Parameters
        ----------
        X : Panel of n_samples samples
            Bars to predict.

        Returns
        -------
        proba : ndarray of shape (n_samples, 3)
            Probabilities of -1, 0 and 1.
        """
        if self.current is not None:
            model = self.current.load()
            return _proba(model, _with_columns(X, model))
        counts = [np.count_nonzero(self.samples.y == label) for label in LABELS]
        shares = np.array(counts) / len(self.samples.y)
        return np.tile(shares, (len(X), 1))
