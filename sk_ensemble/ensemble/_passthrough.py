"""Features of the samples for a final estimator that sees them too."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.utils import check_array

from sk_ensemble._typing import FloatArray
from sk_ensemble.panel import Panel, Windows

__all__ = ["passed_features"]


def passed_features(X: Any) -> FloatArray:
    """Return the features of each sample's own bar.

    Parameters
    ----------
    X : Panel, DataFrame or array-like of shape (n_samples, n_features)
        The samples.

    Returns
    -------
    features : ndarray of float64 of shape (n_samples, n_features)
        One row per sample.

    Raises
    ------
    TypeError
        For windows, of which it is not clear what should be passed.
    """
    if isinstance(X, Windows):
        msg = (
            "passthrough=True passes the features of one bar per sample, and X holds "
            f"windows of {X.window_length} bars. Fit on the panel, with a Windower in "
            "each member's Pipeline, or use passthrough=False."
        )
        raise TypeError(msg)
    if isinstance(X, Panel):
        return np.asarray(X.to_numpy(), dtype=np.float64)
    return check_array(X, dtype=np.float64, ensure_all_finite=False, input_name="X")
