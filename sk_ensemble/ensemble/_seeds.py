"""One estimator with several seeds."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import clone

from sk_ensemble._typing import IntArray

__all__ = ["draw_seeds", "with_seed"]

_NAME = "random_state"

#: Seeds are below this number.
_END = 2**31 - 1


def _random_states(estimator: Any) -> list[str]:
    """Return the names of all parameters that are seeds, nested ones too."""
    params = estimator.get_params(deep=True)
    return sorted(
        name for name in params if name == _NAME or name.endswith(f"__{_NAME}")
    )


def draw_seeds(random_state: np.random.RandomState, n_seeds: int) -> list[int]:
    """Return different seeds; the first ones do not depend on how many follow.

    Parameters
    ----------
    random_state : RandomState
        What they are drawn from.
    n_seeds : int
        How many.

    Examples
    --------
    >>> import numpy as np
    >>> from sk_ensemble.ensemble._seeds import draw_seeds
    >>> one, other = (draw_seeds(np.random.RandomState(0), n) for n in (2, 5))
    >>> one == other[:2]
    True
    """
    seeds: dict[int, None] = {}
    while len(seeds) < n_seeds:
        seeds[int(random_state.randint(_END))] = None
    return list(seeds)


def with_seed(estimator: Any, seed: int) -> Any:
    """Return an unfitted copy of an estimator that draws from a seed.

    Parameters
    ----------
    estimator : estimator
        It may be a Pipeline: each of its steps that draws gets a seed of its own.
    seed : int
        The seed.

    Returns
    -------
    copy : estimator
        The copy.

    Raises
    ------
    ValueError
        If nothing in it draws, so that all copies would be the same.

    Examples
    --------
    >>> from sklearn.linear_model import SGDClassifier
    >>> from sk_ensemble.ensemble._seeds import with_seed
    >>> with_seed(SGDClassifier(), 0).random_state
    209652396
    """
    names = _random_states(estimator)
    if not names:
        msg = (
            f"{type(estimator).__name__} has no parameter random_state, so all members "
            "would be the same. Use an estimator that draws, such as a network."
        )
        raise ValueError(msg)
    draw = np.random.RandomState(seed)
    seeds: IntArray = draw.randint(_END, size=len(names))
    return clone(estimator).set_params(**dict(zip(names, seeds.tolist(), strict=True)))
