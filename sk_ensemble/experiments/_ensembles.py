"""Ensembles from predictions that exist already, at no further training."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from sk_ensemble._typing import FloatArray
from sk_ensemble.ensemble import (
    GreedyEnsembleClassifier,
    PurgedStackingClassifier,
    WeightedVoteClassifier,
)
from sk_ensemble.exceptions import PersistenceError
from sk_ensemble.experiments._assemble import Source, frames_of, score_frames
from sk_ensemble.experiments._cell import Cell
from sk_ensemble.experiments._fit import OUT_OF_FOLD
from sk_ensemble.experiments._labels import LABELS, PROBA_COLUMNS
from sk_ensemble.experiments._models import is_baseline
from sk_ensemble.experiments._predictions import training_frame
from sk_ensemble.experiments._samples import PERIODS, HorizonSamples
from sk_ensemble.experiments.config import ExperimentConfig
from sk_ensemble.persistence import model_files, model_from_files

__all__ = ["ensemble_cells"]

#: Makes an ensemble from predictions, targets, samples and keywords.
_Maker = Callable[..., Any]


def _soft_vote(*args: Any, **kwargs: Any) -> Any:
    return WeightedVoteClassifier.from_oof(*args, weights="equal", **kwargs)


_MAKERS: Mapping[str, _Maker] = {
    "soft_vote": _soft_vote,
    "weighted_vote": WeightedVoteClassifier.from_oof,
    "greedy": GreedyEnsembleClassifier.from_oof,
    "stack": PurgedStackingClassifier.from_oof,
}

#: Methods that draw at random, and so take the seed.
_RANDOM = ("greedy",)


def _member_cells(cells: Sequence[Cell], config: ExperimentConfig) -> list[Cell]:
    """Return the members: those that are named, else all that are no baselines."""
    named = config.ensemble.members
    if named is not None:
        return [cell for cell in cells if cell.model in named]
    baselines = {model.key for model in config.models if is_baseline(model)}
    return [cell for cell in cells if cell.model not in baselines]


def _training_proba(cell: Cell, samples: HorizonSamples) -> FloatArray:
    """Return out-of-fold probabilities of every training sample, NaN where none."""
    frame = cell.predictions[OUT_OF_FOLD][list(PROBA_COLUMNS)]
    proba: FloatArray = frame.reindex(samples.X.index).to_numpy()
    return proba


def _period_proba(cells: Sequence[Cell], period: str) -> dict[str, FloatArray]:
    return {
        cell.model: cell.predictions[period][list(PROBA_COLUMNS)].to_numpy()
        for cell in cells
    }


def _fitted_members(cells: Sequence[Cell]) -> list[tuple[str, Any]] | None:
    """Load the members' models, or return None where one could not be saved."""
    if not all(cell.model_files for cell in cells):
        return None
    return [(cell.model, model_from_files(cell.model_files)) for cell in cells]


def _files(
    ensemble: Any, horizon: int, has_members: bool
) -> tuple[Mapping[str, bytes], str | None]:
    if not has_members:
        return {}, "The model of a member could not be saved."
    try:
        return model_files(ensemble, metadata={"horizon": horizon}), None
    except PersistenceError as error:
        return {}, str(error)


def _weights(ensemble: Any) -> dict[str, Any]:
    weights = getattr(ensemble, "weights_", None)
    return {} if weights is None else {"weights": dict(weights)}


def _seconds(cells: Sequence[Cell]) -> dict[str, float]:
    """Return the time that all members together take."""
    return {
        kind: float(np.sum([cell.seconds.get(kind, np.nan) for cell in cells]))
        for kind in ("fit", "predict")
    }


def _make(
    method: str, members: Sequence[Cell], samples: HorizonSamples, seed: int, cv: Any
) -> tuple[Any, bool]:
    """Choose an ensemble by the out-of-fold predictions of its members."""
    known = {cell.model: _training_proba(cell, samples) for cell in members}
    fitted = _fitted_members(members)
    params = {"random_state": seed} if method in _RANDOM else {}
    ensemble = _MAKERS[method](
        known,
        samples.y,
        samples.X,
        cv=cv,
        classes=np.array(LABELS),
        estimators=fitted,
        **params,
    )
    return ensemble, fitted is not None


def _cell(
    method: str,
    members: Sequence[Cell],
    samples: HorizonSamples,
    source: Source,
    config: ExperimentConfig,
) -> Cell:
    """Choose one ensemble and score it, out of fold on rows that did not choose it."""
    cv = config.cv.make_splitter()
    ensemble, has_members = _make(method, members, samples, config.random_seed, cv)
    later = {
        period: ensemble.combine(_period_proba(members, period)) for period in PERIODS
    }
    frames = frames_of(samples, training_frame(samples, ensemble.oof_proba_), later)
    files, not_saved = _files(ensemble, samples.horizon, has_members)
    return Cell(
        method,
        samples.horizon,
        predictions=frames,
        metrics=score_frames(frames, samples.horizon, source),
        seconds=_seconds(members),
        params={"members": repr([cell.model for cell in members])},
        model_files=files,
        not_saved=not_saved,
        details=_weights(ensemble),
    )


def ensemble_cells(
    cells: Sequence[Cell],
    samples: HorizonSamples,
    source: Source,
    config: ExperimentConfig,
    methods: Sequence[str],
) -> Iterator[Cell]:
    """Yield the ensembles of one horizon; there are none of fewer than two members.

    Parameters
    ----------
    cells : sequence of Cell
        The models of this horizon.
    samples : HorizonSamples
        Their samples.
    source : Source
        Where these come from.
    config : ExperimentConfig
        The members, the folds and the seed.
    methods : sequence of str
        Which ensembles.
    """
    members = _member_cells(cells, config)
    if len(members) < 2:
        return
    for method in methods:
        yield _cell(method, members, samples, source, config)
