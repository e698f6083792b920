"""Draw what a splitter does to the samples, fold by fold over time."""

from __future__ import annotations

from typing import Any

import numpy as np

from sk_ensemble._typing import BoolArray, IntArray
from sk_ensemble.exceptions import DataError
from sk_ensemble.model_selection._plan import FoldRows
from sk_ensemble.model_selection._timeline import Timeline, read_timeline
from sk_ensemble.utils.colours import COLOURS
from sk_ensemble.utils.legend import name_colours
from sk_ensemble.utils.optional import import_optional
from sk_ensemble.utils.time import unique_times
from sk_ensemble.utils.time_axis import name_times

__all__ = ["COLOURS", "plot_splits"]

_N_BINS = 1000


def _rows_of_any(cv: Any, X: Any, y: Any) -> list[FoldRows]:
    """Return the rows of each fold of a splitter that knows no purging."""
    n_rows = X.shape[0] if hasattr(X, "shape") else len(X)
    everything = np.arange(n_rows)
    folds = []
    for train, test in cv.split(X, y):
        is_train, is_test = np.isin(everything, train), np.isin(everything, test)
        none = np.zeros(n_rows, dtype=bool)
        folds.append(FoldRows(is_train, is_test, none, none, ~(is_train | is_test)))
    return folds


def _fold_rows(cv: Any, X: Any, y: Any, label_end: Any) -> list[FoldRows]:
    """Return what becomes of each row in each fold."""
    if not hasattr(cv, "_plan_folds"):
        return _rows_of_any(cv, X, y)
    plan = cv._plan_folds(X, y, label_end)
    return [plan.rows(fold) for fold in range(len(plan.folds))]


def _paint(folds: list[FoldRows], bins: IntArray, chosen: BoolArray) -> np.ndarray:
    """Return the number of the colour of each fold and bin, NaN where no row is."""
    n_bins = int(bins.max()) + 1
    painted = np.full((len(folds), n_bins), np.nan)
    for lane, rows in zip(painted, folds, strict=True):
        for number, kind in enumerate(COLOURS):
            lane[bins[getattr(rows, kind) & chosen]] = number
    return painted


def _draw_lanes(axis: Any, painted: np.ndarray, right: int) -> None:
    """Draw one lane per fold, with white lines between them."""
    colors = import_optional("matplotlib.colors", extra="experiments")
    n_folds, n_bins = painted.shape
    edges = np.linspace(0, right, n_bins + 1)
    axis.pcolormesh(
        edges,
        np.arange(n_folds + 1),
        np.ma.masked_invalid(painted),
        cmap=colors.ListedColormap(list(COLOURS.values())),
        vmin=-0.5,
        vmax=len(COLOURS) - 0.5,
        rasterized=True,
    )
    width = min(4.0, 60 / n_folds)
    axis.hlines(np.arange(1, n_folds), 0, right, color="white", linewidth=width)
    axis.set_xlim(0, right)
    axis.set_ylim(n_folds, 0)
    step = -(-n_folds // 15)
    ticks = np.arange(0, n_folds, step)
    axis.set_yticks(ticks + 0.5, labels=[str(tick) for tick in ticks])
    axis.tick_params(axis="y", length=0)
    for side in axis.spines.values():
        side.set_visible(False)


def _name_times(axis: Any, timeline: Timeline, stamps: np.ndarray) -> None:
    """Label the places of times with their dates, or of rows with their numbers."""
    if timeline.keys is None:
        ticker = import_optional("matplotlib.ticker", extra="experiments")
        axis.xaxis.set_major_locator(ticker.MaxNLocator(6, integer=True))
        axis.set_xlabel("row")
    else:
        name_times(axis, stamps)


def _add_legend(figure: Any, painted: list[np.ndarray]) -> None:
    """Name the colours that are there, above the lanes."""
    present = np.unique(np.concatenate([each.ravel() for each in painted]))
    there = (pair for number, pair in enumerate(COLOURS.items()) if number in present)
    name_colours(figure, dict(there))


def _panes(timeline: Timeline, by_symbol: bool) -> dict[str, BoolArray]:
    """Return the rows drawn on each axes, by title."""
    if not by_symbol:
        return {"": np.ones(len(timeline.times), dtype=bool)}
    keys = timeline.keys
    symbols = None if keys is None else keys.symbols()
    if symbols is None:
        msg = (
            "by_symbol=True needs symbols, but the rows of X have none. Pass X as a "
            "Panel or a DataFrame indexed by (symbol, time)."
        )
        raise DataError(msg)
    return {str(name): symbols == name for name in sorted(set(symbols))}


def plot_splits(
    cv: Any,
    X: Any,
    y: Any = None,
    *,
    label_end: Any = None,
    by_symbol: bool = False,
    ax: Any = None,
) -> Any:
    """Draw the rows trained, tested, purged and under embargo in each fold.

    One lane per fold, time from left to right. Nights, weekends and other pauses of all
    symbols are left out, so equal lengths are equal numbers of times. What would be too
    narrow to see is drawn wider: a thousandth of the axis shows what is most particular
    in it, purged before embargoed before tested before trained.

    Parameters
    ----------
    cv : cross-validator
        A splitter of this package; of any other, training and test rows are drawn.
    X : Panel, Windows, DataFrame or array-like of n_samples rows
        The samples.
    y : array-like of shape (n_samples,), default=None
        Passed to the splitter.
    label_end : array-like of datetime64 of shape (n_samples,), default=None
        Time at which each label ends; None means the panel's own.
    by_symbol : bool, default=False
        Draw each symbol on axes of its own, one below the other. Rows are purged by
        the bars of their own symbol, so the zones differ where symbols trade at
        different hours.
    ax : matplotlib Axes, default=None
        Where to draw; None makes a figure. Not with `by_symbol`.

    Returns
    -------
    axes : matplotlib Axes, or ndarray of Axes of shape (n_symbols,)
        What was drawn on: several with `by_symbol`.

    Raises
    ------
    DataError
        If `by_symbol` is asked for and the rows have no symbols.
    ImportError
        If matplotlib is not installed.

    See Also
    --------
    describe_splits : The same in numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from sk_ensemble.model_selection import CombinatorialPurgedSplit, plot_splits
    >>> cv = CombinatorialPurgedSplit(6, 2, purged_size=5, embargo_size=10)
    >>> axes = plot_splits(cv, np.zeros((300, 1)))
    >>> axes.get_ylabel(), axes.get_xlabel()
    ('fold', 'row')
    """
    if ax is not None and by_symbol:
        msg = "by_symbol=True draws on several axes: leave ax out."
        raise ValueError(msg)
    timeline = read_timeline(X)
    panes = _panes(timeline, by_symbol)
    folds = _fold_rows(cv, X, y, label_end)
    stamps = unique_times(timeline.times)
    n_bins = min(_N_BINS, len(stamps))
    bins = np.searchsorted(stamps, timeline.times) * n_bins // len(stamps)
    painted = [_paint(folds, bins, chosen) for chosen in panes.values()]
    axes = _make_axes(len(panes), len(folds)) if ax is None else np.array([ax])
    for axis, title, lanes in zip(axes, panes, painted, strict=True):
        _draw_lanes(axis, lanes, len(stamps))
        axis.set_ylabel("fold")
        axis.set_title(title, loc="left", fontsize=10)
    _name_times(axes[-1], timeline, stamps)
    if ax is None:
        _add_legend(axes[0].figure, painted)
    return axes if by_symbol else axes[0]


def _make_axes(n_panes: int, n_folds: int) -> np.ndarray:
    """Return axes below each other, high enough for the lanes."""
    pyplot = import_optional("matplotlib.pyplot", extra="experiments")
    height = min(max(0.26 * n_folds, 1.3), 7.0)
    _, axes = pyplot.subplots(
        n_panes,
        1,
        sharex=True,
        squeeze=False,
        figsize=(8.0, 0.9 + n_panes * (height + 0.2)),
        layout="constrained",
    )
    return np.asarray(axes[:, 0])
