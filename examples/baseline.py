"""Which model families predict five-minute bars, and do they know the direction?

Compares baselines, boosters, a linear model and a network on an index future (IF) and
a metal (AG) at horizons of 5 and 20 bars: purged and embargoed cross-validation on the
development period, then a test period that is opened once. Ensembles are built from
the out-of-fold predictions. Everything is written to ``experiments/``, and MLflow shows
the runs with ``mlflow ui --backend-store-uri sqlite:///experiments/mlflow.db``.

    python examples/baseline.py               # under five minutes on two cores
    python examples/baseline.py --quick       # a first look, under a minute
    python examples/baseline.py --symbols IC CU --horizons 20 --models prior xgboost
"""

from __future__ import annotations

import argparse
import time
import warnings
from pathlib import Path

from rich.console import Console

from sk_ensemble.exceptions import ConfigError, DataError, EmptyFoldError, RegistryError
from sk_ensemble.experiments import (
    ComparisonConfig,
    compare,
    rich_progress,
    terminal_tables,
)

READING = (
    "Direction gain is the log loss of a coin toss between up and down minus the "
    "model's, where the price moved. Direction is 'shown' if the whole 95 % interval "
    "(a bootstrap of days) lies above 0. A better log loss without that is knowledge "
    "of how much the price moves, not which way. Ensembles have no CV figure: they "
    "chose their weights there."
)


def parse_arguments(arguments: list[str] | None = None) -> argparse.Namespace:
    summary, _, usage = __doc__.partition("\n")
    parser = argparse.ArgumentParser(
        description=summary,
        epilog=usage,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--symbols", nargs="+", help="symbols of the shipped bars")
    parser.add_argument("--horizons", nargs="+", type=int, help="bars, such as 5 20")
    parser.add_argument("--models", nargs="+", help="registry names")
    parser.add_argument("--start", help="first day of development, such as 2018-07-01")
    parser.add_argument("--jobs", type=int, dest="n_jobs", help="processes, -1 all")
    parser.add_argument("--output", type=Path, dest="output_dir", help="directory")
    parser.add_argument("--no-tracking", action="store_false", dest="tracking")
    parser.add_argument("--quick", action="store_true", help="less data and training")
    return parser.parse_args(arguments)


def make_config(options: argparse.Namespace) -> ComparisonConfig:
    values = {name: value for name, value in vars(options).items() if value is not None}
    quick = values.pop("quick")
    lists = {name: tuple(v) for name, v in values.items() if isinstance(v, list)}
    make = ComparisonConfig.quick if quick else ComparisonConfig
    return make(**(values | lists))


def main(arguments: list[str] | None = None) -> int:
    options = parse_arguments(arguments)
    console = Console()
    warnings.showwarning = lambda message, *_, **__: console.print(
        f"warning: {message}", style="yellow", markup=False
    )
    started = time.perf_counter()
    try:
        config = make_config(options)
        comparison = compare(config, progress=rich_progress)
    except (ConfigError, DataError, EmptyFoldError, RegistryError) as error:
        console.print(f"error: {error}", style="red", markup=False)
        return 2
    for sentence in comparison.facts:
        console.print(sentence, markup=False, highlight=False)
    for table in terminal_tables(comparison.leaderboard):
        console.print(table)
    console.print(READING, highlight=False)
    console.print(f"Written to {comparison.run_dir}", markup=False, highlight=False)
    console.print(f"{time.perf_counter() - started:.0f} s in all", highlight=False)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
