"""Everything about the models of one horizon in the test period."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

import numpy as np
import pandas as pd

from sk_ensemble._typing import BoolArray, FloatArray, IntArray, NanosecondArray
from sk_ensemble.backtest import BacktestResult, backtest, positions_from_proba
from sk_ensemble.datasets import contract_specs
from sk_ensemble.experiments import Cell
from sk_ensemble.experiments._labels import LABELS, PROBA_COLUMNS
from sk_ensemble.experiments._predictions import labelled, proba_table
from sk_ensemble.metrics import loss_table
from sk_ensemble.report._day_draws import Contrast, DayDraws
from sk_ensemble.report._scores import Scores, score_rows
from sk_ensemble.report._stored_experiment import StoredExperiment
from sk_ensemble.utils.time import to_utc_ns

__all__ = ["Horizon"]

_TEST = "test"

#: Resamples for p-values, which are shares of resamples.
_MANY = 4000

#: Baselines, the hardest to beat last.
_BASELINES = ("prior", "clock", "volatility")


def _same_rows(cells: list[Cell]) -> tuple[list[Cell], list[str]]:
    """Return the cells with the rows of the first, and the names of the others."""
    if not cells:
        return [], []
    first = cells[0].predictions[_TEST].index
    same = [cell.predictions[_TEST].index.equals(first) for cell in cells]
    others = [c.name for c, is_same in zip(cells, same, strict=True) if not is_same]
    return [c for c, is_same in zip(cells, same, strict=True) if is_same], others


class Horizon:
    """Score the models of one horizon on the rows that all of them share.

    Parameters
    ----------
    experiment : StoredExperiment
        What was stored.
    horizon : int
        Bars.

    Attributes
    ----------
    horizon : int
        Bars.
    cells : dict of Cell
        The cells by model, best test log loss first.
    strays : list of str
        Cells that cannot be compared, as they were scored on other rows.
    """

    def __init__(self, experiment: StoredExperiment, horizon: int) -> None:
        self._experiment, self.horizon = experiment, horizon
        found = [c for c in experiment.cells.values() if c.horizon == horizon]
        found.sort(key=lambda cell: (cell.metrics[_TEST]["log_loss"], cell.model))
        kept, self.strays = _same_rows(found)
        self.cells = {cell.model: cell for cell in kept}

    @property
    def models(self) -> list[str]:
        """Models, best test log loss first."""
        return list(self.cells)

    @cached_property
    def references(self) -> dict[str, str]:
        """Models that the others are compared with, by what they are."""
        known = self._experiment.baselines
        there = {
            name: known[name]
            for name in _BASELINES
            if name in known and known[name] in self.cells
        }
        return {"best": self.models[0], **there}

    @cached_property
    def _known(self) -> pd.DataFrame:
        """Labelled rows of the test period, with the outcome."""
        return labelled(next(iter(self.cells.values())).predictions[_TEST])

    @cached_property
    def y(self) -> IntArray:
        """Label of each row."""
        return self._known["y"].to_numpy(dtype=np.int64)

    @cached_property
    def places(self) -> IntArray:
        """Place of the label of each row among all labels."""
        return np.searchsorted(np.array(LABELS), self.y)

    @cached_property
    def times(self) -> NanosecondArray:
        """Time of each row, nanoseconds in UTC."""
        return to_utc_ns(self._known.index.get_level_values("datetime"))

    @cached_property
    def symbols(self) -> np.ndarray:
        """Symbol of each row, as text."""
        names = self._known.index.get_level_values("symbol")
        return np.asarray(names.map(str), dtype=object)

    @property
    def index(self) -> pd.Index:
        """Symbol and time of each row."""
        return self._known.index

    @cached_property
    def proba(self) -> dict[str, FloatArray]:
        """Probabilities of each row, by model."""
        return {
            model: labelled(cell.predictions[_TEST])[list(PROBA_COLUMNS)].to_numpy()
            for model, cell in self.cells.items()
        }

    @cached_property
    def losses(self) -> dict[str, pd.DataFrame]:
        """Losses of each row, by model."""
        return {
            model: loss_table(self.y, proba, labels=LABELS).reset_index(drop=True)
            for model, proba in self.proba.items()
        }

    def log_loss(self, model: str) -> FloatArray:
        """Return the log loss of each row."""
        losses: FloatArray = self.losses[model]["log_loss"].to_numpy()
        return losses

    @cached_property
    def draws(self) -> DayDraws:
        """Resampled days of all rows."""
        return DayDraws(self._datetimes)

    @cached_property
    def many_draws(self) -> DayDraws:
        """More resampled days, for p-values."""
        return DayDraws(self._datetimes, _MANY)

    @property
    def _datetimes(self) -> np.ndarray:
        return self.times.astype("datetime64[ns]")

    @cached_property
    def scores(self) -> dict[str, Scores]:
        """Figures of each model over all rows."""
        return {
            model: score_rows(self.losses[model], self.places, proba, self.draws)
            for model, proba in self.proba.items()
        }

    def scores_on(self, rows: BoolArray) -> dict[str, Scores]:
        """Return the figures of each model over some rows."""
        draws = DayDraws(self._datetimes[rows])
        places = self.places[rows]
        return {
            model: score_rows(self.losses[model][rows], places, proba[rows], draws)
            for model, proba in self.proba.items()
        }

    def gains_on(self, other: str) -> dict[str, Contrast]:
        """Return how much better each model is than another, nats of log loss per bar.

        Each bar is compared with itself, and days are resampled with all their bars.
        """
        reference = self.log_loss(other)
        return {
            model: self.many_draws.contrast(reference - self.log_loss(model))
            for model in self.models
        }

    @cached_property
    def backtests(self) -> Mapping[str, BacktestResult]:
        """What each model earns after costs; empty where there are no prices."""
        bars = self._experiment.trading_bars(_TEST)
        if bars is None:
            return {}
        return {model: self._trade(cell, bars) for model, cell in self.cells.items()}

    def _trade(self, cell: Cell, bars: pd.DataFrame) -> BacktestResult:
        proba = proba_table(cell.predictions[_TEST])
        positions = positions_from_proba(proba, self.horizon, bars=bars)
        return backtest(positions, bars, costs=contract_specs())
