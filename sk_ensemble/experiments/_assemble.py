"""Put the results of fits together to cells, and cells to ensembles."""

from __future__ import annotations

from typing import Any

import pandas as pd

from sk_ensemble.experiments._cell import Cell
from sk_ensemble.experiments._config import ComparisonConfig
from sk_ensemble.experiments._data import HorizonData, MarketData
from sk_ensemble.experiments._ensembles import soft_vote, stack
from sk_ensemble.experiments._evaluation import (
    score_folds,
    score_predictions,
    score_trading,
)
from sk_ensemble.experiments._models import SKLEARN_STACK, build_model, is_baseline
from sk_ensemble.experiments._predictions import (
    PROBA_COLUMNS,
    out_of_fold_frame,
    test_period_frame,
)
from sk_ensemble.experiments._tasks import FitResult

__all__ = ["make_cells"]


def _params_of(name: str, config: ComparisonConfig) -> dict[str, str]:
    """Return the parameters of a model as text."""
    model = build_model(name, config)
    return {key: repr(value) for key, value in sorted(model.get_params().items())}


def _test_metrics(
    frame: pd.DataFrame, market: MarketData, horizon: int
) -> dict[str, Any]:
    """Score predictions of the test period and trade on them."""
    return score_predictions(frame) | score_trading(frame, market.test_bars, horizon)


def _seconds(fit: float, predict: float) -> dict[str, float]:
    return {"fit": fit, "predict": predict}


def _model_cell(
    name: str,
    results: list[FitResult],
    data: HorizonData,
    market: MarketData,
    config: ComparisonConfig,
) -> Cell:
    """Put together the folds and the refit of one model."""
    refit = next(result for result in results if result.task.fold is None)
    folds = [result for result in results if result.task.fold is not None]
    test = test_period_frame(data, refit.proba)
    metrics: dict[str, Any] = {
        "test": _test_metrics(test, market, data.horizon),
        "seconds": _seconds(refit.fit_seconds, refit.predict_seconds),
    }
    frame = out_of_fold_frame(data, folds) if folds else None
    if frame is not None:
        metrics["oof"] = score_predictions(frame) | {
            "fold_log_loss": score_folds(frame)
        }
    return Cell(name, data.horizon, test, metrics, _params_of(name, config), frame)


def _ensemble_cells(
    cells: list[Cell], data: HorizonData, market: MarketData
) -> list[Cell]:
    """Combine the members' predictions; scored on the test period only."""
    members = [
        cell
        for cell in cells
        if cell.out_of_fold is not None and not is_baseline(cell.model)
    ]
    if len(members) < 2:
        return []
    known = {c.model: c.out_of_fold for c in members if c.out_of_fold is not None}
    proba = {c.model: c.test[list(PROBA_COLUMNS)].to_numpy() for c in members}
    seconds = {
        kind: sum(cell.metrics["seconds"][kind] for cell in members)
        for kind in ("fit", "predict")
    }
    combined = {"soft_vote": soft_vote(proba), "stack": stack(known, proba)}
    params = {"members": repr(sorted(proba))}
    ensembles = []
    for name, values in combined.items():
        test = test_period_frame(data, values)
        metrics = {"test": _test_metrics(test, market, data.horizon)}
        ensembles.append(
            Cell(name, data.horizon, test, metrics | {"seconds": seconds}, params)
        )
    return ensembles


def make_cells(
    results: list[FitResult],
    data: HorizonData,
    market: MarketData,
    config: ComparisonConfig,
) -> list[Cell]:
    """Make all cells of one horizon."""
    mine = [result for result in results if result.task.horizon == data.horizon]
    names = list(dict.fromkeys(result.task.model for result in mine))
    cells = [
        _model_cell(
            name, [r for r in mine if r.task.model == name], data, market, config
        )
        for name in names
    ]
    members = [cell for cell in cells if cell.model != SKLEARN_STACK]
    return cells + _ensemble_cells(members, data, market)
