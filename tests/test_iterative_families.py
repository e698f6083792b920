"""What all families that train in rounds have in common."""

from __future__ import annotations

import itertools
import pickle
from functools import cache

import numpy as np
import pytest
from sklearn.base import clone

from families import OWN, make_samples, quick, rounds_name
from sk_ensemble import Windower
from sk_ensemble.estimator import IterativeClassifier, _deadline

ITERATIVE = [name for name in OWN if isinstance(quick(name), IterativeClassifier)]


@cache
def samples():
    X, y = make_samples()
    return Windower(3).transform(X), y


def of_rounds(name, n_rounds, **params):
    """Make a model of at most so many rounds, that learns fast."""
    rate = 0.2 if rounds_name(name) == "n_estimators" else 0.05
    settings = {rounds_name(name): n_rounds, "learning_rate": rate}
    return quick(name, **settings, **params)


@pytest.fixture
def ticking(monkeypatch):
    """Let a second pass between two looks at the clock."""
    looks = itertools.count()
    monkeypatch.setattr(_deadline, "monotonic", lambda: float(next(looks)))


@pytest.mark.parametrize("name", ITERATIVE)
class TestTimeLimit:
    def test_there_is_none_unless_asked_for(self, name):
        assert quick(name).time_limit is None
        assert quick(name).fit(*samples()).hit_time_limit_ is False

    @pytest.mark.usefixtures("ticking")
    @pytest.mark.parametrize(("seconds", "n_rounds"), [(1e-9, 1), (3, 3)])
    def test_training_stops_after_the_round_in_which_it_is_over(
        self, name, seconds, n_rounds
    ):
        X, y = samples()
        limited = of_rounds(name, 9, early_stopping=False, time_limit=seconds)
        limited.fit(X, y)
        assert limited.hit_time_limit_ is True
        assert limited.n_iter_ == len(limited.history_["train_loss"]) == n_rounds
        short = of_rounds(name, n_rounds, early_stopping=False).fit(X, y)
        assert limited.history_ == short.history_
        expected = short.predict_proba(X)
        np.testing.assert_array_equal(limited.predict_proba(X), expected)

    @pytest.mark.usefixtures("ticking")
    def test_the_best_rounds_so_far_are_kept(self, name):
        X, y = samples()
        # Labels that mean nothing, so that the validation loss soon rises.
        held_out = {"X_val": X, "y_val": np.random.default_rng(0).permutation(y)}
        settings = {"early_stopping": True, "n_iter_no_change": 30}
        limited = of_rounds(name, 40, time_limit=8, **settings).fit(X, y, **held_out)
        losses = limited.history_["val_loss"]
        assert len(losses) == 8
        assert limited.n_iter_ == np.argmin(losses) + 1 < 8
        best = of_rounds(name, limited.n_iter_, **settings).fit(X, y, **held_out)
        expected = best.predict_proba(X)
        np.testing.assert_array_equal(limited.predict_proba(X), expected)

    @pytest.mark.usefixtures("ticking")
    def test_a_limit_that_is_not_reached_changes_nothing(self, name):
        X, y = samples()
        free = of_rounds(name, 5).fit(X, y)
        limited = of_rounds(name, 5, time_limit=99).fit(X, y)
        assert limited.hit_time_limit_ is False
        expected = free.predict_proba(X)
        np.testing.assert_array_equal(limited.predict_proba(X), expected)
        assert limited.history_ == free.history_

    @pytest.mark.usefixtures("ticking")
    def test_a_refit_that_it_cuts_short_is_dropped(self, name):
        X, y = samples()
        settings = {"n_iter_no_change": 1}
        first = of_rounds(name, 5, **settings).fit(X, y)
        n_done = len(first.history_["train_loss"])
        assert first.n_iter_ > 1
        cut = of_rounds(name, 5, refit_tail=True, time_limit=n_done, **settings)
        expected = first.predict_proba(X)
        np.testing.assert_array_equal(cut.fit(X, y).predict_proba(X), expected)
        assert (cut.n_iter_, cut.hit_time_limit_) == (first.n_iter_, True)
        whole = of_rounds(name, 5, refit_tail=True, time_limit=99, **settings)
        assert not np.array_equal(whole.fit(X, y).predict_proba(X), expected)
        assert whole.hit_time_limit_ is False

    @pytest.mark.usefixtures("ticking")
    def test_it_is_remembered_that_time_was_up(self, name):
        model = of_rounds(name, 9, time_limit=2).fit(*samples())
        assert pickle.loads(pickle.dumps(model)).hit_time_limit_ is True
        assert not hasattr(clone(model), "hit_time_limit_")
        model.set_params(time_limit=None).fit(*samples())
        assert model.hit_time_limit_ is False
