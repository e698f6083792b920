"""Which model families predict five-minute bars, and do they know the direction?

Compares every family there is, and ensembles of them, on an index future (IF) and a
metal (AG) at horizons of 5 and 20 bars: purged and embargoed cross-validation, then a
validation and a test period that are opened once. This is the command line's
``sk-ensemble run examples/config/experiments/baseline.yaml``, which can be killed and
resumed; everything is written to ``experiments/``, and MLflow shows the runs with
``mlflow ui --backend-store-uri sqlite:///experiments/mlflow.db``.

    python examples/baseline.py               # under fifteen minutes on two cores
    python examples/baseline.py --quick       # a first look, about a minute
    python examples/baseline.py --symbols IC CU --horizons 20 --models prior xgboost
    python examples/baseline.py --resume      # go on after an interruption
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path

from sk_ensemble.cli import main as run_command

EXPERIMENTS = Path(__file__).parent / "config" / "experiments"

READING = (
    "Direction gain is the log loss of a coin toss between up and down minus the "
    "model's, where the price moved. Direction is 'shown' if the whole 95 % interval "
    "(a bootstrap of days) lies above 0. A better log loss without that is knowledge "
    "of how much the price moves, not which way. Ensembles are scored out of fold on "
    "rows that did not choose their weights. An asterisk marks models of which a time "
    "limit ended some fits."
)


def parse_arguments(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    summary, _, usage = __doc__.partition("\n")
    parser = argparse.ArgumentParser(
        description=summary,
        epilog=usage,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--symbols", nargs="+", help="symbols of the shipped bars")
    parser.add_argument("--horizons", nargs="+", help="bars, such as 5 20")
    parser.add_argument("--models", nargs="+", help="registry names")
    parser.add_argument("--start", help="first day of training, such as 2018-07-01")
    parser.add_argument("--jobs", help="worker processes, -1 for one per core")
    parser.add_argument("--output", help="directory of all experiments")
    parser.add_argument("--no-tracking", action="store_true", help="without MLflow")
    parser.add_argument("--quick", action="store_true", help="less data and training")
    parser.add_argument("--resume", action="store_true", help="finish the last run")
    return parser.parse_args(arguments)


def overrides(options: argparse.Namespace) -> Iterator[str]:
    """Yield the changes of the configuration that the options ask for."""
    for key, values in (("data.symbols", options.symbols), ("models", options.models)):
        if values:
            yield f"{key}=[{', '.join(values)}]"
    if options.start:
        yield f'data.start="{options.start}"'


def command(options: argparse.Namespace) -> list[str]:
    """Return the arguments of ``sk-ensemble`` that the options stand for."""
    name = "quick.yaml" if options.quick else "baseline.yaml"
    words = ["run", str(EXPERIMENTS / name)]
    for change in overrides(options):
        words += ["--set", change]
    for horizon in options.horizons or ():
        words += ["--horizon", horizon]
    for option in ("jobs", "output"):
        if getattr(options, option):
            words += [f"--{option}", getattr(options, option)]
    flags = {"--no-tracking": options.no_tracking, "--resume": options.resume}
    return words + [flag for flag, is_set in flags.items() if is_set]


def main(arguments: Sequence[str] | None = None) -> int:
    code = run_command(command(parse_arguments(arguments)))
    if code == 0:
        print(READING)
    return code


if __name__ == "__main__":
    raise SystemExit(main())
