"""How far the features of live bars have moved from those of training."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from sk_ensemble._typing import FloatArray, IntArray
from sk_ensemble.panel import Panel

__all__ = ["Drift", "training_quantiles"]

#: Shares of the training bars below the edges of the bins.
_LEVELS = np.linspace(0.1, 0.9, 9)

#: Share that a bin is given at least, so that an empty one has a logarithm.
_SMALLEST_SHARE = 1e-4


def training_quantiles(panel: Panel) -> FloatArray:
    """Return the deciles of each feature over the samples of a panel.

    Parameters
    ----------
    panel : Panel of shape (n_samples, n_features)
        The samples that a model was trained on.

    Returns
    -------
    edges : ndarray of shape (n_features, 11)
        Least value, nine deciles and greatest value; NaN for a feature without values.
    """
    edges = np.full((panel.history.n_features, len(_LEVELS) + 2), np.nan)
    for number in range(len(edges)):
        # One feature at a time: all of them might not fit in memory again.
        values = panel.history.block[panel.positions, number].astype(np.float64)
        values = values[~np.isnan(values)]
        if len(values):
            inner = np.quantile(values, _LEVELS)
            edges[number] = [values.min(), *inner, values.max()]
    return edges


def _stability_index(counts: IntArray, expected: FloatArray) -> float:
    """Return the population stability index of counts in bins, NaN without any."""
    if not counts.sum():
        return float("nan")
    found = np.maximum(counts / counts.sum(), _SMALLEST_SHARE)
    usual = np.maximum(expected, _SMALLEST_SHARE)
    return float(((found - usual) * np.log(found / usual)).sum())


class Drift:
    """Count the features of live bars in the deciles of training.

    Parameters
    ----------
    features : sequence of str
        Names of the features.
    edges : ndarray of shape (n_features, 11)
        As `training_quantiles` returns them.
    expected : ndarray of shape (n_features, 10)
        Shares of the training bars between the edges.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from sk_ensemble import Panel
    >>> from sk_ensemble.production._drift import Drift
    >>> frame = pd.DataFrame({"symbol": "A", "close": np.arange(100.0)})
    >>> frame["datetime"] = pd.date_range("2024-01-01", periods=100, freq="5min")
    >>> drift = Drift.of_training(Panel.from_frame(frame))
    >>> for close in range(90, 110):
    ...     drift.count(np.array([float(close)]))
    >>> drift.report().round(2).to_dict("records")
    [{'feature': 'close', 'n_bars': 20, 'below': 0.0, 'above': 0.5, 'missing': 0.0, ...
    """

    def __init__(
        self, features: Sequence[str], edges: FloatArray, expected: FloatArray
    ) -> None:
        self.features = tuple(features)
        self.edges = np.asarray(edges, dtype=np.float64)
        self.expected = np.asarray(expected, dtype=np.float64)
        n_features, n_bins = self.expected.shape
        # Below all of training, its deciles, above all of it, missing.
        self.counts = np.zeros((n_features, n_bins + 3), dtype=np.int64)
        self._rows = np.arange(n_features)

    @classmethod
    def of_training(cls, panel: Panel) -> Drift:
        """Learn from the samples that a model was trained on.

        Parameters
        ----------
        panel : Panel of shape (n_samples, n_features)
            The samples.
        """
        edges = training_quantiles(panel)
        drift = cls(panel.columns or (), edges, np.zeros((len(edges), 10)))
        for start in range(0, len(panel), 4096):
            rows = panel.positions[start : start + 4096]
            drift._count_many(panel.history.block[rows])
        # Equal values may fill several deciles, so shares are counted and not assumed.
        inside = drift.counts[:, 1:-2]
        drift.expected = inside / np.maximum(inside.sum(axis=1, keepdims=True), 1)
        drift.reset()
        return drift

    def _bins(self, values: FloatArray) -> IntArray:
        """Return the place of each value among the counts of its feature."""
        wide = np.asarray(values, dtype=np.float64)[..., None]
        low, inner, high = self.edges[:, 0], self.edges[:, 1:-1], self.edges[:, -1]
        bins: IntArray = 1 + (wide > inner).sum(axis=-1)
        bins[wide[..., 0] < low] = 0
        bins[wide[..., 0] > high] = self.counts.shape[1] - 2
        bins[np.isnan(wide[..., 0])] = self.counts.shape[1] - 1
        return bins

    def _count_many(self, values: FloatArray) -> None:
        np.add.at(self.counts, (self._rows[None, :], self._bins(values)), 1)

    def count(self, values: FloatArray) -> None:
        """Take one bar.

        Parameters
        ----------
        values : ndarray of shape (n_features,)
            Its features.
        """
        self.counts[self._rows, self._bins(values)] += 1

    def reset(self) -> None:
        """Begin anew."""
        self.counts[:] = 0

    def report(self) -> pd.DataFrame:
        """Return one row per feature, the one that has moved most first.

        Returns
        -------
        report : DataFrame
            ``feature``; ``n_bars`` that were counted; the shares of them ``below`` and
            ``above`` all of training and ``missing``; ``stability_index``, the
            population stability index over the deciles of training: the sum of
            (found - expected) x log(found / expected), values beyond training counted
            in the outer deciles. It is usual to look from 0.1 on, and to act from 0.25.
        """
        rows = []
        for name, counts, expected in zip(
            self.features, self.counts, self.expected, strict=True
        ):
            n_bars = int(counts.sum())
            inside = counts[1:-2].copy()
            inside[0] += counts[0]
            inside[-1] += counts[-2]
            below, above, missing = counts[[0, -2, -1]] / max(n_bars, 1)
            rows.append(
                {
                    "feature": name,
                    "n_bars": n_bars,
                    "below": float(below),
                    "above": float(above),
                    "missing": float(missing),
                    "stability_index": _stability_index(inside, expected),
                }
            )
        columns = ["feature", "n_bars", "below", "above", "missing", "stability_index"]
        report = pd.DataFrame(rows, columns=columns)
        return report.sort_values(
            "stability_index", ascending=False, kind="stable", ignore_index=True
        )
