"""Members that are fitted in no time, one that spies, and made-up predictions."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.tree import DecisionTreeClassifier

from sk_ensemble import (
    CombinatorialPurgedSplit,
    PurgedSplit,
    WalkForwardSplit,
    Windower,
    create,
)

SPLITTERS: dict[str, Any] = {
    "blocks": PurgedSplit(4, embargo_size=2),
    "walk forward": WalkForwardSplit(4),
    "combinatorial": CombinatorialPurgedSplit(5, 2),
}


def line(window_length: int = 2) -> Pipeline:
    """Return a quick member that looks at some bars."""
    return make_pipeline(Windower(window_length), create("logistic", C=1.0))


def tree(window_length: int = 1) -> Pipeline:
    """Return a quick member of another kind."""
    return make_pipeline(
        Windower(window_length, flatten=True),
        DecisionTreeClassifier(max_depth=4, min_samples_leaf=3, random_state=0),
    )


def members() -> list[tuple[str, Any]]:
    """Return two members with windows of different lengths."""
    return [("line", line()), ("tree", tree())]


class Spy(ClassifierMixin, BaseEstimator):
    """Note which samples it is fitted on and asked about, and predict class shares."""

    notes: ClassVar[list[tuple[Any, Any]]] = []

    def fit(self, X, y, sample_weight=None):
        self.classes_, codes = np.unique(y, return_inverse=True)
        self.seen_ = X
        self.shares_ = np.bincount(codes, weights=sample_weight)
        self.shares_ = self.shares_ / self.shares_.sum()
        return self

    def predict_proba(self, X):
        self.notes.append((self.seen_, X))
        return np.tile(self.shares_, (len(X), 1))

    def predict(self, X):
        return self.classes_[self.predict_proba(X).argmax(axis=1)]


def make_proba(codes: np.ndarray, skill: float, seed: int = 0) -> np.ndarray:
    """Return probabilities of three classes that know the truth as `skill` says."""
    rng = np.random.default_rng(seed)
    scores = skill * np.eye(3)[codes] + rng.normal(size=(len(codes), 3))
    odds = np.exp(scores)
    return odds / odds.sum(axis=1, keepdims=True)
