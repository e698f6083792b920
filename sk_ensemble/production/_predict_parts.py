"""What a fitted model consists of, and how far back its windows reach."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sklearn.base import BaseEstimator

__all__ = ["bars_in_reach_of", "is_blind_to_others", "parts_of"]

#: scikit-learn's classes whose result for a row does not depend on the rows beside
#: it, to the last bit. Matrix products round by the number of rows.
_ROWWISE = frozenset(
    (
        "ColumnTransformer",
        "DecisionTreeClassifier",
        "ExtraTreeClassifier",
        "ExtraTreesClassifier",
        "FeatureUnion",
        "HistGradientBoostingClassifier",
        "LabelEncoder",
        "MaxAbsScaler",
        "MinMaxScaler",
        "MissingIndicator",
        "Pipeline",
        "RandomForestClassifier",
        "RobustScaler",
        "SimpleImputer",
        "StandardScaler",
        "VarianceThreshold",
        "_BinMapper",
    )
)


def _inside(value: Any) -> Iterator[Any]:
    """Yield what a container or an estimator holds."""
    if isinstance(value, Mapping):
        yield from value.values()
    elif isinstance(value, list | tuple):
        yield from value
    elif isinstance(value, BaseEstimator):
        yield from vars(value).values()


def parts_of(model: Any) -> list[Any]:
    """Return a model and all estimators in it, each once.

    Parameters
    ----------
    model : estimator
        A fitted model.

    Returns
    -------
    parts : list of estimators
        The model first. Lists, tuples and dicts are looked into, other objects are not.

    Examples
    --------
    >>> from sklearn.pipeline import make_pipeline
    >>> from sk_ensemble import PriorBaseline, Windower
    >>> from sk_ensemble.production._predict_parts import parts_of
    >>> [type(part).__name__ for part in parts_of(
    ...     make_pipeline(Windower(3), PriorBaseline())
    ... )]
    ['Pipeline', 'Windower', 'PriorBaseline']
    """
    seen: set[int] = set()
    parts: list[Any] = []
    # The order is that of reading, so what is found first is put on the pile last.
    pile = [model]
    while pile:
        value = pile.pop()
        if id(value) in seen:
            continue
        seen.add(id(value))
        if isinstance(value, BaseEstimator):
            parts.append(value)
        pile.extend(reversed([*_inside(value)]))
    return parts


def _reach(part: Any) -> int:
    """Return the bars that a window of this part spans, its lag included."""
    length = getattr(part, "window_length", getattr(part, "window_length_", 1))
    lag = getattr(part, "lag", getattr(part, "lag_", 0))
    return int(length) + int(lag)


def bars_in_reach_of(model: Any) -> int:
    """Return how many bars a prediction of a model looks at, the current one included.

    Parameters
    ----------
    model : estimator
        A fitted model.

    Examples
    --------
    >>> from sklearn.pipeline import make_pipeline
    >>> from sk_ensemble import PriorBaseline, Windower
    >>> from sk_ensemble.production._predict_parts import bars_in_reach_of
    >>> bars_in_reach_of(make_pipeline(Windower(60, lag=1), PriorBaseline()))
    61
    """
    return max(map(_reach, parts_of(model)))


def _is_rowwise(part: Any) -> bool:
    """Tell whether a part gives equal bits for any split of its rows.

    All classes of this package promise it, but for transformers that they hold, which
    are parts of their own.
    """
    kind = type(part)
    if any(base.__module__.startswith("sk_ensemble.") for base in kind.__mro__):
        return True
    return kind.__module__.startswith("sklearn.") and kind.__name__ in _ROWWISE


def is_blind_to_others(model: Any) -> bool:
    """Tell whether a prediction does not depend on those asked for beside it.

    Parameters
    ----------
    model : estimator
        A fitted model.

    Returns
    -------
    is_blind : bool
        True where it is known not to, to the last bit.

    Examples
    --------
    >>> from sk_ensemble import create
    >>> from sk_ensemble.production._predict_parts import is_blind_to_others
    >>> is_blind_to_others(create("xgboost")), is_blind_to_others(create("logistic"))
    (True, False)
    """
    return all(map(_is_rowwise, parts_of(model)))
