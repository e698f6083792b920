"""Which runs are made of a fit, compared with what the fitted estimators say."""

from __future__ import annotations

import warnings
from collections import Counter

import numpy as np
import pytest
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import (
    GridSearchCV,
    HalvingGridSearchCV,
    RandomizedSearchCV,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from families import quick
from sk_ensemble import PurgedSplit, RowTransformer, Windower
from sk_ensemble.callbacks import MetricPoint, MLflowCallback
from sk_ensemble.callbacks._run_tree import run_records
from sk_ensemble.callbacks._spool import Spool

CV = PurgedSplit(2, embargo_size=3)


class Recording:
    """What a fit leaves on disk where nobody records it."""

    def __init__(self, folder, dead_server, **options):
        self.folder = folder
        self.callback = MLflowCallback(dead_server, spool_dir=folder, **options)

    def records(self, estimator, *data):
        """Fit an estimator and return the runs that are to be recorded."""
        estimator.set_callbacks(self.callback)
        with pytest.warns(UserWarning, match="replay_spool"):
            estimator.fit(*data)
        return self.left()

    def left(self):
        (spool,) = Spool.found_in(self.folder)
        header = spool.header()
        return run_records(
            spool.events(), header["spool_id"], header["run_name"], header["tags"]
        )


@pytest.fixture
def recording(tmp_path, dead_server):
    return Recording(tmp_path / "spool", dead_server)


def booster(**params):
    return make_pipeline(Windower(2), quick("xgboost", **params))


def children_of(records, parent):
    return [record for record in records if record.parent == parent.event_id]


def curve(record, name):
    return [point.value for point in record.metrics if point.name == name]


def value(record, name):
    (found,) = curve(record, name)
    return found


def test_a_model_alone_is_one_run(recording, samples):
    X, y = samples
    model = quick("xgboost", max_depth=2)
    (record,) = recording.records(model, X, y)
    assert record.name == "XGBoostClassifier"
    assert record.params["max_depth"] == "2"
    assert record.status == "FINISHED"
    assert curve(record, "train_loss") == model.history_["train_loss"]
    assert curve(record, "val_loss") == model.history_["val_loss"]
    assert value(record, "n_iter") == model.n_iter_
    assert record.start <= record.end


@pytest.mark.parametrize("name", ["lightgbm", "lstm"])
def test_every_family_that_trains_in_rounds_has_its_curves(name, recording, samples):
    X, y = samples
    model = make_pipeline(RowTransformer(StandardScaler()), Windower(2), quick(name))
    (record,) = recording.records(model, X, y)
    assert record.name == "Pipeline"
    assert curve(record, "val_loss") == model[-1].history_["val_loss"]
    steps = [p.step for p in record.metrics if p.name == "val_loss"]
    assert steps == list(range(len(steps)))


def test_rounds_of_a_second_training_are_not_taken_for_the_first(recording, samples):
    X, y = samples
    model = quick("xgboost", refit_tail=True)
    (record,) = recording.records(model, X, y)
    assert curve(record, "train_loss") == model.history_["train_loss"]


def test_what_is_not_finite_survives(recording, samples, monkeypatch):
    X, y = samples
    monkeypatch.setattr(
        "sk_ensemble.estimator._rounds.float", lambda _: float("nan"), raising=False
    )
    (record,) = recording.records(quick("xgboost"), X, y)
    assert np.isnan(curve(record, "train_loss")).all()


def assert_search_is_recorded(search, records):
    """Compare the runs of a search with its table of results."""
    root, *_ = records
    results = search.cv_results_
    top = {record.name: record for record in children_of(records, root)}
    n_candidates = len(results["params"])
    assert set(top) == {f"candidate-{i}" for i in range(n_candidates)} | {"refit"}
    for row, params in enumerate(results["params"]):
        candidate = top[f"candidate-{row}"]
        assert candidate.params == {name: str(v) for name, v in params.items()}
        mean = results["mean_test_score"][row]
        assert value(candidate, "mean_test_score") == pytest.approx(mean, nan_ok=True)
        scores = [results[f"split{k}_test_score"][row] for k in range(search.n_splits_)]
        assert curve(candidate, "fold_test_score") == pytest.approx(scores, nan_ok=True)
        folds = children_of(records, candidate)
        assert [fold.name for fold in folds] == [f"fold-{k}" for k in range(len(folds))]
        assert len(folds) == search.n_splits_
        for fold, score in zip(folds, scores, strict=True):
            assert value(fold, "test_score") == pytest.approx(score, nan_ok=True)
            assert fold.params.items() >= candidate.params.items()
    assert (
        root.params.items()
        >= {f"best_{name}": str(v) for name, v in search.best_params_.items()}.items()
    )
    assert len(records) == 2 + n_candidates * (1 + search.n_splits_)
    assert max(Counter(record.event_id for record in records).values()) == 1


@pytest.mark.parametrize("n_jobs", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_a_grid_search_is_candidates_and_folds(n_jobs, recording, samples):
    X, y = samples
    grid = {"xgboostclassifier__max_depth": [1, 2, 3]}
    search = GridSearchCV(booster(), grid, cv=CV, n_jobs=n_jobs)
    records = recording.records(search, X, y)
    assert_search_is_recorded(search, records)
    folds = [record for record in records if record.name.startswith("fold")]
    for fold in folds:
        assert len(curve(fold, "train_loss")) >= 1
        assert fold.status == "FINISHED"
    refit = next(record for record in records if record.name == "refit")
    assert curve(refit, "val_loss") == search.best_estimator_[-1].history_["val_loss"]
    # The curves of a fold are those of a model fitted on it by hand.
    train, _ = next(iter(CV.split(X, y)))
    alone = booster(max_depth=1).fit(X[train], y[train])
    assert curve(folds[0], "val_loss") == alone[-1].history_["val_loss"]


def test_a_random_search_is_recorded(recording, samples):
    X, y = samples
    grid = {"xgboostclassifier__max_depth": [1, 2, 3]}
    search = RandomizedSearchCV(booster(), grid, cv=CV, n_iter=2, random_state=0)
    assert_search_is_recorded(search, recording.records(search, X, y))


@pytest.mark.parametrize("n_jobs", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_the_iterations_of_a_halving_search_are_told_apart(n_jobs, recording, samples):
    X, y = samples
    grid = {"xgboostclassifier__max_depth": [1, 2, 3, 4]}
    search = HalvingGridSearchCV(
        booster(),
        grid,
        cv=CV,
        n_jobs=n_jobs,
        resource="xgboostclassifier__n_estimators",
        max_resources=4,
        min_resources=1,
        factor=2,
    )
    records = recording.records(search, X, y)
    assert len(search.cv_results_["params"]) == 7
    assert_search_is_recorded(search, records)
    last = next(record for record in records if record.name == "candidate-6")
    assert value(last, "iter") == 2
    assert last.params["xgboostclassifier__n_estimators"] == "4"


def test_a_search_within_a_search_is_recorded_below_its_fold(recording, samples):
    X, y = samples
    inner = GridSearchCV(booster(), {"xgboostclassifier__max_depth": [1, 2]}, cv=CV)
    outer = GridSearchCV(inner, {"estimator__windower__window_length": [1, 2]}, cv=CV)
    records = recording.records(outer, X, y)
    root = records[0]
    fold = next(r for r in records if r.name == "fold-0" and "estimator__w" in str(r))
    assert {r.name for r in children_of(records, fold)} == {
        "candidate-0",
        "candidate-1",
        "refit",
    }
    refit = next(r for r in children_of(records, root) if r.name == "refit")
    assert len(children_of(records, refit)) == 3
    # Each of 4 outer folds and the refit holds an inner search of 2 x 2 folds.
    assert len(records) == 1 + 2 + 5 * (1 + 2 + 4 + 1)


def test_a_fold_that_fails_is_recorded_as_failed(recording, samples):
    X, y = samples
    grid = {"xgboostclassifier__max_depth": [2, -1]}
    search = GridSearchCV(booster(), grid, cv=CV)
    search.set_callbacks(recording.callback)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        search.fit(X, y)
    records = recording.left()
    assert_search_is_recorded(search, records)
    status = {record.name: record.status for record in records}
    assert status["candidate-0"] == "FINISHED"
    assert status["candidate-1"] == "FAILED"


def test_a_search_that_fails_keeps_what_it_had(recording, samples):
    X, y = samples
    grid = {"xgboostclassifier__max_depth": [2, -1]}
    search = GridSearchCV(booster(), grid, cv=CV, error_score="raise")
    search.set_callbacks(recording.callback)
    warned = pytest.warns(UserWarning, match="replay_spool")
    with warned, pytest.raises(ValueError, match="max_depth"):
        search.fit(X, y)
    root, *others = recording.left()
    assert root.status == "FAILED"
    status = {record.name: record.status for record in others}
    assert status["candidate-0"] == "FINISHED"
    assert status["candidate-1"] == "FAILED"
    fold = next(r for r in others if r.name == "fold-0")
    # Without a table of results its own parameters are all there is.
    assert fold.params["xgboostclassifier__max_depth"] == "2"


def test_models_without_callbacks_are_recorded_without_what_happens_in_them(
    recording, samples
):
    X, y = samples
    model = make_pipeline(Windower(2), quick("random_forest"))
    search = GridSearchCV(model, {"windower__lag": [0, 1]}, cv=CV)
    search.set_callbacks(recording.callback)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        search.fit(X, y)
    assert_search_is_recorded(search, recording.left())


def test_curves_of_several_steps_have_the_names_of_their_steps():
    def event(kind, path, **values):
        return {"event": kind, "path": path, "time": len(path), **values}

    def begin(path, task, **values):
        return event("begin", path, task=task, is_run=len(path) == 1, estimator="E")

    events = [begin([0], "fit"), begin([0, 0], "a"), begin([0, 1], "b")]
    events += [
        event("curve", [0, step], start=0, values={"loss": [0.5]}) for step in (0, 1)
    ]
    (record,) = run_records(events, "id")
    assert record.metrics == (
        MetricPoint("a/loss", 0.5, 0, 2),
        MetricPoint("b/loss", 0.5, 0, 2),
    )


def test_the_members_of_an_ensemble_are_runs(recording, samples):
    ensemble = pytest.importorskip("sk_ensemble.ensemble")
    X, y = samples
    members = [
        ("trees", booster()),
        ("line", make_pipeline(Windower(1, flatten=True), LogisticRegression())),
    ]
    stack = ensemble.PurgedStackingClassifier(members, cv=CV)
    root, *others = recording.records(stack, X, y)
    assert root.name == "PurgedStackingClassifier"
    of_trees = [record for record in others if record.name.endswith("trees")]
    assert {record.name for record in of_trees} == {
        "fold-0-trees",
        "fold-1-trees",
        "refit-trees",
    }
    assert all(curve(record, "train_loss") for record in of_trees)
    assert all(record.parent == root.event_id for record in others)


def test_name_and_tags_are_those_of_the_outermost_run(tmp_path, dead_server, samples):
    X, y = samples
    recording = Recording(
        tmp_path / "spool", dead_server, run_name="mine", tags={"why": "test"}
    )
    search = GridSearchCV(quick("xgboost"), {"max_depth": [1]}, cv=CV)
    root, *others = recording.records(search, X, y)
    assert root.name == "mine"
    assert root.tags["why"] == "test"
    assert not any("why" in record.tags for record in others)


def test_a_depth_leaves_deeper_estimators_out(tmp_path, dead_server, samples):
    X, y = samples
    recording = Recording(tmp_path / "spool", dead_server, max_propagation_depth=0)
    search = GridSearchCV(quick("xgboost"), {"max_depth": [1, 2]}, cv=CV)
    records = recording.records(search, X, y)
    assert_search_is_recorded(search, records)
    assert not any(curve(record, "train_loss") for record in records)
