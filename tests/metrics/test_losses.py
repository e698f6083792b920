from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import sklearn.metrics
from hypothesis import given, settings
from hypothesis import strategies as st

from sk_ensemble import metrics
from sk_ensemble.exceptions import DataError

LABELS = [-1, 0, 1]
LOSSES = [
    metrics.log_loss,
    metrics.movement_log_loss,
    metrics.direction_log_loss,
    metrics.direction_gain,
    metrics.brier_score,
    metrics.direction_auc,
]


def draw(seed: int, n: int = 50, *, dtype: str = "float64", extreme: bool = False):
    """Random classes, probabilities and weights; some of them exactly 0 or 1."""
    rng = np.random.default_rng(seed)
    proba = rng.dirichlet([0.5, 1, 0.5], size=n)
    if extreme:
        certain = rng.random(n) < 0.3
        proba[certain] = np.eye(3)[rng.integers(3, size=certain.sum())]
        split = rng.random(n) < 0.2
        proba[split] = [0.5, 0.0, 0.5]
    return rng.choice(LABELS, n), proba.astype(dtype), rng.uniform(0, 2, n)


seeds = st.integers(0, 10_000)
dtypes = st.sampled_from(["float32", "float64"])


@settings(max_examples=50)
@given(seed=seeds, dtype=dtypes, extreme=st.booleans(), weighted=st.booleans())
def test_log_loss_equals_scikit_learn(seed, dtype, extreme, weighted):
    y, proba, weight = draw(seed, dtype=dtype, extreme=extreme)
    sample_weight = weight if weighted else None
    expected = sklearn.metrics.log_loss(
        y, proba, labels=LABELS, sample_weight=sample_weight
    )
    found = metrics.log_loss(y, proba, sample_weight=sample_weight)
    assert found == pytest.approx(expected, rel=1e-5 if dtype == "float32" else 1e-12)


@settings(max_examples=50)
@given(seed=seeds, dtype=dtypes, extreme=st.booleans(), weighted=st.booleans())
def test_movement_and_direction_add_up_to_the_log_loss(seed, dtype, extreme, weighted):
    y, proba, weight = draw(seed, dtype=dtype, extreme=extreme)
    sample_weight = weight if weighted else None
    movement = metrics.movement_log_loss(y, proba, sample_weight=sample_weight)
    direction = metrics.direction_log_loss(y, proba, sample_weight=sample_weight)
    whole = metrics.log_loss(y, proba, sample_weight=sample_weight)
    assert movement + direction == pytest.approx(whole, rel=1e-12)


@settings(max_examples=25)
@given(seed=seeds)
def test_movement_is_the_binary_log_loss_of_neutral_or_not(seed):
    y, proba, weight = draw(seed)
    expected = sklearn.metrics.log_loss(
        y == 0, proba[:, 1], sample_weight=weight, labels=[False, True]
    )
    found = metrics.movement_log_loss(y, proba, sample_weight=weight)
    assert found == pytest.approx(expected, rel=1e-9)


@settings(max_examples=25)
@given(seed=seeds)
def test_direction_is_the_binary_log_loss_of_moving_rows_times_their_share(seed):
    y, proba, _ = draw(seed)
    moved = y != 0
    share = proba[moved, 2] / (proba[moved, 0] + proba[moved, 2])
    of_moving = sklearn.metrics.log_loss(y[moved] == 1, share, labels=[False, True])
    found = metrics.direction_log_loss(y, proba)
    assert found == pytest.approx(of_moving * moved.mean(), rel=1e-9)


@settings(max_examples=25)
@given(seed=seeds, weighted=st.booleans())
def test_gain_is_counted_from_the_same_model_made_symmetric(seed, weighted):
    y, proba, weight = draw(seed)
    sample_weight = weight if weighted else None
    symmetric = (proba + proba[:, ::-1]) / 2
    expected = metrics.direction_log_loss(
        y, symmetric, sample_weight=sample_weight
    ) - metrics.direction_log_loss(y, proba, sample_weight=sample_weight)
    found = metrics.direction_gain(y, proba, sample_weight=sample_weight)
    assert found == pytest.approx(expected, abs=1e-12)
    assert metrics.direction_gain(y, symmetric, sample_weight=sample_weight) == 0


@settings(max_examples=25)
@given(seed=seeds, extreme=st.booleans())
def test_brier_score_equals_scikit_learn(seed, extreme):
    y, proba, weight = draw(seed, extreme=extreme)
    expected = sklearn.metrics.brier_score_loss(
        y, proba, labels=LABELS, sample_weight=weight, scale_by_half=False
    )
    assert metrics.brier_score(y, proba, sample_weight=weight) == pytest.approx(
        expected
    )


@settings(max_examples=25)
@given(seed=seeds, extreme=st.booleans(), weighted=st.booleans())
def test_direction_auc_equals_scikit_learn_on_moving_rows(seed, extreme, weighted):
    y, proba, weight = draw(seed, extreme=extreme)
    moved = y != 0
    total = proba[moved, 0] + proba[moved, 2]
    score = np.where(total > 0, proba[moved, 2] / np.where(total > 0, total, 1), 0.5)
    expected = sklearn.metrics.roc_auc_score(
        y[moved] == 1, score, sample_weight=weight[moved] if weighted else None
    )
    found = metrics.direction_auc(y, proba, sample_weight=weight if weighted else None)
    assert found == pytest.approx(expected)


@pytest.mark.parametrize("metric", LOSSES)
@given(seed=seeds, order=st.permutations(LABELS))
@settings(max_examples=10)
def test_order_of_the_labels_does_not_matter(metric, seed, order):
    y, proba, _ = draw(seed)
    columns = [LABELS.index(label) for label in order]
    found = metric(y, proba[:, columns], labels=order)
    assert found == pytest.approx(metric(y, proba), rel=1e-12, abs=1e-15)


@pytest.mark.parametrize("metric", LOSSES)
def test_columns_of_a_frame_are_chosen_by_name(metric):
    y, proba, _ = draw(0)
    shuffled = pd.DataFrame(proba, columns=LABELS)[[1, -1, 0]]
    assert metric(y, shuffled) == metric(y, proba)


@pytest.mark.parametrize("metric", LOSSES)
def test_labels_may_be_strings(metric):
    y, proba, _ = draw(1)
    names = {-1: "down", 0: "flat", 1: "up"}
    options = {} if metric in LOSSES[:1] + LOSSES[4:5] else {"neutral": "flat"}
    found = metric([names[c] for c in y], proba, labels=list(names.values()), **options)
    assert found == metric(y, proba)


@pytest.mark.parametrize("metric", LOSSES)
def test_integer_weights_are_repeats(metric):
    y, proba, _ = draw(2)
    times = np.random.default_rng(2).integers(0, 3, len(y))
    repeated = metric(np.repeat(y, times), np.repeat(proba, times, axis=0))
    assert metric(y, proba, sample_weight=times) == pytest.approx(repeated)


@pytest.mark.parametrize("metric", LOSSES[:5])
def test_absent_classes_are_no_obstacle(metric):
    _, proba, _ = draw(3)
    assert np.isfinite(metric(np.zeros(50, dtype=int), proba))


@pytest.mark.parametrize("y", [[0, 0], [1, 0], [1, 1]])
def test_direction_auc_of_one_side_is_refused_with_the_counts(y):
    with pytest.raises(DataError, match=rf"-1: 0, 0: {y.count(0)}, 1: {y.count(1)}"):
        metrics.direction_auc(y, [[0.2, 0.3, 0.5]] * 2)


def test_direction_auc_does_not_count_rows_without_weight():
    with pytest.raises(DataError, match="-1: 0, 0: 0, 1: 1"):
        metrics.direction_auc([1, -1], [[0.2, 0.3, 0.5]] * 2, sample_weight=[1, 0])


def test_two_labels_will_do_where_direction_is_not_asked_for():
    y, proba = [0, 1, 1], [[0.3, 0.7], [0.2, 0.8], [0.6, 0.4]]
    whole = metrics.log_loss(y, proba, labels=[0, 1])
    assert whole == pytest.approx(sklearn.metrics.log_loss(y, proba))
    movement = metrics.movement_log_loss(y, proba, labels=[0, 1])
    assert movement == pytest.approx(whole)
    with pytest.raises(DataError, match="3 labels"):
        metrics.direction_log_loss(y, proba, labels=[0, 1])


def test_table_has_the_metrics_as_means_and_the_index_of_the_data():
    y, proba, _ = draw(4)
    index = pd.RangeIndex(100, 150, name="row")
    table = metrics.loss_table(pd.Series(y, index=index), proba)
    pd.testing.assert_index_equal(table.index, index)
    for name, column in table.items():
        assert column.mean() == pytest.approx(getattr(metrics, name)(y, proba))


@pytest.mark.parametrize("metric", LOSSES)
@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"y": [1, 2]}, r"contains \[2\].*first row 1"),
        ({"y": [1, np.nan]}, "not among the labels"),
        ({"y": [1]}, "differ in length: 1 and 2"),
        ({"y": [[1, 0]]}, "one dimension"),
        ({"proba": [[0.5, 0.5]] * 2}, r"one column for each.*shape \(2, 2\)"),
        ({"proba": [[0.2, 0.3, 0.5], [0.2, 0.3, 0.4]]}, "add up to 1.*row 1"),
        ({"proba": [[0.2, np.nan, 0.5]] * 2}, "finite.*row 0 .2 such rows"),
        ({"proba": [[-0.1, 0.6, 0.5]] * 2}, r"lie in \[0, 1\].*row 0"),
        ({"proba": [["a", "b", "c"]] * 2}, "must hold numbers"),
        ({"labels": [-1, 0, 0]}, "distinct classes"),
        ({"sample_weight": [1, -1]}, "sample_weight must be finite"),
        ({"sample_weight": [0, 0]}, "not all zero"),
        ({"sample_weight": [1]}, "sample_weight has shape"),
        ({"y": [], "proba": np.zeros((0, 3))}, "no rows"),
    ],
)
def test_faults_are_refused(metric, changes, message):
    arguments = {"y": [1, -1], "proba": [[0.2, 0.3, 0.5]] * 2, **changes}
    with pytest.raises(DataError, match=message):
        metric(arguments.pop("y"), arguments.pop("proba"), **arguments)


def test_frame_with_other_columns_is_refused():
    proba = pd.DataFrame([[0.2, 0.3, 0.5]], columns=["p_-1", "p_0", "p_1"])
    with pytest.raises(DataError, match="'p_-1', 'p_0', 'p_1'"):
        metrics.log_loss([1], proba)


def test_rows_of_different_indexes_are_refused():
    proba = pd.DataFrame([[0.2, 0.3, 0.5]] * 2, columns=LABELS, index=["a", "b"])
    y = pd.Series([1, 0], index=["b", "a"])
    with pytest.raises(DataError, match="y and proba have different indexes"):
        metrics.log_loss(y, proba)
    assert metrics.log_loss(y.to_numpy(), proba) > 0
    weight = pd.Series([1, 2], index=["a", "b"])
    with pytest.raises(DataError, match="y and sample_weight have different"):
        metrics.log_loss(y, proba.to_numpy(), sample_weight=weight)


def test_unknown_neutral_class_is_refused():
    with pytest.raises(DataError, match="neutral class 5"):
        metrics.movement_log_loss([1], [[0.2, 0.3, 0.5]], neutral=5)
