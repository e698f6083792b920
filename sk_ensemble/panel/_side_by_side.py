"""Show columns that lie at equal distances in memory as one matrix."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import as_strided

__all__ = ["side_by_side"]


def _address(column: np.ndarray) -> int:
    """Return where the first entry of a column lies in memory."""
    address: int = column.__array_interface__["data"][0]
    return address


def _continues(matrix: list[np.ndarray], column: np.ndarray) -> bool:
    """Tell whether a column lies behind others as these lie behind one another."""
    last = matrix[-1]
    # NumPy takes what lies between the first and the last entry of a matrix for its
    # own: between arrays of their own would be whatever the matrix is copied to.
    if not isinstance(last.base, np.ndarray) or last.base is not column.base:
        return False
    if (last.dtype, last.strides) != (column.dtype, column.strides):
        return False
    step = _address(column) - _address(last)
    return len(matrix) == 1 or step == _address(last) - _address(matrix[-2])


def _as_matrix(columns: list[np.ndarray]) -> np.ndarray:
    """Return columns at equal distances in memory as a matrix that shows them."""
    first = columns[0]
    step = _address(columns[1]) - _address(first) if len(columns) > 1 else 0
    shape = len(first), len(columns)
    return as_strided(first, shape, (first.strides[0], step), writeable=False)


def side_by_side(columns: list[np.ndarray]) -> list[np.ndarray]:
    """Return columns as few matrices, none of which is a copy.

    The columns of a frame mostly come from a few matrices. Of such a one NumPy copies
    whole rows, or many entries of a column, at once. Columns that are views of one
    array, at equal distances, are put together.

    Parameters
    ----------
    columns : list of ndarray of shape (n_rows,)
        The columns, at least one.

    Returns
    -------
    matrices : list of ndarray of shape (n_rows, n_columns)
        The same columns in the same order, not to be written to.

    Examples
    --------
    >>> import numpy as np
    >>> from sk_ensemble.panel._side_by_side import side_by_side
    >>> values = np.zeros((4, 3))
    >>> [m.shape for m in side_by_side([*values.T, np.zeros(4, "float32")])]
    [(4, 3), (4, 1)]
    """
    matrices = [columns[:1]]
    for column in columns[1:]:
        if _continues(matrices[-1], column):
            matrices[-1].append(column)
        else:
            matrices.append([column])
    return [_as_matrix(matrix) for matrix in matrices]
