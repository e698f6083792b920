"""What a fitted estimator consists of, for saving it without pickle.

An estimator whose fitted attributes are arrays, numbers, texts and estimators needs
nothing of this. One that holds something else, a booster of a native library or a
torch module, has two methods::

    def _get_artefacts(self) -> Artefacts: ...
    def _set_artefacts(self, artefacts: Artefacts) -> None: ...

The second one is called on a new estimator that has its parameters and nothing else.
"""

from __future__ import annotations

from typing import Any, NamedTuple

__all__ = ["Artefacts", "fitted_attributes"]

#: What scikit-learn keeps on an estimator for its callbacks, of use in training only,
#: and for the routing of metadata, which is saved apart.
_NOT_LEARNT = frozenset(
    {
        "_callback_fit_ctx",
        "_metadata_request",
        "_skl_callbacks",
        "_skl_callbacks_to_teardown",
    }
)


class Artefacts(NamedTuple):
    """The parts of a fitted estimator besides its parameters.

    Attributes
    ----------
    state : dict of str to object
        Arrays, numbers, texts, estimators, and lists, tuples and dicts of these.
    files : dict of str to bytes
        Contents for files of their own, in a native format, by name.
    libraries : tuple of str
        Distributions whose version matters when the files are read.
    """

    state: dict[str, Any]
    files: dict[str, bytes]
    libraries: tuple[str, ...] = ()


def fitted_attributes(estimator: Any, *without: str) -> dict[str, Any]:
    """Return what fit has stored on an estimator, by name in alphabetical order.

    Parameters
    ----------
    estimator : estimator
        The estimator.
    *without : str
        Names to leave out.

    Returns
    -------
    attributes : dict of str to object
        All instance attributes but the parameters, callbacks and metadata requests.

    Examples
    --------
    >>> from sk_ensemble import PriorBaseline
    >>> from sk_ensemble.utils.artefacts import fitted_attributes
    >>> model = PriorBaseline().fit([[1.0], [2.0]], [0, 1])
    >>> list(fitted_attributes(model, "_only_class"))
    ['classes_', 'n_features_in_', 'shares_', 'window_length_']
    """
    has_params = hasattr(estimator, "get_params")
    params = estimator.get_params(deep=False) if has_params else {}
    left_out = _NOT_LEARNT | set(params) | set(without)
    return {
        name: value
        for name, value in sorted(vars(estimator).items())
        if name not in left_out
    }
