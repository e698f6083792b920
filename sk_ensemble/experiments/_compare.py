"""Compare model families on the shipped bars, from raw bars to a leaderboard."""

from __future__ import annotations

import importlib.metadata
import platform
import warnings
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from sk_ensemble.experiments._artifacts import (
    make_run_dir,
    write_bytes,
    write_json,
    write_parquet,
)
from sk_ensemble.experiments._cell import Cell
from sk_ensemble.experiments._config import ComparisonConfig
from sk_ensemble.experiments._data import (
    HorizonData,
    MarketData,
    load_market,
    prepare_horizon,
)
from sk_ensemble.experiments._ensembles import soft_vote, stack
from sk_ensemble.experiments._evaluation import (
    score_folds,
    score_predictions,
    score_trading,
)
from sk_ensemble.experiments._leaderboard import draw, leaderboard
from sk_ensemble.experiments._models import (
    SKLEARN_STACK,
    build_model,
    is_baseline,
    make_splitter,
)
from sk_ensemble.experiments._predictions import (
    PROBA_COLUMNS,
    out_of_fold_frame,
    test_period_frame,
)
from sk_ensemble.experiments._progress import no_progress
from sk_ensemble.experiments._tasks import FitResult, plan_tasks, run_tasks
from sk_ensemble.experiments._tracking import track
from sk_ensemble.model_selection import describe_splits, embargo_days
from sk_ensemble.utils.time import format_ns

__all__ = ["Comparison", "compare"]

#: Share of the training rows above which an embargo is worth a warning.
_COSTLY_EMBARGO = 0.10


@dataclass(frozen=True, eq=False)
class Comparison:
    """Hold what a comparison found.

    Attributes
    ----------
    cells : list of Cell
        Every model at every horizon.
    leaderboard : DataFrame
        One row per cell, best test log loss first.
    facts : list of str
        What was compared, in sentences.
    run_dir : Path
        Where everything was written.

    Examples
    --------
    >>> from pathlib import Path
    >>> import pandas as pd
    >>> from sk_ensemble.experiments import Comparison
    >>> Comparison([], pd.DataFrame(), ["No bars."], Path("runs")).facts
    ['No bars.']
    """

    cells: list[Cell]
    leaderboard: pd.DataFrame
    facts: list[str]
    run_dir: Path


def _embargo_facts(data: HorizonData, config: ComparisonConfig) -> str:
    """Say what the embargo is in days and what it costs; warn if it is much."""
    cv = make_splitter(config)
    days = embargo_days(cv, data.X)
    lengths = ", ".join(
        f"{days[name]:.1f} trading days of {name}" for name in days.index
    )
    share = describe_splits(cv, data.X)["embargoed_share"].max()
    if share > _COSTLY_EMBARGO:
        msg = (
            f"The embargo of {config.embargo_size} bars takes up to {share:.0%} of the "
            f"training rows of a fold (horizon {data.horizon}). Use fewer folds, a "
            "longer period or a smaller embargo_size."
        )
        warnings.warn(msg, UserWarning, stacklevel=3)
    return (
        f"Horizon {data.horizon}: {len(data.X)} development samples, embargo "
        f"{config.embargo_size} bars = {lengths} (at most {share:.1%} of a fold's "
        "training rows)."
    )


def _facts(
    market: MarketData, data: dict[int, HorizonData], config: ComparisonConfig
) -> list[str]:
    """Say in sentences what is compared."""
    stamps = market.panel.history.unique_times
    return [
        f"{', '.join(config.symbols)}: {len(market.bars)} five-minute bars from "
        f"{config.start}, {market.panel.shape[1]} features.",
        f"Development to {config.development_end}, every {config.stride}. time stamp, "
        f"{config.n_splits} purged folds (purge {config.purged_size} bars).",
        f"Test period from {format_ns(market.test_start)} to {format_ns(stamps[-1])}, "
        f"every bar, opened once.",
        *(_embargo_facts(part, config) for part in data.values()),
    ]


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


def _cells(
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


def _environment() -> dict[str, str]:
    """Return the versions that results depend on."""
    names = ("numpy", "pandas", "scikit-learn", "xgboost", "lightgbm", "torch")
    versions = {"python": platform.python_version(), "machine": platform.machine()}
    for name in names:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            versions[name] = "not installed"
    return versions


def _write(cells: list[Cell], table: pd.DataFrame, run_dir: Path) -> None:
    """Write predictions, metrics and the leaderboard."""
    for cell in cells:
        predictions = run_dir / cell.name / "predictions"
        write_parquet(predictions / "test_predictions.parquet", cell.test)
        if cell.out_of_fold is not None:
            write_parquet(predictions / "oof_predictions.parquet", cell.out_of_fold)
        write_json(run_dir / cell.name / "metrics" / "metrics.json", cell.metrics)
    write_bytes(run_dir / "leaderboard.csv", table.to_csv(index=False).encode())
    write_bytes(
        run_dir / "leaderboard.png",
        draw(table, "Test period, with 95 % intervals from a bootstrap of days"),
    )


def compare(
    config: ComparisonConfig, *, progress: Callable[..., Any] = no_progress
) -> Comparison:
    """Compare model families out of sample, without leakage.

    Every model is cross-validated on the development samples with a purged and
    embargoed splitter, refitted on all of them, and scored once on the test period.
    A soft vote and a stack are built from the out-of-fold predictions.

    Parameters
    ----------
    config : ComparisonConfig
        What to compare.
    progress : callable, default=no_progress
        Context manager that wraps the iterator of results and their number.

    Returns
    -------
    comparison : Comparison
        Cells, leaderboard, and the directory everything was written to.

    Raises
    ------
    EmptyFoldError
        If a fold or the test period has no rows.

    Warns
    -----
    UserWarning
        If the embargo takes over a tenth of a fold's training rows, or the run could
        not be recorded in MLflow.

    Notes
    -----
    Predictions of a bar use that bar and earlier ones. The run directory holds
    ``leaderboard.csv``, ``leaderboard.png``, ``config.json`` and, per cell,
    ``predictions/*.parquet`` (columns ``symbol``, ``datetime``, ``fold`` (-1 in the
    test period), ``y``, ``label_end``, ``forward_return``, ``p_-1``, ``p_0``,
    ``p_1``) and ``metrics/metrics.json``.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from sk_ensemble.experiments import ComparisonConfig, compare
    >>> folder = tempfile.TemporaryDirectory()
    >>> config = ComparisonConfig(
    ...     symbols=("IF",), horizons=(5,), models=("prior", "volatility"),
    ...     start="2021-01", development_end="2021-05-31", n_splits=3,
    ...     embargo_size=60, output_dir=Path(folder.name), tracking=False, n_jobs=1,
    ... )
    >>> sorted(compare(config).leaderboard["model"])
    ['prior', 'volatility']
    >>> folder.cleanup()
    """
    # Everything that can be wrong with the request shows before anything is written.
    for name in config.models:
        build_model(name, config)
    market = load_market(config)
    run_dir = make_run_dir(Path(config.output_dir), "baseline")
    data = {h: prepare_horizon(market, h, config) for h in config.horizons}
    facts = _facts(market, data, config)
    tasks = [task for part in data.values() for task in plan_tasks(part, config)]
    results = run_tasks(tasks, data, config, progress)
    cells = [
        cell for part in data.values() for cell in _cells(results, part, market, config)
    ]
    table = leaderboard(cells)
    settings = asdict(config)
    write_json(
        run_dir / "config.json", {"config": settings, "environment": _environment()}
    )
    _write(cells, table, run_dir)
    if config.tracking:
        params = {name: repr(value) for name, value in settings.items()}
        track(cells, run_dir, Path(config.output_dir), params)
    return Comparison(cells, table, facts, run_dir)
