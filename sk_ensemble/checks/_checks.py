"""The checks, one function each; all take an unfitted estimator."""

from __future__ import annotations

import random
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from sklearn.base import clone

from sk_ensemble._typing import FloatArray
from sk_ensemble.checks._samples import LENGTH, make_check_samples, windows_of

__all__ = ["CHECKS"]

#: How far probabilities that should be equal may be apart: matrix products of other
#: sizes round otherwise.
_TOLERANCE = 1e-6


def _fresh(estimator: Any) -> Any:
    """Return an unfitted copy whose draws are the same each time."""
    copy = clone(estimator)
    params = copy.get_params()
    seeds = {
        name: 0
        for name, value in params.items()
        if name.rpartition("__")[2] == "random_state" and value is None
    }
    return copy.set_params(**seeds)


def _fitted_proba(estimator: Any, X: Any, y: np.ndarray) -> FloatArray:
    """Fit a fresh copy and return what it predicts of the same samples."""
    return np.asarray(_fresh(estimator).fit(X, y).predict_proba(X))


def _proba(model: Any, X: Any) -> FloatArray:
    """Return what a fitted model predicts."""
    return np.asarray(model.predict_proba(X))


def _assert_same(one: FloatArray, other: FloatArray, told: str) -> None:
    """Raise with the reason and the largest difference unless both are equal."""
    if one.shape != other.shape:
        msg = f"{told}: probabilities have the shapes {one.shape} and {other.shape}."
        raise AssertionError(msg)
    largest = float(np.abs(one - other).max())
    if not largest <= _TOLERANCE:
        msg = f"{told}: probabilities differ by up to {largest:.3g}."
        raise AssertionError(msg)


def _assert_refused(model: Any, X: Any, told: str) -> None:
    try:
        model.predict_proba(X)
    except ValueError:
        return
    msg = f"{told} must be refused with a ValueError (a DataError is one)."
    raise AssertionError(msg)


def check_probabilities(estimator: Any) -> None:
    """Answer windows with probabilities in the order of `classes_`."""
    samples = make_check_samples()
    X, y = windows_of(samples), samples.y
    model = _fresh(estimator)
    if model.fit(X, y) is not model:
        msg = "fit must return the estimator itself."
        raise AssertionError(msg)
    proba = np.asarray(model.predict_proba(X))
    if proba.shape != (len(y), 3) or model.classes_.tolist() != [-1, 0, 1]:
        msg = (
            f"{len(y)} windows of the classes -1, 0 and 1 gave probabilities of shape "
            f"{proba.shape} and classes_ {model.classes_}."
        )
        raise AssertionError(msg)
    if not (proba >= 0).all() or np.abs(proba.sum(axis=1) - 1).max() > _TOLERANCE:
        msg = "Probabilities must not be negative or missing, and sum to 1 in each row."
        raise AssertionError(msg)
    if not np.array_equal(model.predict(X), model.classes_[proba.argmax(axis=1)]):
        msg = "predict must return the class with the largest probability."
        raise AssertionError(msg)


def check_array_twin(estimator: Any) -> None:
    """Learn the same from windows and from the 3-D array of them."""
    samples = make_check_samples()
    X, y = windows_of(samples), samples.y
    expected = _fitted_proba(estimator, X, y)
    found = _fitted_proba(estimator, np.asarray(X), y)
    _assert_same(found, expected, "Windows and np.asarray of them")


def check_panel_twin(estimator: Any) -> None:
    """Take a panel as its windows of one bar."""
    samples = make_check_samples()
    expected = _fitted_proba(estimator, windows_of(samples, 1), samples.y)
    found = _fitted_proba(estimator, samples.X, samples.y)
    _assert_same(found, expected, "A Panel and its windows of one bar")


def check_column_names(estimator: Any) -> None:
    """Refuse columns in another order, or of other names."""
    samples = make_check_samples()
    model = _fresh(estimator).fit(windows_of(samples), samples.y)
    swapped = make_check_samples(columns=["close", "open", "volume"])
    _assert_refused(model, windows_of(swapped), "Columns in another order")
    renamed = make_check_samples(rename={"open": "first"})
    _assert_refused(model, windows_of(renamed), "Columns of other names")


def check_window_length(estimator: Any) -> None:
    """Refuse windows of another length than in fit."""
    samples = make_check_samples()
    model = _fresh(estimator).fit(windows_of(samples), samples.y)
    told = f"Windows of {LENGTH + 1} bars after a fit on {LENGTH}"
    _assert_refused(model, windows_of(samples, LENGTH + 1), told)


def check_future(estimator: Any) -> None:
    """Neither learn from nor predict by bars that come after the last sample."""
    samples = make_check_samples()
    times = np.asarray(samples.X.times)
    cut = times[len(times) // 2]
    known = times <= cut
    later = pd.Timestamp(cut).tz_localize("UTC")
    changed = make_check_samples(noise_after=later)
    expected = _fitted_proba(estimator, windows_of(samples)[known], samples.y[known])
    found = _fitted_proba(estimator, windows_of(changed)[known], samples.y[known])
    _assert_same(found, expected, "With other bars after the last sample")


def check_order(estimator: Any) -> None:
    """Learn the same from samples in any order."""
    samples = make_check_samples()
    X, y = windows_of(samples), samples.y
    order = np.random.default_rng(0).permutation(len(y))
    # The first sample must be of another class than before.
    first = int(np.argmax(y[order] != y[0]))
    order[[0, first]] = order[[first, 0]]
    expected = _fresh(estimator).fit(X, y).predict_proba(X)
    found = _fresh(estimator).fit(X[order], y[order]).predict_proba(X)
    _assert_same(found, expected, "Trained on the same samples in another order")


def check_batches(estimator: Any) -> None:
    """Predict a sample alike, whatever else is predicted with it."""
    samples = make_check_samples()
    X = windows_of(samples)
    model = _fresh(estimator).fit(X, samples.y)
    expected = np.asarray(model.predict_proba(X))[:20]
    alone = [np.asarray(model.predict_proba(X[[row]]))[0] for row in range(20)]
    _assert_same(np.array(alone), expected, "One window at a time")
    backwards = np.asarray(model.predict_proba(X[:20][::-1]))[::-1]
    _assert_same(backwards, expected, "Windows in another order")


def check_processes(estimator: Any) -> None:
    """Learn the same in a worker process."""
    samples = make_check_samples()
    X, y = windows_of(samples), samples.y
    expected = _fitted_proba(estimator, X, y)
    fits = (delayed(_fitted_proba)(estimator, X, y) for _ in range(2))
    for found in Parallel(n_jobs=2)(fits):
        _assert_same(found, expected, "Trained in a worker process")


def _states() -> list[Any]:
    """Return the states of the generators that a process has one of."""
    _, key, *rest = np.random.get_state(legacy=True)  # noqa: NPY002
    states: list[Any] = [np.asarray(key).tobytes(), rest, random.getstate()]
    torch = sys.modules.get("torch")
    if torch is not None:
        states.append(torch.get_rng_state().numpy().tobytes())
    return states


def check_global_generators(estimator: Any) -> None:
    """Leave the global generators of Python, NumPy and torch alone."""
    samples = make_check_samples()
    # A first fit imports what it needs, which is not what is checked here.
    _fitted_proba(estimator, windows_of(samples), samples.y)
    before = _states()
    _fitted_proba(estimator, windows_of(samples), samples.y)
    if _states() != before:
        msg = "A global random generator was drawn from, or seeded. Use one of its own."
        raise AssertionError(msg)


def check_clone(estimator: Any) -> None:
    """Clone to another one, which is unfitted and learns the same."""
    samples = make_check_samples()
    X, y = windows_of(samples), samples.y
    model = _fresh(estimator).fit(X, y)
    expected = np.asarray(model.predict_proba(X))
    copy = clone(model)
    if copy is model or hasattr(copy, "classes_"):
        msg = "A clone of a fitted estimator must be another one, and unfitted."
        raise AssertionError(msg)
    found = np.asarray(copy.fit(X, y).predict_proba(X))
    _assert_same(found, expected, "A clone that is fitted")


def check_pickle(estimator: Any) -> None:
    """Predict the same after pickle has carried it to another process."""
    samples = make_check_samples()
    X = windows_of(samples)
    model = _fresh(estimator).fit(X, samples.y)
    expected = np.asarray(model.predict_proba(X))
    predictions = (delayed(_proba)(model, X) for _ in range(2))
    for found in Parallel(n_jobs=2)(predictions):
        _assert_same(found, expected, "A pickled copy")


def check_refit(estimator: Any) -> None:
    """Start anew in a second fit."""
    samples = make_check_samples()
    X, y = windows_of(samples), samples.y
    expected = _fitted_proba(estimator, X, y)
    half = len(y) // 2
    model = _fresh(estimator).fit(X[:half], y[:half]).fit(X, y)
    found = np.asarray(model.predict_proba(X))
    _assert_same(found, expected, "Fitted a second time")


#: All checks, by name.
CHECKS: dict[str, Callable[[Any], None]] = {
    check.__name__: check
    for check in (
        check_probabilities,
        check_array_twin,
        check_panel_twin,
        check_column_names,
        check_window_length,
        check_future,
        check_order,
        check_batches,
        check_processes,
        check_global_generators,
        check_clone,
        check_pickle,
        check_refit,
    )
}
