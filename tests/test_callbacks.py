"""What scikit-learn's callbacks see of a fit, round by round."""

from __future__ import annotations

import warnings
from functools import cache

import numpy as np
import pytest
from sklearn.callback import CallbackContext, ProgressBar, ScoringMonitor
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from families import OWN, make_samples, quick, rounds_name
from sk_ensemble import PurgedSplit, Windower
from sk_ensemble.estimator import IterativeClassifier

ITERATIVE = [name for name in OWN if isinstance(quick(name), IterativeClassifier)]
#: CatBoost does not show unfinished models.
USABLE_SO_FAR = [name for name in ITERATIVE if name != "catboost"]


@cache
def samples():
    X, y = make_samples()
    return Windower(3).transform(X), y


def of_rounds(name, n_rounds, **params):
    """Make a model of at most so many rounds, that learns fast."""
    rate = 0.2 if rounds_name(name) == "n_estimators" else 0.05
    settings = {rounds_name(name): n_rounds, "learning_rate": rate}
    return quick(name, **settings, **params)


def path_of(context):
    """Return the names and numbers of a task and those above it."""
    place = (context.task_name, context.task_id)
    return [place] if context.parent is None else [*path_of(context.parent), place]


class Recorder:
    """Remember every event, and stop where told to."""

    max_propagation_depth = None

    def __init__(self, stop_at=None):
        self.stop_at = stop_at
        self.events, self.losses, self.contexts = [], [], []

    def setup(self, estimator, context):
        self.events.append(("setup", []))

    def teardown(self, estimator, context):
        self.events.append(("teardown", []))

    def on_fit_task_begin(self, estimator, context):
        self.contexts.append(context)
        self.events.append(("begin", path_of(context)))

    def on_fit_task_end(self, estimator, context, *, X=None, y=None):
        path = path_of(context)
        self.events.append(("end", path))
        if len(path) > 1:
            self.losses.append({k: list(v) for k, v in estimator.history_.items()})
            self.seen = (X, y)
        return path == self.stop_at


class Predictor(Recorder):
    """Predict with what is learnt so far."""

    def __init__(self, X):
        super().__init__()
        self.X, self.proba, self.estimators = X, [], []

    def on_fit_task_end(self, estimator, context, *, fitted_estimator=None):
        self.estimators.append(fitted_estimator)
        if fitted_estimator is not None:
            self.proba.append(fitted_estimator.predict_proba(self.X))


def round_path(name, number):
    return [("fit", 0), (quick(name).round_name, number)]


@pytest.mark.parametrize("name", ITERATIVE)
class TestRounds:
    def test_every_round_is_a_task_of_the_fit(self, name):
        recorder = Recorder()
        model = of_rounds(name, 4, early_stopping=False).set_callbacks(recorder)
        model.fit(*samples())
        rounds = [
            (kind, round_path(name, number))
            for number in range(4)
            for kind in ("begin", "end")
        ]
        fit = [("fit", 0)]
        assert recorder.events == [
            ("setup", []),
            ("begin", fit),
            *rounds,
            ("end", fit),
            ("teardown", []),
        ]
        assert [c.max_subtasks for c in recorder.contexts] == [4, 0, 0, 0, 0]

    def test_the_newest_losses_are_there_when_a_round_ends(self, name):
        recorder = Recorder()
        model = of_rounds(name, 5).set_callbacks(recorder).fit(*samples())
        n_rounds = len(model.history_["train_loss"])
        assert recorder.losses == [
            {key: losses[: n + 1] for key, losses in model.history_.items()}
            for n in range(n_rounds)
        ]
        assert set(model.history_) == {"train_loss", "val_loss"}

    def test_samples_and_labels_that_are_trained_on_are_shown(self, name):
        X, y = samples()
        recorder = Recorder()
        of_rounds(name, 2).set_callbacks(recorder).fit(X, y)
        shown, labels = recorder.seen
        assert shown.shape[1:] == X.shape[1:]
        assert shown.label_end_ns.max() < X.times_ns.max()
        order = dict(zip(X.positions.tolist(), y.tolist(), strict=True))
        assert labels.tolist() == [order[place] for place in shown.positions.tolist()]

    def test_a_callback_ends_training_in_good_order(self, name):
        X, y = samples()
        recorder = Recorder(stop_at=round_path(name, 2))
        stopped = of_rounds(name, 9, early_stopping=False).set_callbacks(recorder)
        stopped.fit(X, y)
        short = of_rounds(name, 3, early_stopping=False).fit(X, y)
        expected = short.predict_proba(X)
        np.testing.assert_array_equal(stopped.predict_proba(X), expected)
        assert stopped.history_ == short.history_
        assert (stopped.n_iter_, stopped.hit_time_limit_) == (3, False)
        assert recorder.events[-2:] == [("end", [("fit", 0)]), ("teardown", [])]

    def test_the_best_rounds_are_kept_when_a_callback_ends_training(self, name):
        X, y = samples()
        held_out = {"X_val": X, "y_val": np.random.default_rng(0).permutation(y)}
        recorder = Recorder(stop_at=round_path(name, 7))
        model = of_rounds(name, 40, n_iter_no_change=30).set_callbacks(recorder)
        model.fit(X, y, **held_out)
        losses = model.history_["val_loss"]
        assert len(losses) == 8
        assert model.n_iter_ == np.argmin(losses) + 1 < 8

    def test_a_second_training_is_one_task_with_rounds_of_its_own(self, name):
        recorder = Recorder()
        model = of_rounds(name, 4, refit_tail=True).set_callbacks(recorder)
        model.fit(*samples())
        n_first = len(model.history_["train_loss"])
        refit = [("fit", 0), ("refit", n_first)]
        ends = [path for kind, path in recorder.events if kind == "end"]
        assert ends == [
            *(round_path(name, number) for number in range(n_first)),
            *([*refit, (model.round_name, number)] for number in range(model.n_iter_)),
            refit,
            [("fit", 0)],
        ]
        sizes = {path_of(c)[-1][0]: c.max_subtasks for c in recorder.contexts}
        assert (sizes["fit"], sizes["refit"]) == (5, model.n_iter_)
        # The losses stay those of the training that had a validation set.
        assert recorder.losses[n_first:] == [model.history_] * (model.n_iter_ + 1)

    def test_a_callback_may_end_the_second_training_only(self, name):
        X, y = samples()
        first = of_rounds(name, 4).fit(X, y)
        assert first.n_iter_ > 1
        place = [("fit", 0), ("refit", len(first.history_["train_loss"]))]
        recorder = Recorder(stop_at=[*place, (first.round_name, 0)])
        model = of_rounds(name, 4, refit_tail=True).set_callbacks(recorder)
        model.fit(X, y)
        assert (model.n_iter_, model.history_) == (1, first.history_)
        whole = of_rounds(name, 1, early_stopping=False).fit(X, y)
        expected = whole.predict_proba(X)
        np.testing.assert_array_equal(model.predict_proba(X), expected)

    def test_being_watched_changes_no_bit(self, name):
        X, y = samples()
        free = of_rounds(name, 4).fit(X, y)
        watched = of_rounds(name, 4).set_callbacks(Predictor(X)).fit(X, y)
        assert watched.history_ == free.history_
        expected = free.predict_proba(X)
        np.testing.assert_array_equal(watched.predict_proba(X), expected)

    def test_nobody_is_told_where_nobody_listens(self, name, monkeypatch):
        def subcontext(*args, **kwargs):
            raise AssertionError

        monkeypatch.setattr(CallbackContext, "subcontext", subcontext)
        of_rounds(name, 3, refit_tail=True).fit(*samples())
        with pytest.raises(AssertionError):
            of_rounds(name, 3).set_callbacks(Recorder()).fit(*samples())

    def test_one_class_is_a_fit_without_rounds(self, name):
        X, y = samples()
        recorder = Recorder()
        of_rounds(name, 3).set_callbacks(recorder).fit(X, np.ones_like(y))
        assert [path for _, path in recorder.events] == [[], *[[("fit", 0)]] * 2, []]


class TestFittedSoFar:
    def test_catboost_shows_no_unfinished_model_and_a_finished_one(self):
        X, y = samples()
        predictor = Predictor(X)
        of_rounds("catboost", 2).set_callbacks(predictor).fit(X, y)
        assert [model is None for model in predictor.estimators] == [True, True, False]

    @pytest.mark.parametrize("name", USABLE_SO_FAR)
    def test_a_round_can_be_predicted_with(self, name):
        X, y = samples()
        predictor = Predictor(X)
        model = of_rounds(name, 3, early_stopping=False).set_callbacks(predictor)
        model.fit(X, y)
        for n_rounds, proba in enumerate(predictor.proba[:-1], 1):
            short = of_rounds(name, n_rounds, early_stopping=False).fit(X, y)
            np.testing.assert_array_equal(proba, short.predict_proba(X))
        np.testing.assert_array_equal(predictor.proba[-1], model.predict_proba(X))
        assert len(predictor.proba) == 4

    @pytest.mark.parametrize("name", USABLE_SO_FAR)
    def test_it_says_how_far_training_was(self, name):
        X, y = samples()
        predictor = Predictor(X)
        of_rounds(name, 2, early_stopping=False).set_callbacks(predictor).fit(X, y)
        first, second, _ = predictor.estimators
        assert (first.n_iter_, second.n_iter_) == (1, 2)
        assert len(first.history_["train_loss"]) == 1


@pytest.mark.parametrize("name", ITERATIVE)
class TestCallbacksOfScikitLearn:
    def test_a_progress_bar_reaches_every_round_of_a_pipeline(self, name, capsys):
        X, y = make_samples()
        bar = ProgressBar(max_propagation_depth=None)
        model = make_pipeline(Windower(3), of_rounds(name, 3, refit_tail=True))
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            model.set_callbacks(bar).fit(X, y)
        shown = capsys.readouterr().out
        assert f"{type(model[-1]).__name__} - fit" in shown
        assert f"{type(model[-1]).__name__} - refit" in shown
        assert "100%" in shown

    def test_a_score_is_monitored_in_every_round(self, name):
        X, y = make_samples()
        monitor = ScoringMonitor(scoring="neg_log_loss")
        clf = of_rounds(name, 3, early_stopping=False).set_callbacks(monitor)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            model = make_pipeline(Windower(3), clf).fit(X, y)
        log = monitor.get_logs().data_as_pandas
        log = log[log["task_name"] == clf.round_name]
        losses = model[-1].history_["train_loss"]
        assert len(log) == (3 if name in USABLE_SO_FAR else 0)
        if name not in NETWORKS and name in USABLE_SO_FAR:
            np.testing.assert_allclose(-log["neg_log_loss"], losses, atol=1e-6)


@pytest.mark.slow
def test_searches_in_processes_report_too(capsys):
    X, y = make_samples()
    model = make_pipeline(Windower(2), of_rounds("xgboost", 2))
    grid = {"windower__window_length": [2, 3]}
    search = GridSearchCV(model, grid, cv=PurgedSplit(2), n_jobs=2)
    search.set_callbacks(ProgressBar(max_propagation_depth=None)).fit(X, y)
    assert "XGBoostClassifier - fit" in capsys.readouterr().out


#: Their losses are those along the way of an epoch, not after it.
NETWORKS = [name for name in ITERATIVE if quick(name).round_name == "epoch"]
