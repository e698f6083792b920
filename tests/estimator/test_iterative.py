from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sk_ensemble import Panel, Windower
from sk_ensemble.estimator import TrainingSet, _deadline
from sk_ensemble.estimator._validation_tail import split_validation_tail
from sk_ensemble.exceptions import EmptyFoldError


def training_set(X, y):
    return TrainingSet(Windower(3).transform(X), y + 1, np.ones(len(y)), 3)


def keys(samples):
    """Return the (symbol, time) of the samples of a part."""
    windows = samples.windows
    return set(zip(windows.symbols, windows.times_ns.tolist(), strict=True))


def brute_force(X, fraction):
    """Return the keys that fit and those that validate, one sample at a time."""
    stamps = sorted(set(X.times_ns.tolist()))
    n_tail = int(np.ceil(fraction * len(stamps)))
    start = stamps[-n_tail]
    fitting, tail = set(), set()
    for symbol, time, end in zip(X.symbols, X.times_ns, X.label_end_ns, strict=True):
        if time >= start:
            tail.add((symbol, int(time)))
        elif end < start:
            fitting.add((symbol, int(time)))
    return fitting, tail


@given(seed=st.integers(0, 1000), fraction=st.floats(0.05, 0.6))
def test_the_tail_is_the_last_stamps_of_all_symbols_with_their_labels_purged(
    samples_of, seed, fraction
):
    X, y = samples_of(seed)
    fitting, tail = split_validation_tail(training_set(X, y), fraction)
    assert (keys(fitting), keys(tail)) == brute_force(X, fraction)
    start = tail.windows.times_ns.min()
    assert fitting.windows.label_end_ns.max() < start
    purged = (X.label_end_ns >= start) & (X.times_ns < start)
    assert len(fitting) + len(tail) + purged.sum() == len(X)


def test_labels_do_reach_the_tail_unless_purged(samples):
    X, y = samples
    unpurged = Panel(X.history, X.positions)
    fitting, tail = split_validation_tail(training_set(unpurged, y), 0.2)
    ends = dict(zip(X.positions.tolist(), X.label_end_ns.tolist(), strict=True))
    latest = max(ends[position] for position in fitting.windows.positions.tolist())
    assert latest >= tail.windows.times_ns.min()


def test_rows_without_times_are_cut_by_number():
    windows = Windower(1).transform(np.arange(11.0)[:, None])
    codes = np.arange(11) % 2
    training = TrainingSet(windows, codes, np.ones(11), 2)
    fitting, tail = split_validation_tail(training, 0.2)
    assert fitting.windows.gather().ravel().tolist() == list(range(8))
    assert tail.windows.gather().ravel().tolist() == [8, 9, 10]


def test_a_tail_that_leaves_one_class_is_refused(samples):
    X, _ = samples
    late = X.times_ns >= np.quantile(X.times_ns, 0.95)
    with pytest.raises(EmptyFoldError, match=r"of 1 classes, too few.*X_val"):
        split_validation_tail(training_set(X, np.where(late, 1, 0)), 0.3)


def test_auto_stops_early_where_label_ends_are_known(recorder, samples):
    X, y = samples
    with_ends = recorder(early_stopping="auto").fit(X, y)
    assert with_ends.calls[0][1] is not None
    without = recorder(early_stopping="auto").fit(Panel(X.history, X.positions), y)
    assert without.calls[0][1] is None
    arrays = recorder(early_stopping="auto").fit(X.to_numpy(), y)
    assert arrays.calls[0][1] is None


def test_true_and_false_mean_what_they_say(recorder, samples):
    X, y = samples
    assert recorder(early_stopping=False).fit(X, y).calls[0][1] is None
    model = recorder(early_stopping=True, validation_fraction=0.25).fit(X.to_numpy(), y)
    assert len(model.calls[0][1]) == np.ceil(0.25 * len(y))


def test_a_given_validation_set_replaces_the_tail(recorder, samples):
    X, y = samples
    first, second = slice(0, 60), slice(60, None)
    weights = np.arange(len(y)) + 1.0
    model = recorder(early_stopping="auto").fit(
        X[first],
        y[first],
        X_val=X[second],
        y_val=y[second],
        sample_weight_val=weights[second],
    )
    training, validation, _ = model.calls[0]
    assert len(training) == 60
    assert np.array_equal(validation.windows.positions, X[second].positions)
    assert np.array_equal(validation.codes, y[second] + 1)
    assert np.array_equal(validation.weights, weights[second])


def test_the_tail_is_trained_on_in_the_end_if_asked_for(recorder, samples):
    X, y = samples
    model = recorder(early_stopping="auto", refit_tail=True).fit(X, y)
    (first, tail, n_first), (second, nothing, n_second) = model.calls
    assert len(first) + len(tail) <= len(second) == len(X)
    assert nothing is None
    assert (n_first, n_second, model.n_iter_) == (7, 5, 5)
    assert "val_loss" in model.history_
    assert len(recorder(early_stopping="auto").fit(X, y).calls) == 1


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"X_val": [[1.0]]}, "X_val is given without y_val"),
        ({"y_val": [1]}, "y_val is given without X_val"),
        ({"sample_weight_val": [1.0]}, "without X_val and y_val"),
    ],
)
def test_half_a_validation_set_is_refused(recorder, given, told):
    with pytest.raises(ValueError, match=told):
        recorder(early_stopping=True).fit([[1.0], [2.0]], [0, 1], **given)


def test_a_validation_set_that_would_not_be_used_is_refused(recorder):
    with pytest.raises(ValueError, match="it would not be used"):
        recorder(early_stopping=False).fit(
            [[1.0], [2.0]], [0, 1], X_val=[[1.0]], y_val=[1]
        )


@pytest.mark.parametrize(
    ("X_val", "y_val", "told"),
    [
        ([[1.0]], [5], r"Labels \[5\] are not among the classes"),
        ([[np.nan]], [1], "NaN"),
        ([[1.0, 2.0]], [1], "X has 2 features"),
    ],
)
def test_a_validation_set_is_checked_as_training_samples_are(
    recorder, X_val, y_val, told
):
    model = recorder(early_stopping=True)
    with pytest.raises(ValueError, match=told):
        model.fit([[1.0], [2.0]], [0, 1], X_val=X_val, y_val=y_val)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("early_stopping", "always"),
        ("validation_fraction", 0.0),
        ("validation_fraction", 1.0),
        ("n_iter_no_change", 0),
        ("refit_tail", "yes"),
        ("time_limit", 0),
        ("time_limit", "1h"),
    ],
)
def test_parameters_out_of_range_are_refused(recorder, name, value):
    with pytest.raises(ValueError, match=name):
        recorder(**{name: value}).fit([[1.0], [2.0]], [0, 1])


class TestTimeLimit:
    @pytest.fixture(autouse=True)
    def clock(self, monkeypatch):
        """Let a second pass between two looks at the clock."""
        looks = itertools.count()
        monkeypatch.setattr(_deadline, "monotonic", lambda: float(next(looks)))

    def test_both_trainings_together_keep_to_it(self, recorder, samples):
        def n_trained(seconds):
            model = recorder(early_stopping=True, refit_tail=True, time_limit=seconds)
            model.fit(*samples)
            return len(model.calls), model.n_iter_, model.hit_time_limit_

        # The first training looks at the clock after 6 of its 7 rounds, the second
        # one after 4 of its 5.
        assert n_trained(3) == (1, 3, True)
        assert n_trained(7) == (2, 5, True)
        assert n_trained(10) == (2, 5, True)
        assert n_trained(11) == (2, 5, False)

    def test_a_second_training_cut_short_is_dropped_for_the_first(
        self, recorder, samples
    ):
        class Trained(recorder):
            def _fit_rounds(self, training, validation, rounds):
                super()._fit_rounds(training, validation, rounds)
                self.model_ = (len(training), rounds.n_done)

        settings = {"early_stopping": True, "refit_tail": True}
        X, _ = samples
        cut = Trained(**settings, time_limit=8).fit(*samples)
        assert cut.model_[0] < len(X)
        assert cut.model_[1] == 7
        whole = Trained(**settings, time_limit=99).fit(*samples)
        assert whole.model_ == (len(X), 5)

    def test_one_class_takes_no_time(self, recorder):
        model = recorder(time_limit=1).fit([[1.0], [2.0]], [3, 3])
        assert model.hit_time_limit_ is False
