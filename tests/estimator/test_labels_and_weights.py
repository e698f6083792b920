from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.utils.class_weight import compute_sample_weight

from sk_ensemble.exceptions import DataError


def as_series(X, values):
    index = X.to_frame().index
    return pd.Series(values, index=index)


@pytest.mark.parametrize(
    ("y", "told"),
    [
        (None, "requires y to be passed"),
        ([0.0, 1.0, np.nan, 1.0], "Input y contains NaN"),
        ([0.1, 0.2, 0.3, 0.4], "continuous"),
        ([0, 1, 0], "inconsistent numbers of samples"),
        ([[0, 1], [1, 0], [0, 1], [1, 0]], "1d array"),
    ],
)
def test_faulty_labels_are_refused(recorder, y, told):
    X = np.arange(8.0).reshape(4, 2)
    with pytest.raises(ValueError, match=told):
        recorder().fit(X, y)
    recorder().fit(X, [0, 1, 0, 1])


def test_labels_of_other_bars_are_refused(recorder, samples):
    X, y = samples
    series = as_series(X, y)
    recorder().fit(X, series)
    with pytest.raises(DataError, match=r"y is indexed by other bars.*row 1 of y"):
        recorder().fit(X, series.sort_index())
    with pytest.raises(DataError, match=r"y has .* rows and X has"):
        recorder().fit(X, series.iloc[1:])


def test_weights_of_other_bars_are_refused(recorder, samples):
    X, y = samples
    series = as_series(X, np.ones(len(y)))
    recorder().fit(X, y, series)
    with pytest.raises(DataError, match="sample_weight is indexed by other bars"):
        recorder().fit(X, y, series.sort_index())


@pytest.mark.parametrize(
    "labels", [["down", "flat", "up"], [-1, 0, 1], [2.0, 3.0, 7.0]]
)
def test_any_labels_are_kept_as_they_are(recorder, samples, labels):
    X, y = samples
    model = recorder().fit(X, np.array(labels)[y + 1])
    assert model.classes_.tolist() == labels
    assert np.array_equal(model.training.codes, y + 1)


@pytest.mark.parametrize(
    ("weights", "told"),
    [
        ([0.0, 0.0, 0.0, 0.0], "at least one non-zero"),
        ([1.0, 1.0, -1.0, 1.0], "Negative values"),
        ([1.0, 1.0, np.nan, 1.0], "NaN"),
        ([1.0, 1.0], "sample_weight.shape"),
    ],
)
def test_faulty_weights_are_refused(recorder, weights, told):
    X, y = np.arange(8.0).reshape(4, 2), [0, 1, 0, 1]
    with pytest.raises(ValueError, match=told):
        recorder().fit(X, y, weights)


def test_rows_of_weight_zero_are_no_training_rows(recorder, samples):
    X, y = samples
    weights = np.arange(len(y)) % 3.0
    kept = weights > 0
    model = recorder().fit(X, y, weights)
    same = recorder().fit(X[kept], y[kept], weights[kept])
    assert len(model.training) == kept.sum()
    assert np.array_equal(
        model.training.windows.positions, same.training.windows.positions
    )
    assert np.array_equal(model.training.weights, same.training.weights)


def test_balanced_classes_are_counted_with_the_weights(recorder, samples):
    X, y = samples
    weights = np.random.default_rng(0).uniform(0.1, 3, size=len(y))
    training = recorder(class_weight="balanced").fit(X, y, weights).training
    totals = np.bincount(training.codes, weights=training.weights)
    assert totals == pytest.approx(np.full(3, weights.sum() / 3))
    counted = recorder(class_weight="balanced").fit(X, y).training
    assert counted.weights == pytest.approx(compute_sample_weight("balanced", y))


def test_a_dict_of_class_weights_multiplies(recorder, samples):
    X, y = samples
    model = recorder(class_weight={1: 3.0, "not in this fold": 9.0}).fit(X, y)
    assert np.array_equal(model.training.weights, np.where(y == 1, 3.0, 1.0))


def test_class_weights_without_a_label_of_y_are_refused(recorder, samples):
    X, y = samples
    with pytest.raises(DataError, match=r"class_weight has the labels \['up'\]"):
        recorder(class_weight={"up": 2.0}).fit(X, y)


def test_class_weights_that_leave_nothing_are_refused(recorder, samples):
    X, y = samples
    with pytest.raises(DataError, match="All sample weights are zero"):
        recorder(class_weight={-1: 0.0, 0: 0.0, 1: 0.0}).fit(X, y)


def test_a_class_of_weight_zero_is_still_a_class(recorder, samples):
    X, y = samples
    model = recorder().fit(X, y, np.where(y == 0, 0.0, 1.0))
    assert model.classes_.tolist() == [-1, 0, 1]
    assert set(model.training.codes) == {0, 2}


def test_one_class_needs_no_model(recorder, samples):
    X, y = samples
    model = recorder().fit(X, y)
    model.fit(X, np.ones_like(y))
    assert np.array_equal(model.predict_proba(X), np.ones((len(X), 1)))
    assert model.n_iter_ == 0
    assert model.history_ == {"train_loss": []}
    model.fit(X, y, np.where(y == -1, 1.0, 0.0))
    assert np.array_equal(model.predict_proba(X[:2]), [[1, 0, 0], [1, 0, 0]])


@given(seed=st.integers(0, 10), shuffle=st.randoms(use_true_random=False))
def test_training_order_does_not_depend_on_the_row_order(
    recorder, samples_of, seed, shuffle
):
    X, y = samples_of(seed)
    # A bootstrap: bars repeat, with other labels and weights.
    rows = [shuffle.randrange(len(y)) for _ in range(len(y))]
    labels = np.array([shuffle.randrange(3) for _ in rows])
    labels[:2] = [0, 1]
    weights = np.array([shuffle.choice([0.5, 1.0]) for _ in rows])
    order = list(range(len(rows)))
    shuffle.shuffle(order)
    one = recorder().fit(X[rows], labels, weights).training
    other = recorder().fit(X[rows][order], labels[order], weights[order]).training
    assert np.array_equal(one.windows.positions, other.windows.positions)
    assert np.array_equal(one.codes, other.codes)
    assert np.array_equal(one.weights, other.weights)
    times, symbols = one.windows.times_ns, one.windows.symbol_codes
    assert np.array_equal(np.lexsort((symbols, times)), np.arange(len(rows)))


def test_rows_without_times_stay_in_their_order(recorder):
    X = np.array([[3.0], [1.0], [2.0]])
    training = recorder().fit(X, [0, 1, 0]).training
    assert np.array_equal(training.windows.gather().ravel(), X.ravel())
