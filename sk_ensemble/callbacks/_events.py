"""Describe what happens in a fit, as plain values for JSON."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping
from numbers import Real
from typing import Any

import numpy as np

from sk_ensemble.callbacks._names import shown
from sk_ensemble.callbacks._tasks import SEARCH, is_fit, is_run, path_of, task_of

__all__ = ["begin_event", "curve_event", "end_event", "now", "number"]


def now() -> int:
    """Return the time, milliseconds since 1970."""
    return time.time_ns() // 1_000_000


def number(value: Any) -> float | str:
    """Return a number as JSON has it; NaN and infinities as text."""
    result = float(value)
    return result if math.isfinite(result) else str(result)


def _is_estimator(value: Any) -> bool:
    return hasattr(value, "get_params") and not isinstance(value, type)


def _parts(name: str, value: Any) -> Iterator[tuple[str, str]]:
    """Yield a parameter as text; of estimators the class, as theirs follow."""
    if _is_estimator(value):
        yield name, type(value).__name__
    elif not _holds_estimators(value):
        yield name, shown(value)


def _holds_estimators(value: Any) -> bool:
    """Tell whether a value is a list of named estimators."""
    return isinstance(value, list | tuple) and any(
        isinstance(item, tuple) and any(map(_is_estimator, item)) for item in value
    )


def _params_of(estimator: Any) -> dict[str, str]:
    """Return all parameters of an estimator and of those within it, as text."""
    deep = sorted(estimator.get_params(deep=True).items())
    return dict(pair for name, value in deep for pair in _parts(name, value))


def _event(kind: str, context: Any) -> dict[str, Any]:
    return {"event": kind, "time": now(), "path": path_of(context)}


def begin_event(estimator: Any, context: Any) -> dict[str, Any]:
    """Describe the beginning of a task."""
    event = _event("begin", context)
    event |= {
        "task": task_of(context),
        "is_run": is_run(context),
        "estimator": type(estimator).__name__,
    }
    if is_run(context) and is_fit(context):
        event["params"] = _params_of(estimator)
    if task_of(context) == SEARCH:
        event["n_splits"] = estimator.n_splits_
    return event


def _column(values: Any) -> list[float | str] | None:
    """Return a column of numbers, None for anything else."""
    array = np.asarray(values)
    return [number(value) for value in array] if array.dtype.kind in "iuf" else None


def _results_of(results: Mapping[str, Any]) -> dict[str, Any]:
    """Return the table of a search, with the parameters as text."""
    columns = {
        name: column
        for name, values in results.items()
        if not name.startswith("param") and (column := _column(values)) is not None
    }
    params = [
        {name: shown(value) for name, value in candidate.items()}
        for candidate in results["params"]
    ]
    return {"params": params, "columns": columns}


def _counts(estimator: Any) -> dict[str, float | str]:
    """Return single numbers that are known of a fitted estimator."""
    values = {
        "n_iter": getattr(estimator, "n_iter_", None),
        "best_score": getattr(estimator, "best_score_", None),
    }
    return {
        name: number(value)
        for name, value in values.items()
        if isinstance(value, Real | np.number)
    }


def _best_params(estimator: Any) -> dict[str, str]:
    best = getattr(estimator, "best_params_", {})
    return {f"best_{name}": shown(value) for name, value in best.items()}


def end_event(estimator: Any, context: Any) -> dict[str, Any]:
    """Describe the end of a task."""
    event = _event("end", context)
    if not is_fit(context):
        return event
    event["metrics"] = _counts(estimator)
    results = getattr(estimator, "cv_results_", None)
    if isinstance(results, Mapping) and "params" in results:
        event |= {"results": _results_of(results), "best": _best_params(estimator)}
    return event


def curve_event(
    estimator: Any, context: Any, start: int
) -> tuple[dict[str, Any] | None, int]:
    """Describe the values that were added to `history_`.

    Parameters
    ----------
    estimator : estimator
        The estimator being fitted.
    context : CallbackContext
        Its fit.
    start : int
        How many values of each curve are described already.

    Returns
    -------
    event : dict or None
        None if there is nothing new.
    n_seen : int
        How many values are described now.
    """
    history = getattr(estimator, "history_", None)
    if not isinstance(history, dict):
        return None, start
    new = {
        name: [number(value) for value in values[start:]]
        for name, values in history.items()
        if isinstance(values, list) and len(values) > start
    }
    if not new:
        return None, start
    event = _event("curve", context) | {"start": start, "values": new}
    return event, start + max(map(len, new.values()))
