"""The leaderboard as a frame, a terminal table and a picture."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import pandas as pd

from sk_ensemble.experiments._cell import Cell
from sk_ensemble.experiments._plots import as_png, new_figure
from sk_ensemble.utils.optional import import_optional

__all__ = ["draw", "leaderboard", "terminal_tables", "verdict"]

#: Nats are small on bars: gains are shown in thousandths.
_MILLI = 1000

#: Characters of a model's name in a line of a terminal.
_NAME_WIDTH = 18

_TEST_FIGURES = (
    "log_loss",
    "movement_log_loss",
    "direction_log_loss",
    "direction_gain",
    "direction_gain_low",
    "direction_gain_high",
    "direction_auc",
    "mcc",
    "sharpe",
    "sharpe_low",
    "sharpe_high",
    "turnover",
)


_COLUMNS = (
    "horizon",
    "model",
    "cv_log_loss",
    "val_log_loss",
    *_TEST_FIGURES,
    "fit_seconds",
    "predict_seconds",
    "fits_at_time_limit",
)


def _row(cell: Cell) -> dict[str, Any]:
    """Return the line of one cell."""
    return {
        "horizon": cell.horizon,
        "model": cell.model,
        "cv_log_loss": cell.metrics.get("oof", {}).get("log_loss"),
        "val_log_loss": cell.metrics["val"]["log_loss"],
        **{name: cell.metrics["test"].get(name) for name in _TEST_FIGURES},
        "fit_seconds": cell.seconds.get("fit"),
        "predict_seconds": cell.seconds.get("predict"),
        "fits_at_time_limit": int(cell.training.get("fits_at_time_limit", 0)),
    }


def leaderboard(cells: Sequence[Cell]) -> pd.DataFrame:
    """Return one row per model and horizon, best test log loss first.

    Parameters
    ----------
    cells : sequence of Cell
        The outcomes.

    Returns
    -------
    table : DataFrame
        ``horizon``, ``model``, ``cv_log_loss`` (out of fold), ``val_log_loss``, the
        figures of the test period (those of trading are NaN where there are no
        prices), ``fit_seconds``, ``predict_seconds``, and ``fits_at_time_limit``, the
        number of fits that a time limit ended.
    """
    table = pd.DataFrame([_row(cell) for cell in cells], columns=list(_COLUMNS))
    table = table.astype(dict.fromkeys(_COLUMNS[2:-1], float))
    return table.sort_values(["horizon", "log_loss", "model"], ignore_index=True)


def verdict(row: Any) -> str:
    """Say what one row of the leaderboard has shown about direction."""
    if row.direction_gain_low > 0:
        return "shown"
    return "negative" if row.direction_gain_high < 0 else "not shown"


def _name(row: Any) -> str:
    """Return the model, marked where a time limit ended some of its fits."""
    return f"{row.model}*" if row.fits_at_time_limit else str(row.model)


def _number(value: float, digits: int) -> str:
    return "-" if pd.isna(value) else f"{value:.{digits}f}"


def _interval(estimate: float, low: float, high: float, digits: int) -> str:
    """Format an estimate with its interval."""
    ends = f"{_number(low, digits)}, {_number(high, digits)}"
    return f"{_number(estimate, digits)} [{ends}]"


def _score_cells(row: Any) -> list[str]:
    """Format what a model knows."""
    gain = (
        row.direction_gain * _MILLI,
        row.direction_gain_low * _MILLI,
        row.direction_gain_high * _MILLI,
    )
    return [
        _name(row),
        _number(row.cv_log_loss, 4),
        _number(row.val_log_loss, 4),
        _number(row.log_loss, 4),
        _interval(*gain, 1),
        _number(row.direction_auc, 3),
        verdict(row),
    ]


def _trading_cells(row: Any) -> list[str]:
    """Format what a model earns, and what it costs to have."""
    return [
        _name(row),
        _interval(row.sharpe, row.sharpe_low, row.sharpe_high, 1),
        _number(row.turnover, 1),
        _number(row.fit_seconds, 1),
        _number(row.predict_seconds, 1),
    ]


_SCORES = (
    "model",
    "CV\nloss",
    "val\nloss",
    "test\nloss",
    "direction gain\n1e-3 nats/bar",
    "AUC",
    "direction",
)
_TRADING = ("model", "Sharpe\nafter costs", "turnover\nper day", "fit\ns", "predict\ns")


def _terminal_table(title: str, headings: Sequence[str], rows: Iterable[Any]) -> Any:
    """Return a table that fits into 80 columns."""
    rich_table = import_optional("rich.table", extra="experiments")
    box = import_optional("rich.box", extra="experiments")
    shown = rich_table.Table(
        title=title, box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), title_justify="left"
    )
    for heading in headings:
        side = "left" if heading in ("model", "direction") else "right"
        if heading == "model":
            # A long name goes on in the next line; figures stay whole.
            shown.add_column(heading, max_width=_NAME_WIDTH, overflow="fold")
        else:
            shown.add_column(heading, justify=side, no_wrap=True)
    for cells in rows:
        shown.add_row(*cells)
    return shown


def terminal_tables(table: pd.DataFrame) -> list[Any]:
    """Return two rich tables per horizon: what models know, and what that earns.

    Parameters
    ----------
    table : DataFrame
        As `leaderboard` returns it.

    Returns
    -------
    tables : list of rich.table.Table
        None is wider than 80 columns.

    Examples
    --------
    >>> from sk_ensemble.experiments import terminal_tables
    >>> import pandas as pd
    >>> terminal_tables(pd.DataFrame({"horizon": []}))
    []
    """
    tables = []
    for horizon, group in table.groupby("horizon"):
        rows = list(group.itertuples())
        title = f"Horizon {horizon} bars, test period"
        tables += [
            _terminal_table(f"{title}: scores", _SCORES, map(_score_cells, rows)),
            _terminal_table(f"{title}: trading", _TRADING, map(_trading_cells, rows)),
        ]
    return tables


def _draw_points(axis: Any, rows: pd.DataFrame, columns: Sequence[str]) -> None:
    """Draw estimates, with an interval where three columns are given."""
    places = range(len(rows))
    values = rows[columns[0]]
    axis.plot(values, places, "o", color="C0", markersize=5)
    if len(columns) == 3:
        axis.hlines(places, rows[columns[1]], rows[columns[2]], color="C0", alpha=0.6)
        axis.axvline(0, color="0.6", linewidth=1, zorder=0)
    axis.grid(axis="x", alpha=0.3)
    axis.set_yticks(list(places), rows["model"])
    axis.set_ylim(len(rows) - 0.5, -0.5)


_PANELS = (
    ("test log loss, nats per bar (less is better)", ("log_loss",)),
    (
        "direction gain, 1e-3 nats per bar",
        ("direction_gain", "direction_gain_low", "direction_gain_high"),
    ),
    ("Sharpe ratio after costs", ("sharpe", "sharpe_low", "sharpe_high")),
)


def draw(table: pd.DataFrame, title: str) -> bytes:
    """Draw the leaderboard and return it as a PNG file.

    Parameters
    ----------
    table : DataFrame
        As `leaderboard` returns it.
    title : str
        Heading of the picture.
    """
    gains = ["direction_gain", "direction_gain_low", "direction_gain_high"]
    table = table.assign(**(table[gains] * _MILLI))
    horizons = table["horizon"].unique()
    height = 1.2 + sum(0.6 + 0.28 * (table["horizon"] == h).sum() for h in horizons)
    figure = new_figure(12, height)
    axes = figure.subplots(len(horizons), len(_PANELS), squeeze=False)
    for line, horizon in zip(axes, horizons, strict=True):
        rows = table[table["horizon"] == horizon]
        for axis, (heading, columns) in zip(line, _PANELS, strict=True):
            _draw_points(axis, rows, columns)
            axis.set_title(f"horizon {horizon}: {heading}", fontsize=9)
        for axis in line[1:]:
            axis.tick_params(labelleft=False)
    figure.suptitle(title, fontsize=11)
    return as_png(figure)
