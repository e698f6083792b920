"""Show the leaderboard of an experiment."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sk_ensemble.cli._arguments import AsJson, ExperimentName, Horizons, OutputDir
from sk_ensemble.cli._find import find_result
from sk_ensemble.cli._screen import note, show, show_json
from sk_ensemble.exceptions import ConfigError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["leaderboard", "rows_of", "show_leaderboard"]

Sort = Annotated[
    str | None,
    typer.Option(
        metavar="COLUMN",
        help="Best first by this column, such as sharpe.  [default: log_loss]",
        show_default=False,
    ),
]
AsCsv = Annotated[bool, typer.Option("--csv", help="Print all columns as CSV.")]

#: Of these columns, large values are the best ones.
_MORE_IS_BETTER = (
    "direction_auc",
    "direction_gain",
    "direction_gain_high",
    "direction_gain_low",
    "mcc",
    "sharpe",
    "sharpe_high",
    "sharpe_low",
)

_READING = (
    "Direction gain is the log loss of a coin toss between up and down minus the "
    "model's, where the price moved. Direction is 'shown' if the whole 95 % interval "
    "(a bootstrap of days) lies above 0. A better log loss without that is knowledge "
    "of how much the price moves, not which way. Ensembles have no CV figure: they "
    "chose their weights there."
)
_LIMITED = "* A time limit ended some of its fits."


def rows_of(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of a leaderboard as plain values."""
    rows = table.to_dict("records")
    return [{str(name): value for name, value in row.items()} for row in rows]


def show_leaderboard(table: pd.DataFrame, *, is_quiet: bool = False) -> None:
    """Print a leaderboard as tables; say how to read it, unless that is known."""
    from sk_ensemble.experiments import terminal_tables

    for rendered in terminal_tables(table):
        show(rendered)
    if table["fits_at_time_limit"].any():
        note(_LIMITED)
    if len(table) and not is_quiet:
        note(_READING)


def _of_horizons(table: pd.DataFrame, horizons: list[int] | None) -> pd.DataFrame:
    known = sorted(set(table["horizon"].tolist()))
    unknown = [horizon for horizon in horizons or () if horizon not in known]
    if unknown:
        msg = f"There is no finished cell of horizon {unknown[0]}, but of {known}."
        raise ConfigError(msg)
    return table[table["horizon"].isin(horizons)] if horizons else table


def _sorted(table: pd.DataFrame, column: str | None) -> pd.DataFrame:
    if column is None:
        return table
    if column not in table:
        known = ", ".join(table.columns)
        msg = f"There is no column {column!r} to sort by; there are {known}."
        raise ConfigError(msg)
    ascending = column not in _MORE_IS_BETTER
    return table.sort_values(
        ["horizon", column, "model"], ascending=[True, ascending, True]
    )


def leaderboard(
    experiment: ExperimentName = None,
    horizons: Horizons = None,
    sort: Sort = None,
    as_csv: AsCsv = False,
    as_json: AsJson = False,
    output: OutputDir = None,
) -> None:
    """Show how the models of an experiment did.

    Of one that is not finished, the cells that are.
    """
    from sk_ensemble.experiments._stored_leaderboard import stored_leaderboard

    if as_csv and as_json:
        msg = "Ask for one format: --csv or --json."
        raise ConfigError(msg)
    result = find_result(experiment, output)
    table = _sorted(_of_horizons(stored_leaderboard(result), horizons), sort)
    if as_json:
        show_json(rows_of(table))
    elif as_csv:
        table.to_csv(sys.stdout, index=False)
    else:
        note(f"{result.path}: {result.status.describe()}")
        show_leaderboard(table)
