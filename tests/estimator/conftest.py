"""Labelled panels with irregular calendars, and a classifier that shows its input."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import pytest

from sk_ensemble import Panel, Windower
from sk_ensemble.estimator import IterativeClassifier
from sk_ensemble.utils.sklearn_api import StrOptions


class Recorder(IterativeClassifier):
    """Keep what was trained on, and predict equal probabilities."""

    _parameter_constraints: ClassVar = {
        **IterativeClassifier.early_stopping_constraints,
        "class_weight": [StrOptions({"balanced"}), Mapping, None],
        "nan": ["boolean"],
    }

    def __init__(
        self,
        *,
        early_stopping=False,
        validation_fraction=0.1,
        n_iter_no_change=5,
        refit_tail=False,
        time_limit=None,
        class_weight=None,
        nan=False,
    ):
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.refit_tail = refit_tail
        self.time_limit = time_limit
        self.class_weight = class_weight
        self.nan = nan

    def _max_rounds(self):
        return 7

    def _fit_rounds(self, training, validation, rounds):
        """Train rounds whose validation loss falls until the fifth."""
        calls = vars(self).setdefault("calls", [])
        calls.append((training, validation, rounds.n_max))
        stop = False
        while not stop:
            number = rounds.n_done + 1
            stop = rounds.end({"train_loss": 1.0, "val_loss": abs(number - 5)})

    @property
    def training(self):
        return self.calls[-1][0]

    def _predict_windows(self, windows):
        self.predicted = windows
        n_classes = len(self.classes_)
        return np.full((len(windows), n_classes), 1 / n_classes)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = self.nan
        return tags


def make_frame(seed: int = 0, n_symbols: int = 3, n_times: int = 40) -> pd.DataFrame:
    """Return bars of symbols that lack different stamps."""
    rng = np.random.default_rng(seed)
    times = pd.date_range("2024-01-01", periods=n_times, freq="5min", tz="UTC")
    parts = []
    for name in "ABCD"[:n_symbols]:
        kept = times[rng.random(n_times) < 0.8]
        parts.append(pd.DataFrame({"symbol": name, "datetime": kept}))
    frame = pd.concat(parts, ignore_index=True)
    frame["close"] = rng.normal(size=len(frame))
    frame["volume"] = rng.normal(size=len(frame))
    return frame


def make_labels(frame: pd.DataFrame, seed: int = 0) -> pd.DataFrame:
    """Return labels for most bars, with ends in no particular order."""
    rng = np.random.default_rng(seed + 1)
    labels = frame[["symbol", "datetime"]].copy()
    labels["label"] = rng.integers(-1, 2, size=len(frame))
    ahead = pd.to_timedelta(5 * rng.integers(0, 8, size=len(frame)), unit="min")
    labels["label_end"] = labels["datetime"] + ahead
    return labels[rng.random(len(labels)) < 0.9]


def make_samples(seed: int = 0, **sizes: Any) -> tuple[Panel, np.ndarray]:
    frame = make_frame(seed, **sizes)
    return Panel.from_frame(frame).align(make_labels(frame, seed))


@pytest.fixture(scope="session")
def recorder():
    return Recorder


@pytest.fixture
def frame():
    return make_frame()


@pytest.fixture
def frame_labels(frame):
    return make_labels(frame)


@pytest.fixture
def samples():
    return make_samples()


@pytest.fixture(scope="session")
def samples_of():
    return make_samples


@pytest.fixture
def windows(samples):
    X, _ = samples
    return Windower(4).transform(X)
