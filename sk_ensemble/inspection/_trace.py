"""Follow samples through the steps of a pipeline, and compare two such ways."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from sklearn.pipeline import Pipeline

from sk_ensemble._typing import BoolArray, FloatArray, IntArray
from sk_ensemble.panel import Panel, Windows

__all__ = ["Moved", "Stage", "first_move", "predict_scores", "trace"]

#: Bars before each watched sample whose transformed values are compared as well.
_WATCHED_BARS = 256
_RELATIVE, _ABSOLUTE = 1e-5, 1e-7


class Stage(NamedTuple):
    """What a step makes of the watched samples."""

    step: str
    values: FloatArray
    names: tuple[str, ...]
    #: The watched sample behind each row of `values`; None: rows are bars.
    samples: IntArray | None
    is_prediction: bool = False


class Moved(NamedTuple):
    """Where two ways through a pipeline part."""

    step: str
    features: tuple[str, ...]
    n_rows: int
    amount: float
    #: The first watched sample that moved, if rows are samples.
    sample: int | None
    is_prediction: bool


def _numbered(n_columns: int) -> tuple[str, ...]:
    return tuple(f"x{place}" for place in range(n_columns))


def _names_of(step: Any, output: Any, n_columns: int) -> tuple[str, ...]:
    """Name the columns of a step's output."""
    names = getattr(output, "columns", None)
    if names is None:
        try:
            names = step.get_feature_names_out()
        except (AttributeError, ValueError, TypeError):
            names = None
    if names is None or len(names) != n_columns:
        return _numbered(n_columns)
    return tuple(map(str, names))


def _panel_stage(step: str, panel: Panel, rows: BoolArray) -> Stage:
    """Compare the bars that lead up to the watched samples."""
    history, positions = panel.history, panel.positions[rows]
    first = np.maximum(history.segment_start[positions], positions - _WATCHED_BARS)
    bars = np.flatnonzero(history.bars_between(first, positions))
    names = panel.columns or _numbered(history.n_features)
    return Stage(step, history.block[bars], tuple(names), None)


def _windows_stage(step: str, windows: Windows, rows: BoolArray) -> Stage:
    """Compare the windows of the watched samples."""
    values = windows.gather(rows)
    features = windows.columns or _numbered(values.shape[2])
    names = [
        f"{name}[t{-age:+d}]" if age else f"{name}[t]"
        for age in windows.lag + np.arange(values.shape[1])[::-1]
        for name in features
    ]
    flat = values.reshape(len(values), -1)
    return Stage(step, flat, tuple(names), np.arange(len(flat)))


def _stage(name: str, step: Any, output: Any, rows: BoolArray) -> Stage | None:
    """Return what is compared of a step's output, None if it is not understood."""
    if isinstance(output, Panel):
        return _panel_stage(name, output, rows)
    if isinstance(output, Windows):
        return _windows_stage(name, output, rows)
    values = output.toarray() if hasattr(output, "toarray") else np.asarray(output)
    if values.dtype.kind not in "fiub" or len(values) != len(rows):
        return None
    flat = values[rows].reshape(rows.sum(), -1)
    names = _names_of(step, output, flat.shape[1])
    return Stage(name, flat, names, np.arange(len(flat)))


def predict_scores(model: Any, X: Any) -> FloatArray:
    """Return probabilities, else decision values, else labels, as a matrix."""
    for method in ("predict_proba", "decision_function", "predict"):
        if hasattr(model, method):
            scores = np.asarray(getattr(model, method)(X))
            if scores.dtype.kind not in "fiub":
                scores = np.searchsorted(np.unique(scores), scores)
            return scores.reshape(len(scores), -1).astype(np.float64)
    msg = f"{type(model).__name__} can predict nothing."
    raise TypeError(msg)


def trace(
    model: Any, X: Any, rows: BoolArray, prefix: str = "", *, steps: bool = True
) -> Iterator[Stage]:
    """Yield what each step makes of the watched samples, the prediction last.

    Parameters
    ----------
    model : estimator
        Fitted.
    X : Panel, Windows or array of n_samples rows
        Samples that go through together.
    rows : ndarray of bool of shape (n_samples,)
        The watched ones.
    prefix : str, default=""
        Put before the names of steps.
    steps : bool, default=True
        Look into pipelines; otherwise only the prediction is compared.
    """
    if not (steps and isinstance(model, Pipeline)):
        scores = predict_scores(model, X)[rows]
        name = prefix[:-2] or type(model).__name__
        samples = np.arange(len(scores))
        names = _numbered(scores.shape[1])
        yield Stage(name, scores, names, samples, is_prediction=True)
        return
    for name, step in model.steps[:-1]:
        if step is None or step == "passthrough":
            continue
        X = step.transform(X)
        stage = _stage(prefix + name, step, X, rows)
        if stage is not None:
            yield stage
    name, last = model.steps[-1]
    yield from trace(last, X, rows, f"{prefix}{name}__")


def _differs(one: FloatArray, other: FloatArray) -> BoolArray:
    """Mark the values that differ by more than rounding."""
    return ~np.isclose(one, other, rtol=_RELATIVE, atol=_ABSOLUTE, equal_nan=True)


def _moved(one: Stage, other: Stage) -> Moved | None:
    """Say how two results of the same step differ, None if they do not."""
    if one.values.shape != other.values.shape:
        return Moved(
            one.step, (), len(one.values), float("inf"), None, one.is_prediction
        )
    differs = _differs(one.values, other.values)
    if not differs.any():
        return None
    counts = differs.sum(axis=0)
    worst = np.argsort(-counts, kind="stable")[: np.count_nonzero(counts)][:5]
    changed = differs.any(axis=1)
    gaps = np.abs(one.values[differs] - other.values[differs])
    return Moved(
        step=one.step,
        features=() if one.is_prediction else tuple(one.names[i] for i in worst),
        n_rows=int(changed.sum()),
        amount=float(np.nanmax(gaps)) if np.isfinite(gaps).any() else float("inf"),
        sample=None if one.samples is None else int(one.samples[np.argmax(changed)]),
        is_prediction=one.is_prediction,
    )


def first_move(one: list[Stage], other: list[Stage]) -> Moved | None:
    """Return where two ways part first, None if they never do.

    A step is blamed only if what reaches it is the same in both.
    """
    if len(one) != len(other):
        ends = (one[-1], other[-1])
        return _moved(*ends)
    moves = (_moved(*pair) for pair in zip(one, other, strict=True))
    return next((move for move in moves if move is not None), None)
