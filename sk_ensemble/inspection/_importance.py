"""What features are worth out of sample."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from sk_ensemble._typing import FloatArray
from sk_ensemble.utils.optional import import_optional

__all__ = ["FeatureImportance"]


@dataclass(frozen=True)
class FeatureImportance:
    """Hold how much worse a model predicts without a feature, or without several.

    Attributes
    ----------
    folds : DataFrame of shape (n_folds, n_features)
        Loss of score in each fold, mean over the repeats; one column per feature or
        cluster.
    baseline : ndarray of shape (n_folds,)
        Score of each fold with nothing permuted.
    scoring : str
        What the score is.
    clusters : dict of str to tuple of str
        Features that were permuted together, by column of `folds`.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from sk_ensemble.inspection import FeatureImportance
    >>> folds = pd.DataFrame({"noise": [0.0, 0.0], "signal": [0.1, 0.3]})
    >>> importance = FeatureImportance(
    ...     folds, np.zeros(2), "accuracy", {"noise": ("noise",), "signal": ("signal",)}
    ... )
    >>> importance.to_frame()
            mean  std_error features
    signal   0.2        0.1   signal
    noise    0.0        0.0    noise
    """

    folds: pd.DataFrame
    baseline: FloatArray
    scoring: str
    clusters: dict[str, tuple[str, ...]]

    @property
    def mean(self) -> pd.Series:
        """Mean over the folds."""
        return self.folds.mean()

    @property
    def std_error(self) -> pd.Series:
        """Standard deviation over the K folds x K^-0.5; NaN for one fold."""
        return self.folds.std(ddof=1) / np.sqrt(len(self.folds))

    def to_frame(self) -> pd.DataFrame:
        """Return mean, standard error and members, the most important first.

        Returns
        -------
        frame : DataFrame of n_features rows
            Columns mean, std_error and features.
        """
        members = {name: ", ".join(group) for name, group in self.clusters.items()}
        table = {"mean": self.mean, "std_error": self.std_error, "features": members}
        frame = pd.DataFrame(table).loc[list(self.folds)]
        return frame.sort_values("mean", ascending=False, kind="stable")

    def plot(self, ax: Any = None, *, max_features: int = 20) -> Any:
        """Draw the most important features with their standard errors.

        Parameters
        ----------
        ax : matplotlib Axes or None, default=None
            Where to draw; None makes a new figure.
        max_features : int, default=20
            Bars to draw.

        Returns
        -------
        ax : matplotlib Axes
            With one bar per feature and a dot per fold.
        """
        plt = import_optional("matplotlib.pyplot", extra="experiments")
        table = self.to_frame().head(max_features)[::-1]
        if ax is None:
            size = (6.4, 0.8 + 0.3 * len(table))
            _, ax = plt.subplots(figsize=size, layout="constrained")
        rows = np.arange(len(table))
        ax.barh(rows, table["mean"], color="C0", alpha=0.35, height=0.7)
        error = {"ecolor": "C0", "capsize": 3, "fmt": "none"}
        ax.errorbar(table["mean"], rows, xerr=table["std_error"], **error)
        for row, name in enumerate(table.index):
            values = self.folds[name]
            ax.plot(values, np.full(len(values), row), ".", color="0.3", markersize=4)
        ax.axvline(0, color="0.2", linewidth=0.8)
        ax.set_yticks(rows, list(table.index))
        ax.set_xlabel(f"loss of {self.scoring} when permuted")
        ax.spines[["top", "right"]].set_visible(False)
        return ax
