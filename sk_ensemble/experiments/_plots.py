"""Pictures of one cell: what it confuses, how sure it is, what it looks at."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from sk_ensemble._typing import FloatArray
from sk_ensemble.experiments._cell import Cell
from sk_ensemble.experiments._labels import LABELS, PROBA_COLUMNS
from sk_ensemble.experiments._predictions import labelled
from sk_ensemble.utils.optional import import_optional

__all__ = ["as_png", "cell_plots", "largest_shares", "new_figure"]

#: Pixels per inch.
_DPI = 110

#: Inches around an axis: left, bottom, right, top.
_MARGINS = (0.75, 0.55, 0.15, 0.35)

#: Features shown in a picture of importances, the rest is summed up.
_SHOWN = 20

#: Bins of a reliability curve, of equal numbers of rows.
_BINS = 10

_NAMES = {-1: "down", 0: "neutral", 1: "up"}


def new_figure(width: float, height: float) -> Any:
    """Return an empty figure, without a window or global state."""
    figures = import_optional("matplotlib.figure", extra="experiments")
    return figures.Figure(figsize=(width, height), dpi=_DPI, layout="constrained")


def _framed(width: float, height: float) -> tuple[Any, Any]:
    """Return a figure and its axis, with room for a title and short numbers.

    To find out how much room they take costs as much as to draw them.
    """
    figures = import_optional("matplotlib.figure", extra="experiments")
    figure = figures.Figure(figsize=(width, height), dpi=_DPI)
    axis = figure.subplots()
    left, bottom, right, top = _MARGINS
    figure.subplots_adjust(
        left=left / width,
        bottom=bottom / height,
        right=1 - right / width,
        top=1 - top / height,
    )
    return figure, axis


def as_png(figure: Any) -> bytes:
    """Return a figure as a PNG file, the same bytes for the same figure."""
    agg = import_optional("matplotlib.backends.backend_agg", extra="experiments")
    buffer = io.BytesIO()
    # `savefig` would draw it once more, to no effect, to find out where it goes.
    agg.FigureCanvasAgg(figure).print_png(buffer, metadata={"Software": None})
    return buffer.getvalue()


def _shares(frame: pd.DataFrame) -> FloatArray:
    """Return shares of the predicted classes per true class."""
    predicted = frame[list(PROBA_COLUMNS)].to_numpy().argmax(axis=1)
    true = np.searchsorted(LABELS, frame["y"].to_numpy())
    counts = np.zeros((len(LABELS), len(LABELS)))
    np.add.at(counts, (true, predicted), 1)
    shares: FloatArray = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    return shares


def _confusion(cell: Cell) -> Any:
    figure, axis = _framed(4.4, 3.8)
    shares = _shares(labelled(cell.predictions["test"]))
    axis.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for (row, column), share in np.ndenumerate(shares):
        color = "white" if share > 0.6 else "black"
        axis.text(column, row, f"{share:.0%}", ha="center", va="center", color=color)
    names = [_NAMES[label] for label in LABELS]
    axis.set_xticks(range(len(names)), names)
    axis.set_yticks(range(len(names)), names)
    axis.set_xlabel("predicted")
    axis.set_ylabel("true")
    axis.set_title(f"{cell.name}: test period, share of each true class", fontsize=9)
    return figure


def _reliability(proba: FloatArray, happened: np.ndarray) -> tuple[Any, Any]:
    """Return mean prediction and frequency per bin of equal numbers of rows."""
    order = np.argsort(proba, kind="stable")
    bins = [part for part in np.array_split(order, _BINS) if len(part)]
    means = [proba[part].mean() for part in bins]
    return means, [happened[part].mean() for part in bins]


def _calibration(cell: Cell) -> Any:
    figure, axis = _framed(4.6, 4.2)
    frame = labelled(cell.predictions["test"])
    y = frame["y"].to_numpy(dtype=np.int64)
    top = 0.0
    for column, label in zip(PROBA_COLUMNS, LABELS, strict=True):
        means, shares = _reliability(frame[column].to_numpy(), y == label)
        axis.plot(means, shares, "o-", markersize=4, label=_NAMES[label])
        top = max(top, *means, *shares)
    axis.plot([0, top], [0, top], color="0.6", linewidth=1, label="perfect")
    axis.set_xlabel("predicted probability, mean of a tenth of the bars")
    axis.set_ylabel("share of bars in which it happened")
    axis.set_title(f"{cell.name}: calibration in the test period", fontsize=9)
    axis.legend(frameon=False, fontsize=8)
    return figure


def largest_shares(
    importances: Mapping[str, Any], n_shown: int = _SHOWN
) -> tuple[list[str], list[float]]:
    """Return the largest shares, largest first, and the sum of the others.

    Parameters
    ----------
    importances : dict
        ``names`` and ``shares`` of the features.
    n_shown : int, default=20
        Features that are named.
    """
    shares = np.asarray(importances["shares"], dtype=np.float64)
    order = np.argsort(-shares, kind="stable")
    shown, rest = order[:n_shown], order[n_shown:]
    names = [str(importances["names"][place]) for place in shown]
    values = shares[shown].tolist()
    if len(rest):
        names.append(f"{len(rest)} others")
        values.append(float(shares[rest].sum()))
    return names, values


def _importance(cell: Cell) -> Any | None:
    if cell.importances is None:
        return None
    names, shares = largest_shares(cell.importances)
    figure = new_figure(6, 1 + 0.24 * len(shares))
    axis = figure.subplots()
    axis.barh(range(len(shares)), shares, color="C0")
    axis.set_yticks(range(len(shares)), names, fontsize=8)
    axis.invert_yaxis()
    axis.set_xlabel("share of the total gain")
    axis.set_title(f"{cell.name}: feature importance, all bars of the window", size=9)
    return figure


def _learning_curve(cell: Cell) -> Any | None:
    history = cell.training.get("history") or {}
    curves = {name: values for name, values in history.items() if len(values)}
    if not curves:
        return None
    figure, axis = _framed(5.4, 3.6)
    for name, values in curves.items():
        label = name.replace("_", " ").replace("val", "validation")
        marker = "o" if len(values) < 2 else ""
        axis.plot(range(1, len(values) + 1), values, marker=marker, label=label)
    kept = cell.training.get("n_iter")
    if kept:
        axis.axvline(kept, color="0.6", linewidth=1, label=f"kept: {kept} rounds")
    axis.xaxis.get_major_locator().set_params(integer=True)
    axis.set_xlabel("round or epoch")
    axis.set_ylabel("log loss, nats")
    axis.set_title(f"{cell.name}: learning curve of the refit", fontsize=9)
    axis.legend(frameon=False, fontsize=8)
    return figure


_PLOTS = {
    "confusion_matrix": _confusion,
    "calibration": _calibration,
    "feature_importance": _importance,
    "learning_curve": _learning_curve,
}


def cell_plots(cell: Cell) -> dict[str, bytes]:
    """Draw everything there is to draw of a cell.

    Parameters
    ----------
    cell : Cell
        The outcome of one model at one horizon.

    Returns
    -------
    pictures : dict of bytes
        PNG files by name; importances and learning curves only where there are any.
    """
    drawn = {name: plot(cell) for name, plot in _PLOTS.items()}
    return {name: as_png(figure) for name, figure in drawn.items() if figure}
