"""The one door to scikit-learn's semi-private tools for third-party estimators.

They are documented for developers but may move between versions; when one does, this
file is the only one to change.
"""

from __future__ import annotations

from typing import Any

from sklearn.base import _fit_context as fit_context
from sklearn.callback import CallbackSupportMixin
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions
from sklearn.utils._set_output import _wrap_data_with_container as wrap_output
from sklearn.utils.metadata_routing import _routing_enabled as routing_enabled
from sklearn.utils.metaestimators import _BaseComposition as Composition
from sklearn.utils.validation import _check_feature_names_in as feature_names_in
from sklearn.utils.validation import _check_sample_weight as check_sample_weight
from sklearn.utils.validation import _get_feature_names as get_feature_names
from sklearn.utils.validation import validate_data

__all__ = [
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
    **subtasks : dict
        `max_subtasks` and `sequential_subtasks`, for an estimator that fits others.
    """

    def __init__(self, estimator: Any, X: Any, y: Any, **subtasks: Any) -> None:
        self.estimator, self.data = estimator, {"X": X, "y": y}
        self.subtasks = subtasks

    def __enter__(self) -> Any:
        """Start the task and return its callback context."""
        self.context = self.estimator._init_callback_context(**self.subtasks)
        self.context.call_on_fit_task_begin(estimator=self.estimator, **self.data)
        return self.context

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        """End the task, unless fitting failed."""
        if kind is None:
            self.context.call_on_fit_task_end(estimator=self.estimator, **self.data)
