"""How often each class occurs."""

from __future__ import annotations

import pandas as pd

from sk_ensemble.exceptions import DataError
from sk_ensemble.utils.bars import symbol_time_keys

__all__ = ["label_shares"]


def label_shares(labels: pd.DataFrame) -> pd.DataFrame:
    """Compute the share of each class, per symbol and over all symbols.

    Parameters
    ----------
    labels : DataFrame of n_labels rows
        What :func:`fixed_horizon_labels` returns: a column ``label``, and ``symbol``
        and ``datetime`` as columns or index levels.

    Returns
    -------
    shares : DataFrame of shape (n_symbols + 1, n_classes)
        Fractions that add up to 1 in each row; one row per symbol, sorted, and a last
        row ``"all"`` over all labels.

    Raises
    ------
    DataError
        If there is no label, or no column ``label``.

    Examples
    --------
    >>> import pandas as pd
    >>> from sk_ensemble.labeling import label_shares
    >>> labels = pd.DataFrame({
    ...     "symbol": ["A", "A", "B", "B"],
    ...     "datetime": pd.to_datetime(["2021-01-04", "2021-01-05"] * 2),
    ...     "label": [-1, 1, 1, 1],
    ... })
    >>> label_shares(labels)
    label    -1     1
    symbol
    A      0.50  0.50
    B      0.00  1.00
    all    0.25  0.75
    """
    if "label" not in labels.columns or labels.empty:
        msg = (
            f"There are no labels: {len(labels)} rows with columns "
            f"{list(labels.columns)}. Pass what a label maker returned."
        )
        raise DataError(msg)
    symbols = pd.Series(symbol_time_keys(labels)[0], name="symbol").astype(object)
    classes = pd.Series(labels["label"].to_numpy(), name="label")
    return pd.crosstab(
        symbols, classes, normalize="index", margins=True, margins_name="all"
    )
