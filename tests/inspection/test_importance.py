from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score
from sklearn.pipeline import make_pipeline

from sk_ensemble import Panel, PurgedSplit, Windower
from sk_ensemble.datasets import make_bars
from sk_ensemble.inspection import (
    FeatureImportance,
    clustered_importance,
    purged_permutation_importance,
)
from sk_ensemble.inspection._permutation import _permuted

CV = PurgedSplit(3, embargo_size=60)


@pytest.fixture(scope="module")
def samples():
    data = make_bars(1000, 2, random_state=0)
    rng = np.random.default_rng(0)
    frame = data.signal.to_frame().assign(
        twin=data.signal + 0.01 * rng.normal(size=2000),
        noise=rng.normal(size=2000),
    )
    return Panel.from_frame(frame).align(data.labels)


def model(length=2):
    return make_pipeline(Windower(length, flatten=True), LogisticRegression(C=0.01))


def test_twins_look_worthless_alone_and_not_together(samples):
    options = {"random_state": 0, "n_repeats": 3, "scoring": "accuracy"}
    # Of two copies, what one loses the other keeps; a cluster loses it all.
    alone = purged_permutation_importance(model(), *samples, CV, **options)
    joint = clustered_importance(model(), *samples, CV, **options)
    assert joint.clusters == {"signal + 1": ("signal", "twin"), "noise": ("noise",)}
    assert joint.mean["signal + 1"] > 1.5 * alone.mean["signal"] > 0
    assert abs(joint.mean["noise"]) < 0.02


def test_losses_are_shares_of_what_is_missing_to_the_best_score(samples):
    X, y = samples
    options = {"random_state": 0, "n_repeats": 1}
    plain = clustered_importance(
        model(), X, y, CV, clusters={"s": ["signal"]}, scoring=_accuracy, **options
    )
    relative = clustered_importance(
        model(), X, y, CV, clusters={"s": ["signal"]}, scoring="accuracy", **options
    )
    after = plain.baseline - plain.folds["s"]
    expected = (plain.baseline - after) / (1 - after)
    np.testing.assert_allclose(relative.folds["s"], expected)
    loss = purged_permutation_importance(model(), X, y, CV, **options)
    assert (loss.baseline < 0).all()
    assert loss.mean["signal"] > 0


def _accuracy(estimator, X, y):
    return accuracy_score(y, estimator.predict(X))


def test_the_error_is_the_deviation_over_folds_by_the_root_of_their_number():
    folds = pd.DataFrame({"a": [1.0, 2.0, 6.0]})
    result = FeatureImportance(folds, np.zeros(3), "accuracy", {"a": ("a",)})
    assert result.mean["a"] == 3.0
    assert result.std_error["a"] == pytest.approx(np.sqrt(7.0 / 3))


def test_only_the_given_bars_and_columns_are_shuffled_and_columns_stay_together(
    samples,
):
    history = samples[0].history
    bars, columns = np.arange(5, 200), np.array([0, 2])
    changed = _permuted(history, bars, columns, np.random.default_rng(0)).block
    untouched = np.setdiff1d(np.arange(history.n_bars), bars)
    assert np.array_equal(changed[untouched], history.block[untouched])
    assert np.array_equal(changed[:, 1], history.block[:, 1])
    assert not np.array_equal(changed[bars], history.block[bars])
    pairs, shuffled = history.block[bars][:, columns], changed[bars][:, columns]
    assert sorted(map(tuple, pairs)) == sorted(map(tuple, shuffled))


def test_windows_stay_consistent_with_each_other(samples):
    seen = []

    class Recorder(LogisticRegression):
        def predict_proba(self, X):
            seen.append(np.array(X))
            return super().predict_proba(X)

    X, y = samples
    one = X[X.symbols == "S00"]
    pipe = make_pipeline(Windower(2, flatten=True), Recorder())
    purged_permutation_importance(
        pipe, one, y[X.symbols == "S00"], CV, n_repeats=1, random_state=0
    )
    follows = np.diff(one.positions[: len(seen[0])]) == 1
    for table in seen[:4]:
        assert np.array_equal(table[1:, :3][follows], table[:-1, 3:][follows])
    assert not np.array_equal(seen[0], seen[1])


def test_equal_seeds_and_any_number_of_jobs_give_equal_results(samples):
    one, two = (
        purged_permutation_importance(
            model(), *samples, CV, n_repeats=1, n_jobs=n_jobs, random_state=3
        )
        for n_jobs in (None, 2)
    )
    pd.testing.assert_frame_equal(one.folds, two.folds)


def test_clusters_join_what_correlates_up_to_the_distance(samples):
    options = {"n_repeats": 1, "random_state": 0}
    apart = clustered_importance(model(), *samples, CV, max_distance=0.0, **options)
    joined = clustered_importance(model(), *samples, CV, max_distance=1.0, **options)
    assert len(apart.clusters) == 3
    assert len(joined.clusters) == 1


@pytest.mark.parametrize("clusters", [{"a": ["unknown"]}, {"a": []}])
def test_clusters_of_nothing_known_are_refused(samples, clusters):
    with pytest.raises(ValueError, match="cluster"):
        clustered_importance(model(), *samples, CV, clusters=clusters)


@pytest.mark.parametrize("call", [purged_permutation_importance, clustered_importance])
def test_arrays_and_bad_counts_are_refused(samples, call):
    X, y = samples
    with pytest.raises(TypeError, match="Panel"):
        call(model(), X.to_numpy(), y, CV)
    with pytest.raises(ValueError, match="n_repeats"):
        call(model(), X, y, CV, n_repeats=0)


def test_the_plot_shows_the_most_important_on_top(samples):
    folds = pd.DataFrame({"low": [0.0, 0.1], "high": [1.0, 2.0], "mid": [0.5, 0.7]})
    result = FeatureImportance(
        folds, np.zeros(2), "accuracy", {name: (name,) for name in folds}
    )
    ax = result.plot(max_features=2)
    assert [label.get_text() for label in ax.get_yticklabels()] == ["mid", "high"]
    assert "accuracy" in ax.get_xlabel()
    assert len(ax.patches) == 2
    assert result.plot(ax) is ax
