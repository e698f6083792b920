"""The one door to scikit-learn's semi-private tools for third-party estimators.

They are documented for developers but may move between versions; when one does, this
file is the only one to change.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sklearn.base import _fit_context as fit_context
from sklearn.callback import CallbackSupportMixin
from sklearn.model_selection._search import BaseSearchCV
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions
from sklearn.utils._set_output import _wrap_data_with_container as wrap_output
from sklearn.utils.metadata_routing import _routing_enabled as routing_enabled
from sklearn.utils.metaestimators import _BaseComposition as Composition
from sklearn.utils.validation import _check_feature_names_in as feature_names_in
from sklearn.utils.validation import _check_sample_weight as check_sample_weight
from sklearn.utils.validation import _get_feature_names as get_feature_names
from sklearn.utils.validation import validate_data

__all__ = [
    "BaseSearchCV",
    "CallbackSupportMixin",
    "Composition",
    "HasMethods",
    "Interval",
    "StrOptions",
    "check_sample_weight",
    "feature_names_in",
    "fit_context",
    "fit_task",
    "get_feature_names",
    "routing_enabled",
    "running_task",
    "subtask",
    "validate_data",
    "wrap_output",
]


class fit_task:
    """Announce one fit to the callbacks set on an estimator.

    Parameters
    ----------
    estimator : CallbackSupportMixin
        The estimator being fitted, inside a method under `fit_context`.
    X, y : objects
        What it is fitted on, passed to the callbacks.
    max_subtasks : int or None, default=0
        Parts of the fit that will be announced, at most; None if that is not known.
    """

    def __init__(
        self, estimator: Any, X: Any, y: Any, max_subtasks: int | None = 0
    ) -> None:
        self.estimator, self.data = estimator, {"X": X, "y": y}
        self.max_subtasks = max_subtasks

    def __enter__(self) -> Any:
        """Start the task and return its callback context."""
        self.context = self.estimator._init_callback_context(
            max_subtasks=self.max_subtasks
        )
        self.context.call_on_fit_task_begin(estimator=self.estimator, **self.data)
        return self.context

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        """End the task, unless fitting failed."""
        if kind is None:
            # Without further attributes: the estimator itself is fitted now.
            self.context.call_on_fit_task_end(
                estimator=self.estimator, reconstruction_attributes={}, **self.data
            )


def running_task(estimator: Any) -> Any:
    """Return the callback context of the fit that is under way.

    Parameters
    ----------
    estimator : CallbackSupportMixin
        The estimator being fitted, inside a `fit_task`.

    Returns
    -------
    context : CallbackContext or None
        None if no callback is set, so that nobody need be told of parts of the fit.
    """
    has_callbacks = getattr(estimator, "_skl_callbacks", None)
    return estimator._callback_fit_ctx if has_callbacks else None


@contextmanager
def subtask(
    estimator: Any, parent: Any, name: str, max_subtasks: int = 0
) -> Iterator[Any]:
    """Announce one part of a fit.

    Parameters
    ----------
    estimator : CallbackSupportMixin
        The estimator being fitted.
    parent : CallbackContext or None
        The task that this one is a part of. None: nobody is told.
    name : str
        What the part is called.
    max_subtasks : int, default=0
        Parts of the part that will be announced, at most.

    Yields
    ------
    context : CallbackContext or None
        The context of the part.
    """
    if parent is None:
        yield None
        return
    context = parent.subcontext(task_name=name, max_subtasks=max_subtasks)
    context.call_on_fit_task_begin(estimator=estimator)
    yield context
    context.call_on_fit_task_end(estimator=estimator)
