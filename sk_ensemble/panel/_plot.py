"""Draw columns of a panel over time, a pair of axes for each symbol and column."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import Any

import numpy as np

from sk_ensemble._typing import FloatArray, IntArray, NanosecondArray
from sk_ensemble.exceptions import DataError
from sk_ensemble.panel._samples import Samples
from sk_ensemble.panel._summary import symbol_counts
from sk_ensemble.utils.colours import COLOURS
from sk_ensemble.utils.legend import name_colours
from sk_ensemble.utils.optional import import_optional
from sk_ensemble.utils.text import one_line
from sk_ensemble.utils.time_axis import name_times

__all__ = ["plot_panel"]

_N_BINS = 1000
#: More points of a line than this are drawn as the range in each bin.
_MOST_POINTS = 4 * _N_BINS
_SYMBOLS = 6
#: Told apart by people who confuse red and green, and from the colours of folds.
_LABEL_COLOURS = "PiYG"
#: A line breaks where a symbol is silent for so many of its usual steps.
_SILENCE = 10
#: What of the height the labels take.
_STRIP = 0.06
_FOLD_KINDS = ("unused", "train", "test")


def _listed(names: str | Sequence[str] | None) -> list[str] | None:
    return [names] if isinstance(names, str) else None if names is None else list(names)


def _chosen(
    asked: str | Sequence[str] | None, known: Sequence[str], what: str
) -> list[str] | None:
    """Return the names asked for, refusing those that are not there."""
    names = _listed(asked)
    if names is not None and not names:
        msg = f"{what} is empty: name at least one, or leave it out."
        raise DataError(msg)
    for name in names or ():
        if name not in known:
            near = get_close_matches(str(name), list(map(str, known)), 3) or known[:3]
            msg = f"{what} has {name!r}, which the panel lacks; near are {list(near)}."
            raise DataError(msg)
    return names


def _columns(samples: Samples, asked: str | Sequence[str] | None) -> list[str]:
    known = samples.columns
    if known is None or not known:
        msg = "The features of the panel have no names to choose by."
        raise DataError(msg)
    names = _chosen(asked, known, "columns")
    return names or (["close"] if "close" in known else list(known[:1]))


def _symbols(samples: Samples, asked: str | Sequence[str] | None) -> list[Any]:
    present = samples.history.symbol_names[symbol_counts(samples) > 0].tolist()
    return _chosen(asked, present, "symbols") or present[:_SYMBOLS]


def _range_in_bins(places: IntArray, values: FloatArray) -> tuple[Any, Any]:
    """Return the least and the greatest value of each of many stretches."""
    starts = np.linspace(0, len(places), 2 * _N_BINS, endpoint=False).astype(np.int64)
    least, greatest = (f.reduceat(values, starts) for f in (np.fmin, np.fmax))
    return np.repeat(places[starts], 2), np.column_stack([least, greatest]).ravel()


def _line(
    samples: Samples, rows: IntArray, places: IntArray, column: int
) -> tuple[Any, Any]:
    """Return places and values of a line that breaks at segments and silences."""
    values, own = samples.history.block[samples.positions[rows], column], places[rows]
    if len(rows) > _MOST_POINTS:
        return _range_in_bins(own, values)
    steps = np.diff(own)
    is_break = np.diff(samples.segment_starts[rows]) != 0
    if len(steps):
        is_break |= steps > _SILENCE * max(1.0, float(np.median(steps)))
    breaks = np.flatnonzero(is_break) + 1
    return (
        np.insert(own, breaks, own[breaks]),
        np.insert(values.astype(np.float64), breaks, np.nan),
    )


def _bins(places: IntArray, n_times: int) -> IntArray:
    return places * min(_N_BINS, n_times) // n_times


def _checked_labels(y: Any, n_samples: int) -> FloatArray:
    labels = np.asarray(y)
    if labels.shape != (n_samples,) or labels.dtype.kind not in "iufb":
        msg = (
            f"y must hold a number for each of {n_samples} samples, got shape "
            f"{labels.shape} of {labels.dtype}. Pass what panel.align returns."
        )
        raise DataError(msg)
    return labels.astype(np.float64)


def _draw_labels(
    axis: Any, labels: FloatArray, rows: IntArray, bins: IntArray, n_times: int
) -> None:
    """Colour the foot of the axes by the mean label of each bin."""
    n_bins = min(_N_BINS, n_times)
    known = rows[~np.isnan(labels[rows])]
    counts = np.bincount(bins[known], minlength=n_bins)
    sums = np.bincount(bins[known], weights=labels[known], minlength=n_bins)
    means = np.divide(sums, counts, out=np.full(n_bins, np.nan), where=counts > 0)
    largest = np.nanmax(np.abs(labels), initial=0.0) or 1.0
    axis.set_autoscale_on(False)
    axis.pcolormesh(
        np.linspace(0, n_times, n_bins + 1),
        [0.0, _STRIP],
        np.ma.masked_invalid(means)[None, :],
        transform=axis.get_xaxis_transform(),
        cmap=_LABEL_COLOURS,
        vmin=-largest,
        vmax=largest,
        rasterized=True,
    )


def _paint_folds(
    folds: Iterable[Any], n_samples: int, bins: IntArray, shown: IntArray
) -> FloatArray:
    """Return the number of the kind of rows in each fold and bin."""
    lanes = []
    for train, test in folds:
        kinds = np.zeros(n_samples, dtype=np.int64)
        kinds[train], kinds[test] = 1, 2
        lane = np.full(int(bins.max()) + 1, np.nan)
        np.fmax.at(lane, bins[shown], kinds[shown])
        lanes.append(lane)
    if not lanes:
        msg = "folds is empty: pass what cv.split(X) returns, or leave it out."
        raise DataError(msg)
    return np.array(lanes)


def _draw_folds(axis: Any, painted: FloatArray, n_times: int) -> None:
    """Draw a lane for each fold."""
    colors = import_optional("matplotlib.colors", extra="experiments")
    n_folds, n_bins = painted.shape
    axis.pcolormesh(
        np.linspace(0, n_times, n_bins + 1),
        np.arange(n_folds + 1),
        np.ma.masked_invalid(painted),
        cmap=colors.ListedColormap([COLOURS[kind] for kind in _FOLD_KINDS]),
        vmin=-0.5,
        vmax=len(_FOLD_KINDS) - 0.5,
        rasterized=True,
    )
    axis.hlines(np.arange(1, n_folds), 0, n_times, color="white", linewidth=1.5)
    axis.set_ylim(n_folds, 0)
    axis.set_yticks([])
    axis.set_ylabel("folds")


def _add_legend(figure: Any, labels: FloatArray | None, has_folds: bool) -> None:
    """Name the colours above the axes."""
    matplotlib = import_optional("matplotlib", extra="experiments")
    colours: dict[str, Any] = {}
    if labels is not None:
        low, high = matplotlib.colormaps[_LABEL_COLOURS]([0.15, 0.85])
        colours |= {"labels below 0": low, "labels above 0": high}
    if has_folds:
        colours |= {kind: COLOURS[kind] for kind in _FOLD_KINDS[1:]}
    name_colours(figure, colours)


def _make_axes(n_axes: int, n_folds: int) -> tuple[Any, Any]:
    """Return axes below each other, and flat ones for the folds."""
    pyplot = import_optional("matplotlib.pyplot", extra="experiments")
    heights = [1.6] * n_axes + ([min(max(0.14 * n_folds, 0.3), 2.0)] if n_folds else [])
    figure, axes = pyplot.subplots(
        len(heights),
        1,
        sharex=True,
        squeeze=False,
        figsize=(8.0, 0.9 + sum(heights)),
        height_ratios=heights,
        layout="constrained",
    )
    return figure, axes[:, 0]


def _style(axis: Any, title: str, column: str) -> None:
    axis.set_title(title, loc="left", fontsize=10, parse_math=False)
    axis.set_ylabel(one_line(column), parse_math=False)
    axis.grid(True, alpha=0.3, linewidth=0.6)
    for side in ("top", "right"):
        axis.spines[side].set_visible(False)


def _times(samples: Samples) -> NanosecondArray:
    times = samples.times_ns
    if times is None or not len(times):
        msg = "There is nothing to plot: the panel has no samples with times."
        raise DataError(msg)
    return times


def plot_panel(
    panel: Samples,
    columns: str | Sequence[str] | None,
    symbols: str | Sequence[str] | None,
    y: Any,
    folds: Iterable[Any] | None,
) -> np.ndarray:
    """Draw columns of a panel; see `Panel.plot`.

    Parameters
    ----------
    panel : Panel of shape (n_samples, n_features)
        The panel.
    columns, symbols, y, folds
        As in `Panel.plot`.
    """
    times = _times(panel)
    names, shown = _columns(panel, columns), _symbols(panel, symbols)
    labels = None if y is None else _checked_labels(y, len(panel))
    rows = np.flatnonzero(np.isin(panel.symbols.astype(object), shown))
    stamps = np.unique(times[rows])
    places = np.searchsorted(stamps, times)
    bins = _bins(np.minimum(places, len(stamps) - 1), len(stamps))
    painted = None if folds is None else _paint_folds(folds, len(panel), bins, rows)
    n_lines = len(shown) * len(names)
    figure, axes = _make_axes(n_lines, 0 if painted is None else len(painted))
    lines = np.asarray(axes[:n_lines]).reshape(len(shown), len(names))
    known = list(panel.columns or ())
    for symbol, row in zip(shown, lines, strict=True):
        own = rows[panel.symbols[rows] == symbol]
        own = own[np.argsort(places[own], kind="stable")]
        for name, axis in zip(names, row, strict=True):
            axis.plot(*_line(panel, own, places, known.index(name)), linewidth=0.9)
            axis.set_xlim(0, len(stamps))
            _style(axis, one_line(symbol), name)
            if labels is not None:
                _draw_labels(axis, labels, own, bins, len(stamps))
    if painted is not None:
        _draw_folds(axes[-1], painted, len(stamps))
    name_times(axes[-1], stamps)
    _add_legend(figure, labels, painted is not None)
    return lines
