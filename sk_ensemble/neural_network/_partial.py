"""What the calls of `partial_fit` have to agree on."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.utils import column_or_1d

__all__ = ["first_or_known_classes", "refuse_balance"]


def first_or_known_classes(estimator: Any, classes: Any) -> np.ndarray:
    """Return the classes that an estimator has, or is to have from now on.

    Parameters
    ----------
    estimator : estimator
        Its `classes_`, if it has them, are the classes.
    classes : array-like of shape (n_classes,) or None
        What `partial_fit` was given.

    Returns
    -------
    classes : ndarray of shape (n_classes,)
        The classes, sorted.

    Raises
    ------
    ValueError
        If they are not given, or others than before.

    Examples
    --------
    >>> from sk_ensemble import LSTMClassifier
    >>> from sk_ensemble.neural_network._partial import first_or_known_classes
    >>> first_or_known_classes(LSTMClassifier(), [1, 0, -1])
    array([-1,  0,  1])
    """
    known = getattr(estimator, "classes_", None)
    if classes is None:
        if known is None:
            msg = (
                "classes must be passed on the first call to partial_fit: all labels "
                "that there may be, as an array."
            )
            raise ValueError(msg)
        return known
    given = np.unique(column_or_1d(classes))
    if known is not None and not np.array_equal(given, known):
        msg = (
            f"classes={given.tolist()} are not those of earlier calls, "
            f"{known.tolist()}. Leave classes out, or begin with a new estimator."
        )
        raise ValueError(msg)
    return given


def refuse_balance(class_weight: Any) -> None:
    """Raise for weights that can be known only once all samples are.

    Raises
    ------
    ValueError
        If `class_weight` is "balanced".
    """
    if class_weight == "balanced":
        msg = (
            "class_weight='balanced' would balance each call of partial_fit by itself. "
            "Compute the weights from all labels "
            "(sklearn.utils.class_weight.compute_class_weight) and give them as a dict."
        )
        raise ValueError(msg)
