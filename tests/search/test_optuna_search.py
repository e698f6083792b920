"""A search finds what a plain loop finds, and behaves as scikit-learn's do."""

from __future__ import annotations

import pickle

import numpy as np
import optuna
import pandas as pd
import pytest
import sklearn
from optuna.distributions import (
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from searches import rows, searching, tree_search, untimed
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.callback import ProgressBar, ScoringMonitor
from sklearn.exceptions import FitFailedWarning, NotFittedError
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import log_loss
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from families import quick
from sk_ensemble import (
    CombinatorialPurgedSplit,
    PurgedSplit,
    RowTransformer,
    WalkForwardSplit,
    Windower,
)
from sk_ensemble.callbacks import MLflowCallback
from sk_ensemble.callbacks._run_tree import run_records
from sk_ensemble.callbacks._spool import Spool
from sk_ensemble.exceptions import DataError, EmptyFoldError

SPLITTERS = [
    PurgedSplit(3, embargo_size=3),
    WalkForwardSplit(3),
    CombinatorialPurgedSplit(4, 2, embargo_size=3),
]


def test_scores_are_those_of_cross_validation():
    X, y = rows()
    search = searching(return_train_score=True).fit(X, y)
    for place, params in enumerate(search.cv_results_["params"]):
        for fold, (train, test) in enumerate(search.cv.split(X, y)):
            model = LogisticRegression(**params).fit(X[train], y[train])
            for kind, part in (("test", test), ("train", train)):
                expected = -log_loss(y[part], model.predict_proba(X[part]))
                found = search.cv_results_[f"split{fold}_{kind}_score"][place]
                if search.cv_results_["state"][place] == "complete":
                    assert found == pytest.approx(expected)


def test_the_table_is_that_of_a_grid_search_on_the_same_candidates():
    X, y = rows()
    search = tree_search(
        scoring="accuracy", pruner=optuna.pruners.NopPruner(), return_train_score=True
    ).fit(X, y)
    grid = GridSearchCV(
        search.estimator,
        [{k: [v] for k, v in p.items()} for p in search.cv_results_["params"]],
        cv=search.cv,
        scoring="accuracy",
        return_train_score=True,
    ).fit(X, y)
    assert set(grid.cv_results_) == set(search.cv_results_) - {"state"}
    expected = untimed(grid.cv_results_)
    found = untimed(search.cv_results_)
    for name in expected:
        if "score" in name and "rank" not in name:
            ours, theirs = search.cv_results_[name], grid.cv_results_[name]
            np.testing.assert_allclose(ours, theirs, atol=1e-12)
        else:
            assert found[name] == expected[name]
    assert search.best_index_ == grid.best_index_
    assert search.best_params_ == grid.best_params_
    assert search.best_score_ == pytest.approx(grid.best_score_)
    np.testing.assert_array_equal(search.predict(X), grid.predict(X))
    assert search.score(X, y) == grid.score(X, y)


def test_it_learns_where_to_look():
    X, y = rows(400)
    estimator = DecisionTreeClassifier(random_state=0)
    space = {"max_depth": IntDistribution(1, 12)}
    search = searching(estimator, space, n_trials=30).fit(X, y)
    late = [params["max_depth"] for params in search.cv_results_["params"][15:]]
    assert np.median(late) <= 4
    assert search.best_params_["max_depth"] <= 4


def test_equal_seeds_give_equal_searches_and_others_do_not():
    X, y = rows()
    one, other = (tree_search(n_trials=14).fit(X, y) for _ in range(2))
    assert untimed(one.cv_results_) == untimed(other.cv_results_)
    another = tree_search(n_trials=14, random_state=1).fit(X, y)
    assert untimed(one.cv_results_) != untimed(another.cv_results_)


@pytest.mark.slow
def test_workers_do_what_one_process_does_with_the_same_batches():
    X, y = rows()
    one, other = (tree_search(n_trials=14, n_jobs=2).fit(X, y) for _ in range(2))
    assert untimed(one.cv_results_) == untimed(other.cv_results_)
    assert len(one.cv_results_["params"]) == 14


def test_neither_global_state_nor_the_terminal_is_touched(capfd):
    X, y = rows()
    before = (np.random.get_state()[1].tobytes(), optuna.logging.get_verbosity())  # noqa: NPY002
    searching().fit(X, y)
    after = (np.random.get_state()[1].tobytes(), optuna.logging.get_verbosity())  # noqa: NPY002
    assert before == after
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("cv", SPLITTERS, ids=lambda cv: type(cv).__name__)
def test_panels_and_windows_work_with_every_splitter(cv, samples):
    X, y = samples
    model = make_pipeline(Windower(2), quick("xgboost"))
    space = {"xgboostclassifier__max_depth": CategoricalDistribution([1, 3])}
    search = searching(model, space, cv=cv, n_trials=2).fit(X, y)
    assert search.n_splits_ == cv.get_n_splits(X, y)
    assert search.predict_proba(X).shape == (len(X), 3)
    windows = Windower(2).transform(X)
    of_windows = searching(
        quick("xgboost"),
        {"max_depth": space["xgboostclassifier__max_depth"]},
        cv=cv,
        n_trials=2,
    ).fit(windows, y)
    assert of_windows.best_score_ == search.best_score_


def test_parameters_of_windows_can_be_searched(samples):
    X, y = samples
    model = make_pipeline(
        RowTransformer(StandardScaler()), Windower(2, flatten=True), quick("logistic")
    )

    def space(trial):
        length = trial.suggest_int("length", 1, 3)
        params = {"windower__window_length": length}
        if length > 1:
            params["orderedpipeline__clf__C"] = trial.suggest_float("C", 1e-3, 1)
        return params

    search = searching(model, space, cv=PurgedSplit(3, embargo_size=3)).fit(X, y)
    column = search.cv_results_["param_orderedpipeline__clf__C"]
    lengths = search.cv_results_["param_windower__window_length"]
    assert column.mask.tolist() == (lengths == 1).tolist()
    assert (
        search.best_estimator_[1].window_length
        == (search.best_params_["windower__window_length"])
    )


def test_it_can_be_nested(samples):
    X, y = samples
    search = searching(quick("logistic"), "auto", cv=PurgedSplit(2), n_trials=2)
    scores = cross_val_score(search, X, y, cv=PurgedSplit(2), error_score="raise")
    assert np.isfinite(scores).all()


def test_rows_indexed_by_other_bars_are_refused(samples):
    X, y = samples
    with pytest.raises(DataError, match="indexed by other"):
        searching(quick("logistic"), "auto").fit(X, pd.Series(y, index=X.index[::-1]))


def test_a_class_that_a_fold_lacks_is_no_obstacle():
    X, y = rows()
    y = np.where(np.arange(len(y)) < 60, y, y + 1)  # classes 0, 1 and then 1, 2
    search = searching(cv=WalkForwardSplit(3, purged_size=1)).fit(X, y)
    assert np.isfinite(search.best_score_)


class Fragile(ClassifierMixin, BaseEstimator):
    """A classifier that fails for some values of a parameter."""

    def __init__(self, level=0.0, only_fold=None):
        self.level, self.only_fold = level, only_fold

    def fit(self, X, y, sample_weight=None):
        if self.level > 0.5:
            raise RuntimeError("level is\ntoo high")
        self.classes_ = np.unique(y)
        self.weight_ = 0.0 if sample_weight is None else float(np.sum(sample_weight))
        return self

    def predict_proba(self, X):
        share = 0.5 + self.level / 10
        return np.column_stack([np.full(len(X), share), np.full(len(X), 1 - share)])


LEVEL = {"level": FloatDistribution(0, 1)}


def test_trials_that_fail_are_told_and_the_others_go_on():
    X, y = rows()
    with pytest.warns(FitFailedWarning, match="RuntimeError: level is too high"):
        search = searching(Fragile(), LEVEL, n_trials=12).fit(X, y)
    levels = search.cv_results_["param_level"].astype(float)
    failed = search.cv_results_["state"] == "fail"
    assert failed.tolist() == (levels > 0.5).tolist()
    assert 0 < failed.sum() < 12
    assert np.isnan(search.cv_results_["mean_test_score"][failed]).all()
    assert search.best_params_["level"] <= 0.5


def test_without_any_score_there_is_an_error_with_the_reasons():
    X, y = rows()
    space = {"level": FloatDistribution(0.6, 1)}
    with pytest.raises(ValueError, match=r"(?s)None of the 6 trials.*6 x fold 0: Runt"):
        searching(Fragile(), space).fit(X, y)


@pytest.mark.parametrize("score", [np.nan, np.inf])
def test_scores_that_are_not_finite_are_failures(score):
    X, y = rows()
    with pytest.raises(ValueError, match=f"the score is {score}"):
        searching(scoring=lambda estimator, X, y: score).fit(X, y)


def test_an_error_can_end_the_search():
    X, y = rows()
    with pytest.raises(RuntimeError, match="too high"):
        searching(Fragile(), LEVEL, error_score="raise", n_trials=12).fit(X, y)


def test_a_fold_with_one_class_is_told():
    X, _ = rows(90)
    y = np.repeat([0, 1], [30, 60])
    cv = [(np.arange(30), np.arange(30, 60)), (np.arange(60), np.arange(60, 90))]
    with pytest.raises(ValueError, match=r"fold 0: ValueError: .*1 class|one class"):
        searching(cv=cv).fit(X, y)


def test_an_empty_fold_is_refused_before_anything_is_fitted():
    X, y = rows()
    cv = [(np.arange(50), np.arange(50, 60)), (np.arange(0), np.arange(60, 90))]
    with pytest.raises(EmptyFoldError, match="Fold 1 has 0 training and 30 test rows"):
        searching(Fragile(level=1.0), LEVEL, error_score="raise", cv=cv).fit(X, y)


def test_bad_trials_are_pruned_after_a_fold():
    X, y = rows(300)
    space = {"max_depth": IntDistribution(1, 30)}
    search = searching(DecisionTreeClassifier(random_state=0), space, n_trials=25).fit(
        X, y
    )
    states = search.cv_results_["state"]
    pruned = states == "pruned"
    assert 0 < pruned.sum() < 25
    first = search.cv_results_["split0_test_score"]
    assert np.isfinite(first[pruned]).all()
    assert np.isnan(search.cv_results_["mean_test_score"][pruned]).all()
    assert first[pruned].mean() < first[states == "complete"].mean()
    kept = searching(
        DecisionTreeClassifier(random_state=0),
        space,
        n_trials=25,
        pruner=optuna.pruners.NopPruner(),
    ).fit(X, y)
    assert (kept.cv_results_["state"] == "complete").all()


def test_weights_are_cut_to_the_folds():
    X, y = rows()
    weights = np.arange(len(y), dtype=float)
    search = searching(Fragile(), {"level": FloatDistribution(0, 0.4)}, n_trials=2)
    search.fit(X, y, sample_weight=weights)
    assert search.best_estimator_.weight_ == weights.sum()
    weighted = -log_loss(
        y[:67], np.tile([0.5, 0.5], (67, 1)), sample_weight=weights[:67]
    )
    even = searching(Fragile(), {"level": CategoricalDistribution([0.0])}, n_trials=1)
    even.fit(X, y, sample_weight=weights)
    assert even.cv_results_["split0_test_score"][0] == pytest.approx(weighted)


def test_metadata_is_routed_to_splitter_and_estimator(samples):
    X, y = samples
    with sklearn.config_context(enable_metadata_routing=True):
        cv = PurgedSplit(3).set_split_request(label_end=True)
        model = quick("xgboost").set_fit_request(sample_weight=True)
        search = searching(model, {"max_depth": CategoricalDistribution([1])}, cv=cv)
        ends = pd.Series(X.times + np.timedelta64(1, "h"))
        search.set_params(n_trials=1).fit(
            X, y, label_end=ends, sample_weight=np.ones(len(y))
        )
        folds = list(cv.split(X, y, label_end=ends))
        unrouted = searching(model, {"max_depth": CategoricalDistribution([1])}, cv=cv)
        unrouted.set_params(n_trials=1).fit(X, y, sample_weight=np.ones(len(y)))
    train, test = folds[0]
    by_hand = quick("xgboost", max_depth=1).fit(X[train], y[train])
    expected = -log_loss(y[test], by_hand.predict_proba(X[test]))
    found = search.cv_results_["split0_test_score"][0]
    assert found == pytest.approx(expected)
    assert unrouted.cv_results_["split0_test_score"][0] != pytest.approx(expected)


def test_regressors_are_searched_by_their_own_score():
    X, _ = rows()
    space = {"alpha": FloatDistribution(1e-3, 1e3, log=True)}
    search = searching(Ridge(), space).fit(X, X[:, 0])
    assert search.best_score_ > 0.9
    with pytest.raises(DataError, match="predict_proba"):
        search.overfitting_report()


def test_time_ends_a_search_after_one_trial_at_least():
    X, y = rows()
    search = searching(timeout=1e-9).fit(X, y)
    assert len(search.cv_results_["params"]) == 1


def test_refitting_may_be_left_out():
    X, y = rows()
    search = searching(refit=False).fit(X, y)
    assert not hasattr(search, "best_estimator_")
    with pytest.raises(AttributeError):
        search.predict(X)
    assert set(search.best_params_) == {"C"}


def test_an_unfitted_search_has_no_report():
    with pytest.raises(NotFittedError):
        searching().overfitting_report()


def clone_of(sampler):
    return optuna.samplers.GridSampler(sampler._search_space, seed=0)


def test_samplers_are_made_per_trial_or_taken_as_they_are():
    X, y = rows()
    seeds = []

    def make(seed):
        seeds.append(seed)
        return optuna.samplers.RandomSampler(seed=seed)

    search = searching(sampler=make).fit(X, y)
    assert len(set(seeds)) >= 6
    fixed = optuna.samplers.GridSampler({"C": [0.1, 1.0]}, seed=0)
    grid = searching(sampler=fixed, n_trials=2).fit(X, y)
    assert {p["C"] for p in grid.cv_results_["params"]} == {0.1, 1.0}
    # It has nothing more to propose.
    more = searching(sampler=clone_of(fixed), n_trials=5).fit(X, y)
    assert len(more.cv_results_["params"]) == 2
    assert len(search.cv_results_["params"]) == 6


def test_trials_that_were_put_in_are_run_first(tmp_path):
    X, y = rows()
    options = {"storage": tmp_path / "journal", "study_name": "s"}
    search = searching(n_trials=1, **options).fit(X, y)
    search.study_.enqueue_trial({"C": 0.125})
    search = searching(n_trials=2, **options).fit(X, y)
    assert search.cv_results_["params"][1] == {"C": 0.125}
    search.study_.enqueue_trial({"C": 0.25})
    search = searching(n_trials=2, **options).fit(X, y)
    assert search.cv_results_["state"].tolist()[-1] == "waiting"
    assert search.overfitting_report().n_trials == 2


@pytest.mark.parametrize("storage", ["memory", "journal"])
def test_a_fitted_search_can_be_pickled(storage, tmp_path):
    X, y = rows()
    storage = tmp_path / storage if storage == "journal" else storage
    search = searching(storage=storage).fit(X, y)
    copy = pickle.loads(pickle.dumps(search))
    assert copy.predict_proba(X).tobytes() == search.predict_proba(X).tobytes()
    assert repr(copy.overfitting_report()) == repr(search.overfitting_report())


def test_clones_are_unfitted_and_equal():
    search = searching()
    copy = clone(search.fit(*rows()))
    assert not hasattr(copy, "study_")
    assert str(copy.get_params()) == str(search.get_params())


@pytest.mark.parametrize(
    "options",
    [{"n_trials": 0}, {"refit": "C"}, {"error_score": 0}, {"scoring": ["accuracy"]}],
)
def test_parameters_are_checked(options):
    with pytest.raises(ValueError, match=next(iter(options))):
        searching(**options).fit(*rows())


@pytest.mark.parametrize("n_jobs", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_mlflow_sees_trials_and_folds(n_jobs, tmp_path, samples):
    X, y = samples
    callback = MLflowCallback("http://127.0.0.1:9", spool_dir=tmp_path)
    space = {"max_depth": CategoricalDistribution([1, 2, 3])}
    search = searching(
        quick("xgboost"), space, cv=PurgedSplit(3), n_trials=8, n_jobs=n_jobs
    )
    with pytest.warns(UserWarning, match="replay_spool"):
        search.set_callbacks(callback).fit(X, y)
    (spool,) = Spool.found_in(tmp_path)
    root, *others = run_records(spool.events(), "id")
    candidates = [r for r in others if r.parent == root.event_id]
    assert {r.name for r in candidates} == {f"candidate-{i}" for i in range(8)} | {
        "refit"
    }
    for place, state in enumerate(search.cv_results_["state"]):
        candidate = next(r for r in candidates if r.name == f"candidate-{place}")
        folds = [r for r in others if r.parent == candidate.event_id]
        evaluated = sum(
            np.isfinite(search.cv_results_[f"split{k}_test_score"][place])
            for k in range(3)
        )
        assert len(folds) == evaluated
        assert (evaluated == 3) == (state == "complete")
        for fold in folds:
            assert any(point.name == "val_loss" for point in fold.metrics)


def test_the_callbacks_of_scikit_learn_work(samples, capsys):
    X, y = samples
    monitor = ScoringMonitor(scoring="accuracy")
    search = searching(
        make_pipeline(Windower(2), quick("xgboost")),
        {"xgboostclassifier__max_depth": CategoricalDistribution([1, 2])},
        cv=PurgedSplit(2),
        n_trials=2,
    )
    search.set_callbacks(ProgressBar(max_propagation_depth=None)).fit(X, y)
    inner = make_pipeline(Windower(2), quick("xgboost").set_callbacks(monitor))
    searching(
        inner,
        {"xgboostclassifier__max_depth": CategoricalDistribution([1, 2])},
        cv=PurgedSplit(2),
        n_trials=2,
    ).fit(X, y)
    assert len(monitor.get_logs().data) > 4


def test_a_callback_can_end_the_search():
    X, y = rows()

    class Enough:
        max_propagation_depth = 0

        def setup(self, estimator, context):
            pass

        def teardown(self, estimator, context):
            pass

        def on_fit_task_begin(self, estimator, context):
            pass

        def on_fit_task_end(self, estimator, context):
            return context.task_name == "trial" and context.task_id == 2

    search = searching().set_callbacks(Enough()).fit(X, y)
    assert len(search.cv_results_["params"]) == 3
