"""Check tables that are no panels: arrays and frames."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from sk_ensemble._typing import FloatArray
from sk_ensemble.exceptions import DataError
from sk_ensemble.panel._from_frame import holds_numbers, is_number, repeated
from sk_ensemble.utils.sklearn_api import validate_data

__all__ = ["TABLE_TYPES", "checked_table"]

#: Types in which tables are taken as they are; others become the first.
TABLE_TYPES = (np.float64, np.float32)


def _refuse_columns(frame: pd.DataFrame) -> None:
    """Raise, naming them, for columns that repeat or hold no numbers."""
    twice = repeated(list(frame.columns))
    if twice:
        msg = f"Columns {twice} occur more than once. Rename or drop the copies."
        raise DataError(msg)
    for name, column in frame.items():
        if holds_numbers(column.dtype):
            continue
        numbers = column.astype(object).map(is_number).to_numpy(dtype=bool)
        if not numbers.all():
            row = int(np.argmin(numbers))
            msg = (
                f"Feature {name!r} has dtype {column.dtype}, which is no number; row "
                f"{row} holds {column.iloc[row]!r}. Drop or encode it."
            )
            raise DataError(msg)


def checked_table(
    estimator: Any, X: Any, *, reset: bool, ensure_all_finite: bool | str
) -> FloatArray:
    """Return the values of a table, as scikit-learn's `validate_data` does.

    Unlike there, faults of the data are a `DataError`, and one in a column of a frame
    names the column.

    Parameters
    ----------
    estimator : estimator
        Its features are recorded, or compared with the table.
    X : DataFrame or array-like of shape (n_samples, n_features)
        The table.
    reset : bool
        True in fit, False afterwards.
    ensure_all_finite : bool or "allow-nan"
        Whether NaN and infinite values are refused.

    Returns
    -------
    values : ndarray of shape (n_samples, n_features)
        Floats.

    Raises
    ------
    DataError
        If the table cannot be used as it is.

    Examples
    --------
    >>> import pandas as pd
    >>> from sk_ensemble.panel import checked_table
    >>> from sk_ensemble.preprocessing import WindowFlattener
    >>> text = pd.DataFrame({"close": [1.0], "venue": ["A"]})
    >>> checked_table(WindowFlattener(), text, reset=True, ensure_all_finite=True)
    Traceback (most recent call last):
        ...
    sk_ensemble.exceptions.DataError: Feature 'venue' has dtype str, which is no ...
    """
    if isinstance(X, pd.DataFrame):
        _refuse_columns(X)
    try:
        values: FloatArray = validate_data(
            estimator,
            X,
            reset=reset,
            dtype=TABLE_TYPES,
            ensure_all_finite=ensure_all_finite,
        )
    except ValueError as error:
        raise DataError(str(error)) from error
    return values
