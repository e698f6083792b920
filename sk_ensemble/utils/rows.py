"""Rows of samples, targets and parameters of fit, whatever they are held in."""

from __future__ import annotations

from typing import Any

from sk_ensemble._typing import IntArray

__all__ = ["count_rows", "follow_one_another", "take_params", "take_rows"]


def count_rows(X: Any) -> int:
    """Return the number of rows of an array, frame, panel or list."""
    return int(X.shape[0]) if hasattr(X, "shape") else len(X)


def take_rows(values: Any, rows: IntArray) -> Any:
    """Return some rows of an array, frame, panel or list.

    Examples
    --------
    >>> import numpy as np
    >>> from sk_ensemble.utils.rows import take_rows
    >>> take_rows(["a", "b", "c"], np.array([2, 0]))
    ['c', 'a']
    """
    if hasattr(values, "iloc"):
        return values.iloc[rows]
    if hasattr(values, "shape"):
        return values[rows]
    return [values[row] for row in rows]


def follow_one_another(rows: IntArray) -> bool:
    """Tell whether each row number is one more than that before it.

    Such rows are a slice, which needs no copy.

    Examples
    --------
    >>> import numpy as np
    >>> from sk_ensemble.utils.rows import follow_one_another
    >>> follow_one_another(np.array([4, 5, 6])), follow_one_another(np.array([4, 6, 5]))
    (True, False)
    """
    # Most rows that do not are told apart by the first and the last of them.
    spanned = len(rows) and rows[-1] - rows[0] == len(rows) - 1
    return bool(spanned and (rows[1:] - rows[:-1] == 1).all())


def _is_per_row(value: Any, n_rows: int) -> bool:
    """Tell whether a parameter of fit has one value per row."""
    if isinstance(value, str | bytes | dict) or not hasattr(value, "__len__"):
        return False
    shape = getattr(value, "shape", (len(value),))
    return len(shape) > 0 and shape[0] == n_rows


def take_params(params: dict[str, Any], rows: IntArray, n_rows: int) -> dict[str, Any]:
    """Cut those parameters of fit that have one value per row.

    Parameters
    ----------
    params : dict
        Parameters by name.
    rows : ndarray of int64
        Rows to keep.
    n_rows : int
        Rows there are in all.

    Returns
    -------
    params : dict
        The same parameters; those of `n_rows` entries are cut.

    Examples
    --------
    >>> import numpy as np
    >>> from sk_ensemble.utils.rows import take_params
    >>> take_params({"weight": [1.0, 2.0, 3.0], "mode": "abc"}, np.array([1]), 3)
    {'weight': [2.0], 'mode': 'abc'}
    """
    return {
        name: take_rows(value, rows) if _is_per_row(value, n_rows) else value
        for name, value in params.items()
    }
