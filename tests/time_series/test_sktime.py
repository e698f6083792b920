from __future__ import annotations

from typing import ClassVar

import numpy as np
import pytest
from sktime.classification.base import BaseClassifier
from sktime.classification.distance_based import KNeighborsTimeSeriesClassifier
from sktime.classification.interval_based import TimeSeriesForestClassifier

from families import make_samples
from sk_ensemble import Windower, save_model
from sk_ensemble.exceptions import DataError, PersistenceError
from sk_ensemble.time_series import SktimeClassifier


def nearest() -> SktimeClassifier:
    return SktimeClassifier(
        KNeighborsTimeSeriesClassifier(n_neighbors=5, distance="euclidean")
    )


class Shaking(BaseClassifier):
    """Draw from the global generator, as some of sktime's classifiers do."""

    _tags: ClassVar[dict] = {
        "capability:multivariate": True,
        "X_inner_mtype": "numpy3D",
    }

    def _fit(self, X, y):
        np.random.seed(0)  # noqa: NPY002
        return self

    def _predict(self, X):
        return np.full(len(X), self.classes_[0])

    def _predict_proba(self, X):
        return np.tile(np.random.dirichlet([1, 1, 1]), (len(X), 1))  # noqa: NPY002


def test_it_predicts_what_sktime_predicts_of_the_array():
    X, y = make_samples(n_bars=60)
    W = Windower(6).transform(X)
    array = W.gather().transpose(0, 2, 1).astype(float)
    theirs = KNeighborsTimeSeriesClassifier(n_neighbors=5, distance="euclidean")
    expected = theirs.fit(array, y).predict_proba(array)
    np.testing.assert_array_equal(nearest().fit(W, y).predict_proba(W), expected)


def test_the_order_of_samples_does_not_matter():
    X, y = make_samples(n_bars=60)
    W = Windower(6).transform(X)
    order = np.random.default_rng(0).permutation(len(y))
    one, other = nearest().fit(W, y), nearest().fit(W[order], y[order])
    np.testing.assert_array_equal(one.predict_proba(W), other.predict_proba(W))


def test_several_features_are_refused_where_one_is_taken():
    X, y = make_samples(n_bars=60)
    model = SktimeClassifier(TimeSeriesForestClassifier(n_estimators=2, random_state=0))
    with pytest.raises(DataError, match="takes one feature, X has 3"):
        model.fit(Windower(6).transform(X), y)
    one = Windower(6).transform(X).gather()[:, :, :1]
    assert model.fit(one, y).predict_proba(one).shape == (len(y), 3)


def test_the_global_generator_is_put_back():
    X, y = make_samples(n_bars=60)
    W = Windower(6).transform(X)
    np.random.seed(7)  # noqa: NPY002
    expected = np.random.rand()  # noqa: NPY002
    np.random.seed(7)  # noqa: NPY002
    SktimeClassifier(Shaking()).fit(W, y).predict_proba(W)
    assert np.random.rand() == expected  # noqa: NPY002


def test_what_is_no_classifier_of_sktime_is_refused():
    with pytest.raises(ValueError, match="estimator"):
        SktimeClassifier("knn").fit(np.zeros((4, 3, 1)), [0, 1, 0, 1])


def test_saving_it_says_that_it_cannot_be_saved(tmp_path):
    X, y = make_samples(n_bars=60)
    model = nearest().fit(Windower(6).transform(X), y)
    with pytest.raises(PersistenceError, match="cannot be saved"):
        save_model(model, tmp_path / "model")
