"""Compare model families on the shipped bars, from raw bars to a leaderboard."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from sk_ensemble.experiments._artifacts import make_run_dir
from sk_ensemble.experiments._assemble import make_cells
from sk_ensemble.experiments._cell import Cell
from sk_ensemble.experiments._config import ComparisonConfig
from sk_ensemble.experiments._data import load_market, prepare_horizon
from sk_ensemble.experiments._facts import comparison_facts
from sk_ensemble.experiments._leaderboard import leaderboard
from sk_ensemble.experiments._models import build_model
from sk_ensemble.experiments._progress import no_progress
from sk_ensemble.experiments._run_files import write_run
from sk_ensemble.experiments._tasks import plan_tasks, run_tasks
from sk_ensemble.experiments._tracking import track

__all__ = ["Comparison", "compare"]


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
    ``p_1``), ``metrics/metrics.json`` and ``metrics/seconds.json``.

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
    facts = comparison_facts(market, data, config)
    tasks = [task for part in data.values() for task in plan_tasks(part, config)]
    results = run_tasks(tasks, data, config, progress)
    cells = [
        cell
        for part in data.values()
        for cell in make_cells(results, part, market, config)
    ]
    table = leaderboard(cells)
    settings = asdict(config)
    write_run(cells, table, run_dir, settings)
    if config.tracking:
        params = {name: repr(value) for name, value in settings.items()}
        track(cells, run_dir, Path(config.output_dir), params)
    return Comparison(cells, table, facts, run_dir)
