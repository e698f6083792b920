"""Ensembles from predictions that exist already, at no further training."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, replace
from functools import cached_property
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
from sk_ensemble.persistence import KnownParts, model_files, model_from_files

__all__ = ["EnsembleDraft", "Members", "draft_ensemble", "members_of"]

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


def _weights(ensemble: Any) -> dict[str, Any]:
    weights = getattr(ensemble, "weights_", None)
    return {} if weights is None else {"weights": dict(weights)}


def _seconds(cells: Sequence[Cell]) -> dict[str, float]:
    """Return the time that all members together take."""
    return {
        kind: float(np.sum([cell.seconds.get(kind, np.nan) for cell in cells]))
        for kind in ("fit", "predict")
    }


class Members:
    """Hold the cells that ensembles of one horizon are made of.

    Parameters
    ----------
    cells : sequence of Cell
        The members.
    samples : HorizonSamples
        Their samples.

    Attributes
    ----------
    known : KnownParts
        What the members' models consist of.
    """

    def __init__(self, cells: Sequence[Cell], samples: HorizonSamples) -> None:
        self.cells, self.samples = cells, samples
        self.known = KnownParts()

    @cached_property
    def fitted(self) -> list[tuple[str, Any]] | None:
        """The members' models, or None where one could not be saved."""
        if not all(cell.model_files for cell in self.cells):
            return None
        return [(cell.model, self._loaded(cell)) for cell in self.cells]

    def _loaded(self, cell: Cell) -> Any:
        return model_from_files(cell.model_files, known=self.known)


@dataclass(frozen=True, eq=False)
class EnsembleDraft:
    """Hold an ensemble that has been scored, but has no files yet.

    Its members are loaded for its files alone, which takes longer than to choose it.

    Attributes
    ----------
    cell : Cell
        The ensemble, without model files.
    ensemble : object
        The estimator, without members.
    members : Members
        What it is made of.
    """

    cell: Cell
    ensemble: Any
    members: Members

    def finished(self) -> Cell:
        """Return the cell with its files, or with the reason why there are none."""
        files, not_saved = self._files()
        return replace(self.cell, model_files=files, not_saved=not_saved)

    def _files(self) -> tuple[Mapping[str, bytes], str | None]:
        if self.members.fitted is None:
            return {}, "The model of a member could not be saved."
        whole = copy(self.ensemble)
        whole.attach_members(self.members.fitted, self.members.samples.X)
        try:
            metadata = {"horizon": self.cell.horizon}
            return model_files(whole, metadata, known=self.members.known), None
        except PersistenceError as error:
            return {}, str(error)


def _make(method: str, members: Members, seed: int, cv: Any) -> Any:
    """Choose an ensemble by the out-of-fold predictions of its members."""
    samples = members.samples
    known = {cell.model: _training_proba(cell, samples) for cell in members.cells}
    params = {"random_state": seed} if method in _RANDOM else {}
    return _MAKERS[method](
        known, samples.y, samples.X, cv=cv, classes=np.array(LABELS), **params
    )


def draft_ensemble(
    method: str, members: Members, source: Source, config: ExperimentConfig
) -> EnsembleDraft:
    """Choose one ensemble and score it, out of fold on rows that did not choose it.

    Parameters
    ----------
    method : str
        Which ensemble.
    members : Members
        What it is made of.
    source : Source
        Where the samples come from.
    config : ExperimentConfig
        The folds and the seed.
    """
    samples, cells = members.samples, members.cells
    cv = config.cv.make_splitter()
    ensemble = _make(method, members, config.random_seed, cv)
    later = {
        period: ensemble.combine(_period_proba(cells, period)) for period in PERIODS
    }
    frames = frames_of(samples, training_frame(samples, ensemble.oof_proba_), later)
    cell = Cell(
        method,
        samples.horizon,
        predictions=frames,
        metrics=score_frames(frames, samples.horizon, source),
        seconds=_seconds(cells),
        params={"members": repr([cell.model for cell in cells])},
        details=_weights(ensemble),
    )
    return EnsembleDraft(cell, ensemble, members)


def members_of(
    cells: Sequence[Cell], samples: HorizonSamples, config: ExperimentConfig
) -> Members | None:
    """Return what ensembles of one horizon are made of, None if fewer than two models.

    Parameters
    ----------
    cells : sequence of Cell
        The models of this horizon.
    samples : HorizonSamples
        Their samples.
    config : ExperimentConfig
        Names the members.
    """
    chosen = _member_cells(cells, config)
    return Members(chosen, samples) if len(chosen) >= 2 else None
