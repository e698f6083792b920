"""Whether probabilities come true as often as they say."""

from __future__ import annotations

from typing import Any

import numpy as np

from sk_ensemble._typing import FloatArray, IntArray
from sk_ensemble.experiments._labels import LABELS
from sk_ensemble.metrics import classwise_calibration_error
from sk_ensemble.report._blocks import Block, Figure, Heading, Section
from sk_ensemble.report._chart import label, new_axes
from sk_ensemble.report._evidence import Evidence
from sk_ensemble.report._format import number
from sk_ensemble.report._horizon import Horizon
from sk_ensemble.report._theme import Theme

__all__ = ["make"]

_LEAD = (
    "Test bars are sorted by the predicted probability of a class into ten groups of "
    "about equal size. A point shows how often the class came true in a group, with "
    "its 95 % interval from a bootstrap of days; on the diagonal the probability "
    "keeps its word. ECE is the mean distance from it over groups and classes; "
    "chance alone makes it greater than zero."
)

_NAMES = ("down", "neutral", "up")
_COLOURS = ("#d1495b", "#8a93a3", "#2f7fd1")
_BINS = 10


def bins_of(proba: FloatArray) -> IntArray:
    """Return groups of about equal size, equal probabilities in the same one."""
    edges = np.quantile(proba, np.arange(1, _BINS) / _BINS, method="inverted_cdf")
    bins = np.searchsorted(np.unique(edges), proba, side="left")
    groups: IntArray = np.unique(bins, return_inverse=True)[1]
    return groups


def _draw(axis: Any, theme: Theme, horizon: Horizon, model: str) -> None:
    top = 0.0
    for place, (name, colour) in enumerate(zip(_NAMES, _COLOURS, strict=True)):
        proba = horizon.proba[model][:, place]
        bins = bins_of(proba)
        n_bins = int(bins.max()) + 1
        means = np.bincount(bins, weights=proba) / np.bincount(bins)
        found = horizon.draws.shares(bins, n_bins, horizon.places == place)
        shares, low, high = found
        axis.vlines(means, low, high, color=colour, linewidth=0.9, alpha=0.55)
        axis.plot(
            means, shares, "o-", color=colour, markersize=3, linewidth=1.2, label=name
        )
        top = max(top, float(means.max()), float(np.max(high)))
    top *= 1.05
    axis.plot([0, top], [0, top], color=theme.faint, linewidth=1)
    axis.set_xlim(0, top)
    axis.set_ylim(0, top)


def _figure(horizon: Horizon, model: str) -> Figure:
    error = classwise_calibration_error(
        horizon.y, horizon.proba[model], labels=LABELS, n_bins=_BINS, binning="mass"
    )

    def draw(theme: Theme) -> Any:
        figure, axis = new_axes(theme, 3.1, 2.7)
        _draw(axis, theme, horizon, model)
        axis.set_title(label(model), fontweight="bold")
        axis.set_xlabel("predicted")
        axis.set_ylabel("came true")
        axis.legend(
            frameon=False,
            fontsize=8,
            labelcolor=theme.ink,
            loc="upper left",
            handlelength=1,
        )
        return figure

    place = horizon.models.index(model)
    caption = f"{model}, horizon {horizon.horizon}: ECE {number(error, 4)}."
    return Figure(f"calibration_h{horizon.horizon}_{place:02d}", caption, draw, True)


def make(evidence: Evidence) -> Section | None:
    """Return the section."""
    blocks: list[Block] = []
    for horizon in evidence.horizons:
        blocks.append(Heading(f"Horizon {horizon.horizon} bars"))
        blocks += [_figure(horizon, model) for model in horizon.models]
    return Section("calibration", "Calibration", blocks, _LEAD) if blocks else None
