"""Splitters as scikit-learn's ``cv=``: cloned, routed, nested, in parallel."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import pytest
import sklearn
from sklearn.base import clone
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import StackingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import (
    GridSearchCV,
    RandomizedSearchCV,
    check_cv,
    cross_val_predict,
    cross_validate,
)

from sk_ensemble.exceptions import EmptyFoldError
from sk_ensemble.model_selection import (
    CombinatorialPurgedSplit,
    PurgedSplit,
    WalkForwardSplit,
)
from sk_ensemble.panel import Panel

N_TIMES = 60
GRID = {"C": [0.1, 1.0]}


@pytest.fixture
def frame():
    times = pd.date_range("2024-01-01", periods=N_TIMES, freq="5min", tz="UTC")
    index = pd.MultiIndex.from_product(
        [["A", "B"], times], names=["symbol", "datetime"]
    )
    features = np.random.default_rng(0).normal(size=(len(index), 3))
    return pd.DataFrame(features, index=index, columns=list("abc"))


@pytest.fixture
def label_end(frame):
    ends = frame.index.get_level_values("datetime") + pd.Timedelta("15min")
    return pd.Series(ends, index=frame.index)


@pytest.fixture
def y(frame):
    return (frame["a"] > 0).astype(int)


@pytest.fixture
def aligned(frame, label_end, y):
    spread = pd.to_timedelta(np.arange(len(frame)) % N_TIMES // 8, unit="D")
    times = frame.index.get_level_values("datetime") + spread
    index = pd.MultiIndex.from_arrays([frame.index.get_level_values(0), times])
    frame = frame.set_axis(index.set_names(frame.index.names))
    ends = pd.Series((label_end + spread).to_numpy(), index=frame.index)
    label_end, y = ends, y.set_axis(frame.index)
    labels = pd.DataFrame({"label": y, "label_end": label_end})
    return Panel.from_frame(frame).align(labels)


def test_the_repr_names_only_what_differs_from_the_defaults():
    assert repr(PurgedSplit()) == "PurgedSplit()"
    cv = PurgedSplit(3, purged_size=20, embargo_size="5D")
    assert repr(cv) == "PurgedSplit(embargo_size='5D', n_splits=3, purged_size=20)"
    assert repr(WalkForwardSplit(3, test_size="MS")) == (
        "WalkForwardSplit(n_splits=3, test_size='MS')"
    )
    assert repr(CombinatorialPurgedSplit(8, align_to="day")) == (
        "CombinatorialPurgedSplit(align_to='day', n_blocks=8)"
    )


def test_clones_and_pickles_have_the_same_parameters():
    cv = PurgedSplit(3, purged_size=20, embargo_size=pd.Timedelta("5D"), closed="left")
    params = {
        "n_splits": 3,
        "purged_size": 20,
        "embargo_size": pd.Timedelta("5D"),
        "closed": "left",
        "align_to": None,
    }
    assert cv.get_params() == params
    assert clone(cv).get_params() == params
    assert pickle.loads(pickle.dumps(cv)).get_params() == params
    assert check_cv(cv) is cv


@pytest.mark.parametrize(
    "cv",
    [
        WalkForwardSplit(
            3, test_size=pd.Timedelta("5D"), max_train_size="MS", align_to="day"
        ),
        CombinatorialPurgedSplit(5, 3, purged_size=2, embargo_size="5 trading days"),
    ],
    ids=str,
)
def test_every_splitter_can_be_cloned_and_pickled(cv):
    assert repr(clone(cv)) == repr(pickle.loads(pickle.dumps(cv))) == repr(cv)
    assert clone(cv).get_params() == cv.get_params()
    assert check_cv(cv) is cv


INNER_AND_OUTER = [
    (WalkForwardSplit(2), WalkForwardSplit(3)),
    (CombinatorialPurgedSplit(4, 2), CombinatorialPurgedSplit(4, 1)),
    (WalkForwardSplit(2, align_to="day"), PurgedSplit(3, align_to="2h")),
]


@pytest.mark.parametrize("splitters", INNER_AND_OUTER, ids=str)
def test_every_splitter_nests_on_a_panel_at_both_levels(aligned, splitters):
    X, y = aligned
    inner, outer = splitters
    search = GridSearchCV(
        DummyClassifier(), {"strategy": ["prior"]}, cv=inner, error_score="raise"
    )
    result = cross_validate(search, X, y, cv=outer, error_score="raise")
    assert len(result["test_score"]) == outer.get_n_splits()


@pytest.mark.parametrize("splitters", INNER_AND_OUTER[:2], ids=str)
def test_every_splitter_is_routed_label_ends_at_both_levels(
    frame, y, label_end, splitters
):
    with sklearn.config_context(enable_metadata_routing=True):
        inner, outer = (clone(cv).set_split_request(label_end=True) for cv in splitters)
        search = GridSearchCV(LogisticRegression(), GRID, cv=inner, error_score="raise")
        result = cross_validate(
            search,
            frame,
            y,
            cv=outer,
            params={"label_end": label_end},
            error_score="raise",
            return_indices=True,
        )
    expected = splitters[1].split(frame, label_end=label_end)
    for train, (same, _) in zip(result["indices"]["train"], expected, strict=True):
        np.testing.assert_array_equal(train, same)


def test_cross_validate_on_a_panel_needs_nothing_but_the_splitter(aligned):
    X, y = aligned
    cv = PurgedSplit(4, embargo_size=5)
    result = cross_validate(
        DummyClassifier(), X, y, cv=cv, return_indices=True, error_score="raise"
    )
    for train, (expected, _) in zip(
        result["indices"]["train"], cv.split(X), strict=True
    ):
        np.testing.assert_array_equal(train, expected)


@pytest.mark.parametrize("n_jobs", [None, 2])
@pytest.mark.parametrize("search", [GridSearchCV, RandomizedSearchCV])
def test_searches_nest_on_a_panel_without_routing(aligned, search, n_jobs):
    X, y = aligned
    options = {"n_iter": 2} if search is RandomizedSearchCV else {}
    inner = search(
        DummyClassifier(),
        {"strategy": ["prior", "most_frequent"]},
        cv=PurgedSplit(3, embargo_size=2),
        error_score="raise",
        **options,
    )
    result = cross_validate(
        inner, X, y, cv=PurgedSplit(4), error_score="raise", n_jobs=n_jobs
    )
    assert np.isfinite(result["test_score"]).all()


@pytest.mark.parametrize("kind", ["frame", "array", "row numbers"])
def test_searches_nest_on_frames_and_arrays_by_purged_size(frame, y, kind):
    if kind != "frame":
        frame, y = frame.loc["A"].reset_index(drop=True), y.loc["A"].to_numpy()
    X = frame.to_numpy() if kind == "array" else frame
    inner = GridSearchCV(
        LogisticRegression(),
        GRID,
        cv=PurgedSplit(3, purged_size=3, embargo_size=2),
        error_score="raise",
    )
    result = cross_validate(
        inner, X, y, cv=PurgedSplit(4, purged_size=3), error_score="raise"
    )
    assert np.isfinite(result["test_score"]).all()


def routed(n_splits):
    return PurgedSplit(n_splits, embargo_size=2).set_split_request(label_end=True)


def test_label_ends_are_routed_to_both_levels_of_a_nested_search(frame, y, label_end):
    with sklearn.config_context(enable_metadata_routing=True):
        inner = GridSearchCV(
            LogisticRegression(), GRID, cv=routed(3), error_score="raise"
        )
        result = cross_validate(
            inner,
            frame,
            y,
            cv=routed(4),
            params={"label_end": label_end},
            error_score="raise",
            return_indices=True,
        )
    expected = PurgedSplit(4, embargo_size=2).split(frame, label_end=label_end)
    for train, (same, _) in zip(result["indices"]["train"], expected, strict=True):
        np.testing.assert_array_equal(train, same)


def test_without_a_request_routed_label_ends_are_no_silent_loss(frame, y, label_end):
    with sklearn.config_context(enable_metadata_routing=True):
        inner = GridSearchCV(
            LogisticRegression(), GRID, cv=PurgedSplit(3), error_score="raise"
        )
        with pytest.raises(ValueError, match="Nothing says when the labels end"):
            inner.fit(frame, y)
        with pytest.raises((TypeError, ValueError), match="label_end"):
            inner.fit(frame, y, label_end=label_end)


def test_a_panel_works_with_routing_on_too(aligned):
    X, y = aligned
    with sklearn.config_context(enable_metadata_routing=True):
        result = cross_validate(
            DummyClassifier(), X, y, cv=PurgedSplit(4), error_score="raise"
        )
    assert len(result["test_score"]) == 4


def test_out_of_fold_predictions_and_stacking_take_it(frame, y):
    cv = PurgedSplit(4, purged_size=3)
    predicted = cross_val_predict(LogisticRegression(), frame, y, cv=cv)
    assert (predicted == y).mean() > 0.9
    stack = StackingClassifier([("one", LogisticRegression())], cv=cv).fit(frame, y)
    assert stack.score(frame, y) > 0.9


def test_an_empty_fold_fails_before_the_first_fit(aligned):
    X, y = aligned
    fits = []

    class Recorder(DummyClassifier):
        def fit(self, X, y, sample_weight=None):
            fits.append(len(X))
            return super().fit(X, y, sample_weight)

    with pytest.raises(EmptyFoldError):
        cross_validate(Recorder(), X, y, cv=PurgedSplit(2, embargo_size=60))
    assert not fits
    cross_validate(Recorder(), X, y, cv=PurgedSplit(2, embargo_size=20))
    assert len(fits) == 2
