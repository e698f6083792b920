from __future__ import annotations

import multiprocessing

import numpy as np
import pytest
from sklearn.utils.validation import check_is_fitted

from families import NAMES, quick
from sk_ensemble import (
    Panel,
    PriorBaseline,
    PurgedSplit,
    create,
)
from sk_ensemble.checks import (
    check_window_estimator,
    parametrize_with_window_checks,
    window_checks,
)
from sk_ensemble.ensemble import PurgedCalibratedClassifier, WeightedVoteClassifier
from sk_ensemble.estimator import WindowClassifier
from sk_ensemble.panel import Windows

#: What looks at a sample's time or symbol, which the rows of an array lack.
KEYED = {"check_array_twin": "an array has neither times nor symbols"}
EXPECTED = {"clock": KEYED, "tft": KEYED}

#: Families that are quick to load and to fit; the others are checked in slow tests.
QUICK = ("lightgbm", "logistic", "minirocket", "volatility")


#: What cuts samples into blocks of time, where the rows of an array have none.
BLOCKS = {"check_array_twin": "rows without times are cut into other blocks"}

MEMBERS = {"logistic": {"C": 0.1}, "prior": {}}
CV = PurgedSplit(3, purged_size=3)

ENSEMBLES = {
    "stacking": create("stacking", members=MEMBERS, n_splits=3, purged_size=3),
    "greedy": create("greedy", members=MEMBERS, n_splits=3, purged_size=3),
    "vote": WeightedVoteClassifier(
        [(name, create(name, **params)) for name, params in MEMBERS.items()], cv=CV
    ),
    "calibrated": PurgedCalibratedClassifier(create("logistic", C=0.1), cv=CV),
}


class Sound(WindowClassifier):
    """Weigh classes by the distance of the last bar to their means."""

    def fit(self, X, y):
        return self._fit(X, y)

    def _fit_windows(self, training, validation):
        last = training.windows.gather()[:, -1]
        codes = range(training.n_classes)
        self.means_ = np.array([last[training.codes == code].mean(0) for code in codes])

    def _predict_windows(self, windows):
        last = windows.gather()[:, -1].astype(float)
        closeness = (
            np.exp(-((last[:, None] - self.means_) ** 2).sum(axis=2) / 10) + 1e-6
        )
        return closeness / closeness.sum(axis=1, keepdims=True)


def mixed(proba, place, share=0.1):
    """Move some probability to one class."""
    moved = (1 - share) * proba
    moved[:, place] += share
    return moved


class SumsToTwo(Sound):
    def predict_proba(self, X):
        return 2 * super().predict_proba(X)


class KnowsArrays(Sound):
    def predict_proba(self, X):
        proba = super().predict_proba(X)
        return mixed(proba, 0) if isinstance(X, np.ndarray) else proba


class KnowsPanels(Sound):
    def predict_proba(self, X):
        proba = super().predict_proba(X)
        return mixed(proba, 0) if isinstance(X, Panel) else proba


class ForgetsNames(Sound):
    def fit(self, X, y):
        super().fit(X, y)
        vars(self).pop("feature_names_in_", None)
        return self


class TakesAnyLength(Sound):
    def predict_proba(self, X):
        if isinstance(X, Windows):
            X = Windows.from_panel(X, self.window_length_, X.lag)
        return super().predict_proba(X)


class LooksAhead(Sound):
    def fit(self, X, y):
        block = X.history.block if hasattr(X, "history") else X
        self.is_wild_ = bool(np.abs(block).max() > 50)
        return super().fit(X, y)

    def predict_proba(self, X):
        proba = super().predict_proba(X)
        return mixed(proba, 0) if self.is_wild_ else proba


class FollowsTheFirst(Sound):
    def fit(self, X, y):
        self.first_ = int(y[0]) + 1
        return super().fit(X, y)

    def predict_proba(self, X):
        return mixed(super().predict_proba(X), self.first_)


class LooksAround(Sound):
    def predict_proba(self, X):
        proba = super().predict_proba(X)
        return (proba + proba.mean(axis=0)) / 2


class KnowsWorkers(Sound):
    def fit(self, X, y):
        name = multiprocessing.current_process().name
        self.is_worker_ = "Loky" in name
        return super().fit(X, y)

    def predict_proba(self, X):
        proba = super().predict_proba(X)
        return mixed(proba, 0) if self.is_worker_ else proba


class DrawsGlobally(Sound):
    def fit(self, X, y):
        np.random.rand()  # noqa: NPY002
        return super().fit(X, y)


class ClonesToItself(Sound):
    def __sklearn_clone__(self):
        return self


class PicklesBadly(Sound):
    def __getstate__(self):
        state = dict(super().__getstate__())
        if "means_" in state:
            state["means_"] = np.zeros_like(state["means_"])
        return state


class CountsFits(Sound):
    def fit(self, X, y):
        self.n_fits_ = getattr(self, "n_fits_", 0) + 1
        return super().fit(X, y)

    def predict_proba(self, X):
        check_is_fitted(self)
        return mixed(super().predict_proba(X), 0, share=0.1 * self.n_fits_)


BROKEN = {
    "check_probabilities": SumsToTwo,
    "check_array_twin": KnowsArrays,
    "check_panel_twin": KnowsPanels,
    "check_column_names": ForgetsNames,
    "check_window_length": TakesAnyLength,
    "check_future": LooksAhead,
    "check_order": FollowsTheFirst,
    "check_batches": LooksAround,
    "check_processes": KnowsWorkers,
    "check_global_generators": DrawsGlobally,
    "check_clone": ClonesToItself,
    "check_pickle": PicklesBadly,
    "check_refit": CountsFits,
}


def failed(estimator, **options) -> list[str]:
    results = check_window_estimator(estimator, on_fail=None, **options)
    assert [one["check_name"] for one in results] == list(window_checks())
    return [one["check_name"] for one in results if one["status"] == "failed"]


def test_a_sound_classifier_passes_all():
    assert failed(Sound()) == []


def test_every_check_has_a_classifier_that_fails_it():
    assert set(BROKEN) == set(window_checks())


@pytest.mark.parametrize("name", BROKEN)
def test_a_classifier_with_one_fault_fails_one_check(name):
    assert failed(BROKEN[name]()) == [name]


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[] if name in QUICK else [pytest.mark.slow])
        for name in NAMES
    ],
)
def test_every_family_passes(name):
    expected = EXPECTED.get(name, {})
    assert failed(quick(name), expected_failed_checks=expected) == []


@pytest.mark.slow
@pytest.mark.parametrize("name", ENSEMBLES)
def test_ensembles_pass(name):
    # Both others give all members the weights that one kind of block gives, too.
    expected = BLOCKS if name in ("stacking", "calibrated") else {}
    assert failed(ENSEMBLES[name], expected_failed_checks=expected) == []


def test_a_failure_is_raised_with_the_name_of_the_check():
    with pytest.raises(AssertionError, match="SumsToTwo fails check_probabilities: "):
        check_window_estimator(SumsToTwo())


def test_a_check_that_was_expected_to_fail_must_fail():
    with pytest.raises(ValueError, match="check_order was expected to fail"):
        check_window_estimator(
            PriorBaseline(), expected_failed_checks={"check_order": "no reason"}
        )
    results = check_window_estimator(
        FollowsTheFirst(), expected_failed_checks={"check_order": "it follows"}
    )
    assert {one["status"] for one in results} == {"passed", "xfail"}


def test_unknown_names_are_refused():
    with pytest.raises(ValueError, match="There are no checks"):
        check_window_estimator(PriorBaseline(), expected_failed_checks={"check_x": ""})
    with pytest.raises(ValueError, match="There are no checks"):
        parametrize_with_window_checks(
            [PriorBaseline()], expected_failed_checks=lambda _: {"check_x": ""}
        )
    with pytest.raises(ValueError, match="on_fail"):
        check_window_estimator(PriorBaseline(), on_fail="warn")


@parametrize_with_window_checks(
    [PriorBaseline(), LooksAround()],
    expected_failed_checks=lambda estimator: (
        {"check_batches": "it looks around"}
        if isinstance(estimator, LooksAround)
        else {}
    ),
)
def test_checks_can_be_tests_of_pytest(estimator, check):
    check(estimator)


def test_what_is_given_stays_unfitted_and_unseeded():
    model = quick("random_forest", random_state=None)
    check_window_estimator(model)
    assert not hasattr(model[-1], "classes_")
    assert model[-1].random_state is None
