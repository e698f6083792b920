"""What every estimator promises, whatever its family.

Estimators are found through the packages and the registry, so a new one is tested
from the day it exists.
"""

from __future__ import annotations

import inspect
import os
import pickle
import random
from functools import cache
from inspect import signature
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from optuna.distributions import FloatDistribution
from sklearn.base import BaseEstimator, clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_validate
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils import get_tags
from sklearn.utils.estimator_checks import check_estimator
from sktime.classification.distance_based import KNeighborsTimeSeriesClassifier

from discovery import public_objects
from families import (
    NAMES,
    OWN,
    PIPELINES,
    costly_ones_slow,
    make_frame,
    make_labels,
    make_samples,
    quick,
    rounds_name,
)
from sk_ensemble import (
    CatBoostClassifier,
    LightGBMClassifier,
    LSTMClassifier,
    Panel,
    PriorBaseline,
    PurgedSplit,
    TransformerClassifier,
    Windower,
)
from sk_ensemble.exceptions import DataError

TRAINING = {"max_epochs": 5, "batch_size": 1000, "learning_rate": 0.1}
NETWORK = {**TRAINING, "hidden_size": 16, "num_layers": 1}

TRANSFORMER = {
    **TRAINING,
    "d_model": 8,
    "n_heads": 2,
    "num_layers": 1,
    "d_ff": 8,
    "dropout": 0.0,
    "norm": "LayerNorm",
}

#: Members of ensembles, each of its own kind, and folds that need no times.
MEMBERS = {
    "estimators": [
        ("tree", DecisionTreeClassifier(max_depth=3, random_state=0)),
        ("line", LogisticRegression()),
    ],
    "cv": PurgedSplit(3, purged_size=0),
}

#: What an estimator is checked with, where its defaults would not do: ten trees, five
#: epochs of one batch, windows of one bar.
CHECKED: dict[str, list[dict[str, Any]]] = {
    "ALSTMClassifier": [NETWORK],
    "CatBoostClassifier": [{"n_estimators": 10, "rsm": 1.0}],
    "GRUClassifier": [NETWORK],
    "MLPNetClassifier": [
        {**TRAINING, "hidden_sizes": [16], "input_dropout": 0.0, "dropout": 0.0}
    ],
    "TCNClassifier": [{**TRAINING, "channels": [8], "dropout": 0.0}],
    "GreedyEnsembleClassifier": [
        MEMBERS,
        MEMBERS | {"metric": "brier_score", "refit": "folds"},
    ],
    "InceptionTimeClassifier": [
        {
            **(TRAINING | {"max_epochs": 15}),
            "n_members": 1,
            "n_filters": 4,
            "depth": 3,
            "kernel_sizes": [3, 2],
            "bottleneck_size": 4,
        }
    ],
    "LSTMClassifier": [NETWORK],
    "LSTMFCNClassifier": [
        {
            # Running means of batches need more steps than five.
            **(TRAINING | {"max_epochs": 15}),
            "channels": [8, 8],
            "kernel_sizes": [3, 2],
            "dropout": 0.0,
        }
    ],
    "LightGBMClassifier": [
        {"n_estimators": 10},
        {"n_estimators": 10, "class_weight": "balanced"},
        # With 20 samples per leaf the few rows of the checks give no tree at all.
        {"n_estimators": 10, "min_child_samples": 1, "colsample_bytree": 1.0},
    ],
    "PatchTSTClassifier": [
        {**TRANSFORMER, "patch_len": 2, "stride": 1, "revin": False},
        # Normalisation of a single bar leaves its level, which one linear map sees. In
        # more epochs the rounding of weights beside repeated rows grows beyond 1e-7.
        {**TRANSFORMER, "patch_len": 2, "stride": 1, "max_epochs": 5},
    ],
    "PurgedCalibratedClassifier": [
        {"estimator": LogisticRegression(), "cv": MEMBERS["cv"]},
        {
            "estimator": DecisionTreeClassifier(max_depth=3, random_state=0),
            "cv": MEMBERS["cv"],
            "method": "isotonic",
        },
    ],
    "MiniRocketClassifier": [
        {"num_kernels": 168},
        {
            "num_kernels": 168,
            "head": "logistic",
            "max_epochs": 30,
            "learning_rate": 0.05,
        },
    ],
    "NHITSClassifier": [{**TRAINING, "mlp_units": [[16, 16]], "learning_rate": 0.02}],
    "OptunaSearchCV": [
        {
            "estimator": LogisticRegression(),
            "param_distributions": {"C": FloatDistribution(0.1, 1)},
            "n_trials": 2,
            "cv": MEMBERS["cv"],
            "storage": "memory",
            "random_state": 0,
        }
    ],
    "PurgedStackingClassifier": [
        MEMBERS,
        MEMBERS | {"refit": "folds", "stack_method": "predict"},
        MEMBERS | {"final_estimator": GaussianNB(), "passthrough": True},
    ],
    "RowTransformer": [{"transformer": StandardScaler()}],
    "SeedEnsembleClassifier": [
        {"estimator": LogisticRegression(), "n_seeds": 2},
        {"estimator": LSTMClassifier(**NETWORK), "n_seeds": 2, "random_state": 0},
    ],
    "SktimeClassifier": [
        {
            "estimator": KNeighborsTimeSeriesClassifier(
                n_neighbors=3, distance="euclidean"
            )
        }
    ],
    "TFTClassifier": [
        TRAINING
        | {"hidden_size": 16, "n_heads": 2, "dropout": 0.0, "learning_rate": 0.03}
    ],
    "TransformerClassifier": [TRANSFORMER],
    "WeightedVoteClassifier": [MEMBERS, MEMBERS | {"weights": "equal"}],
    "WindowFlattener": [{}, {"allow_nan": False}],
    "Windower": [{"window_length": 1, "flatten": True}],
    "XGBoostClassifier": [
        {"n_estimators": 10},
        {"n_estimators": 10, "class_weight": "balanced"},
    ],
}


#: Checks that an estimator is known to fail, and why.
BATCH_NORM = {
    "check_sample_weight_equivalence_on_dense_data": (
        "batch normalisation counts the rows of a batch, whatever they weigh"
    )
}
EXPECTED_TO_FAIL = {
    "InceptionTimeClassifier": BATCH_NORM,
    "LSTMFCNClassifier": BATCH_NORM,
    "MiniRocketClassifier": {
        "check_sample_weight_equivalence_on_dense_data": (
            "thresholds come from training windows drawn at random"
        )
    },
}


def concrete_estimators() -> dict[str, type]:
    """Return the public classes that can be made and fitted."""
    return {
        value.__name__: value
        for value in public_objects().values()
        if inspect.isclass(value)
        and issubclass(value, BaseEstimator)
        and hasattr(value, "fit")
        and not inspect.isabstract(value)
    }


def checked_estimators() -> list[BaseEstimator]:
    return [
        cls(**params)
        for name, cls in concrete_estimators().items()
        for params in CHECKED.get(name, [{}])
    ]


#: Meta-estimators, each check of which is several fits.
MANY_FITS = ("OptunaSearchCV",)


def checked_params() -> list[Any]:
    """Return what is checked; further settings of a class are marked slow."""
    seen: set[type] = set()
    params = []
    for estimator in checked_estimators():
        kind = type(estimator)
        is_slow = kind in seen or kind.__name__ in MANY_FITS
        marks = [pytest.mark.slow] if is_slow else []
        params.append(pytest.param(estimator, marks=marks, id=repr(estimator)))
        seen.add(kind)
    return params


def least_checks(estimator: BaseEstimator) -> int:
    """Return how many checks there are for an estimator, or somewhat fewer."""
    if not hasattr(estimator, "predict"):
        return 42
    # Weights are no argument of a search's own: it passes on whatever fit is given.
    return 58 if "sample_weight" in signature(estimator.fit).parameters else 52


def results_of(estimator: BaseEstimator) -> list[dict[str, Any]]:
    return check_estimator(
        estimator,
        on_fail=None,
        on_skip=None,
        expected_failed_checks=EXPECTED_TO_FAIL.get(type(estimator).__name__),
    )


def not_passed(results: list[dict[str, Any]]) -> dict[str, str]:
    return {
        result["check_name"]: result["status"]
        for result in results
        if result["status"] != "passed"
    }


class TestChecksOfScikitLearn:
    def test_estimators_are_found(self):
        found = set(concrete_estimators())
        assert set(CHECKED) < found
        assert {"PriorBaseline", "ClockBaseline", "WindowFlattener"} <= found

    def test_array_api_checks_are_not_left_out(self):
        assert os.environ["SCIPY_ARRAY_API"] == "1"

    @pytest.mark.parametrize("estimator", checked_params())
    def test_every_check_passes(self, estimator):
        results = results_of(estimator)
        expected = EXPECTED_TO_FAIL.get(type(estimator).__name__, {})
        assert not_passed(results) == dict.fromkeys(expected, "xfail")
        assert len(results) > least_checks(estimator)

    @pytest.mark.parametrize("estimator", checked_estimators(), ids=repr)
    def test_no_tag_turns_checks_off(self, estimator):
        tags = get_tags(estimator)
        assert not tags.no_validation
        assert not tags.non_deterministic
        assert not getattr(tags, "_skip_test", False)
        assert tags.input_tags.two_d_array
        assert tags.target_tags.two_d_labels is False

    @pytest.mark.parametrize(
        "estimator",
        [
            # A repeated row is dropped from in two ways, a weighted one in one way.
            LSTMClassifier(**NETWORK, dropout=0.2),
            # Means over a batch count its rows, whatever they weigh.
            # Their running means need more steps than five.
            TransformerClassifier(
                **(TRANSFORMER | {"norm": "BatchNorm", "max_epochs": 40})
            ),
            # Repeated rows change which columns the library draws.
            LightGBMClassifier(n_estimators=10, min_child_samples=1),
            # Sums of weights that are no whole numbers round otherwise than sums of
            # rows, which decides between splits that are equally good.
            CatBoostClassifier(n_estimators=10, rsm=1.0, class_weight="balanced"),
        ],
        ids=["dropout", "batch norm", "columns drawn", "rounding"],
    )
    def test_some_settings_give_up_the_equivalence_of_weights_only(self, estimator):
        assert set(not_passed(results_of(estimator))) == {
            "check_sample_weight_equivalence_on_dense_data"
        }

    def test_a_classifier_that_ignores_weights_fails(self):
        class Careless(LightGBMClassifier):
            def fit(self, X, y, sample_weight=None):
                return super().fit(X, y)

        broken = Careless(n_estimators=10, min_child_samples=1, colsample_bytree=1.0)
        assert "failed" in not_passed(results_of(broken)).values()

    def test_a_classifier_that_changes_in_predict_fails(self):
        class Forgetful(PriorBaseline):
            def predict_proba(self, X):
                self.shares_ = self.shares_[::-1]
                return super().predict_proba(X)

        assert "failed" in not_passed(results_of(Forgetful())).values()


@cache
def samples() -> tuple[Panel, np.ndarray]:
    return make_samples()


def weights_of(y: np.ndarray) -> np.ndarray:
    return np.random.default_rng(1).uniform(0.5, 2, size=len(y))


def weighted(model: Any, weights: np.ndarray) -> dict[str, np.ndarray]:
    """Return the weights under the name by which the model's `fit` takes them."""
    last = f"{model.steps[-1][0]}__" if hasattr(model, "steps") else ""
    return {f"{last}sample_weight": weights}


@cache
def fitted(name: str, window_length: int = 3) -> Any:
    """Return a model fitted on windows, to be read only."""
    X, y = samples()
    return quick(name).fit(Windower(window_length).transform(X), y)


def equal(one: np.ndarray, other: np.ndarray) -> bool:
    """Tell whether two predictions agree in every bit."""
    return one.tobytes() == other.tobytes()


def windows() -> Any:
    return Windower(3).transform(samples()[0])


class TestBits:
    @pytest.mark.parametrize("name", OWN)
    def test_a_permuted_panel_gives_the_same_model(self, name):
        X, y = samples()
        order = np.random.default_rng(0).permutation(len(X))
        weights = weights_of(y)
        W = windows()
        one = quick(name).fit(W, y, sample_weight=weights)
        other = quick(name).fit(W[order], y[order], sample_weight=weights[order])
        assert equal(one.predict_proba(W), other.predict_proba(W))

    @pytest.mark.parametrize("name", PIPELINES)
    def test_permuted_windows_give_a_pipeline_the_same_model(self, name):
        X, y = samples()
        order = np.random.default_rng(0).permutation(len(X))
        weights = weights_of(y)
        W = windows()
        one = quick(name).fit(W, y, clf__sample_weight=weights)
        mixed = {"clf__sample_weight": weights[order]}
        other = quick(name).fit(W[order], y[order], **mixed)
        assert equal(one.predict_proba(W), other.predict_proba(W))
        unweighted = quick(name).fit(W, y)
        assert not equal(one.predict_proba(W), unweighted.predict_proba(W))

    @pytest.mark.parametrize("name", PIPELINES)
    def test_a_pipeline_refuses_weights_of_other_bars(self, name):
        X, y = samples()
        shifted = pd.Series(weights_of(y), index=X.index[::-1])
        with pytest.raises(DataError, match="clf__sample_weight is indexed by other"):
            quick(name).fit(windows(), y, clf__sample_weight=shifted)

    @pytest.mark.parametrize("name", PIPELINES)
    def test_a_permuted_frame_gives_the_same_model(self, name):
        frame = make_frame()
        order = np.random.default_rng(0).permutation(len(frame))
        labels = make_labels(frame)
        predictions = []
        for bars in (frame, frame.iloc[order]):
            X, y = Panel.from_frame(bars).align(labels.sample(frac=1, random_state=1))
            model = make_pipeline(Windower(3), quick(name)).fit(X, y)
            predictions.append(model.predict_proba(X))
        assert equal(*predictions)

    def test_a_model_that_does_not_sort_would_be_noticed(self):
        X, y = samples()
        order = np.random.default_rng(0).permutation(len(X))
        W = windows()
        steps = quick("random_forest").steps
        one = clone(Pipeline(steps)).fit(W, y)
        other = clone(Pipeline(steps)).fit(W[order], y[order])
        assert not equal(one.predict_proba(W), other.predict_proba(W))

    @pytest.mark.parametrize("name", costly_ones_slow(NAMES))
    def test_worker_processes_give_the_same_folds(self, name):
        X, y = samples()
        model = make_pipeline(Windower(3), quick(name))
        options = {
            "cv": PurgedSplit(3, embargo_size=5),
            "scoring": "neg_log_loss",
            "return_estimator": True,
            "error_score": "raise",
        }
        alone = cross_validate(model, X, y, n_jobs=1, **options)
        shared = cross_validate(model, X, y, n_jobs=2, **options)
        assert equal(alone["test_score"], shared["test_score"])
        for one, other in zip(alone["estimator"], shared["estimator"], strict=True):
            assert equal(one.predict_proba(X), other.predict_proba(X))

    @pytest.mark.parametrize("name", NAMES)
    def test_a_clone_is_unfitted_and_fits_to_the_same_model(self, name):
        _, y = samples()
        copy = clone(fitted(name))
        assert not hasattr(copy, "classes_")
        assert equal(
            copy.fit(windows(), y).predict_proba(windows()),
            fitted(name).predict_proba(windows()),
        )

    @pytest.mark.parametrize("name", NAMES)
    def test_a_pickle_predicts_the_same(self, name):
        model = fitted(name)
        copy = pickle.loads(pickle.dumps(model))
        assert equal(copy.predict_proba(windows()), model.predict_proba(windows()))

    @pytest.mark.parametrize("window_length", [1, 40])
    @pytest.mark.parametrize("name", NAMES)
    def test_one_row_at_a_time_predicts_the_same(self, name, window_length):
        model = fitted(name, window_length)
        W = Windower(window_length).transform(samples()[0])[:60]
        together = model.predict_proba(W)
        alone = np.array([model.predict_proba(W[[row]])[0] for row in range(len(W))])
        backwards = model.predict_proba(W[::-1])[::-1].copy()
        if name == "logistic":  # Its matrix product rounds by the number of rows.
            assert alone == pytest.approx(together, abs=1e-6)
            assert backwards == pytest.approx(together, abs=1e-6)
        else:
            assert equal(alone, together)
            assert equal(backwards, together)

    @pytest.mark.parametrize("name", NAMES)
    def test_a_second_fit_starts_anew(self, name):
        _, y = samples()
        model = clone(fitted(name)).fit(windows()[:90], y[:90]).fit(windows(), y)
        assert equal(
            model.predict_proba(windows()), fitted(name).predict_proba(windows())
        )

    @pytest.mark.parametrize("name", NAMES)
    def test_no_global_generator_is_touched(self, name):
        _, y = samples()
        model = clone(fitted(name))

        def states():
            return (
                pickle.dumps(np.random.get_state()),  # noqa: NPY002
                torch.get_rng_state().numpy().tobytes(),
                random.getstate(),
            )

        before = states()
        model.fit(windows(), y).predict_proba(windows())
        assert states() == before
        np.random.rand()  # noqa: NPY002
        assert states() != before


#: Families that look at a sample's time or symbol, which the rows of an array lack.
KEYED = ("clock", "tft")


def settings_of(name: str) -> dict[str, Any]:
    """Return the parameters of a model, or of the last step of a Pipeline."""
    model = quick(name)
    return (model[-1] if hasattr(model, "steps") else model).get_params(deep=False)


def without_ends(X: Panel) -> Panel:
    """Return the same samples without label ends, so that nothing stops early."""
    return Panel(X.history, X.positions)


class TestInputs:
    @pytest.mark.parametrize("name", NAMES)
    def test_a_panel_is_windows_of_one_bar_and_an_indexed_frame(self, name):
        X, y = samples()
        X = without_ends(X)
        kinds = [X, Windower(1).transform(X), X.to_frame()]
        predictions = [quick(name).fit(kind, y).predict_proba(kind) for kind in kinds]
        assert equal(predictions[0], predictions[1])
        assert equal(predictions[0], predictions[2])

    @pytest.mark.parametrize("name", [name for name in NAMES if name not in KEYED])
    def test_arrays_and_bare_frames_mean_the_same_where_times_do_not_matter(self, name):
        X, y = samples()
        X = without_ends(X)
        array = X.to_numpy()
        kinds = [X, array, array[:, None], pd.DataFrame(array, columns=X.columns)]
        predictions = [quick(name).fit(kind, y).predict_proba(kind) for kind in kinds]
        for other in predictions[1:]:
            assert equal(predictions[0], other)

    @pytest.mark.parametrize("name", [name for name in NAMES if name not in KEYED])
    def test_windows_are_their_array(self, name):
        _, y = samples()
        W = Windower(3).transform(without_ends(samples()[0]))
        array = W.gather()
        expected = quick(name).fit(W, y).predict_proba(W)
        assert equal(quick(name).fit(array, y).predict_proba(array), expected)
        assert equal(fitted(name).predict_proba(array), fitted(name).predict_proba(W))

    @pytest.mark.parametrize("name", KEYED)
    def test_what_knows_symbol_or_time_tells_an_array_from_a_panel(self, name):
        X, y = samples()
        of_panel, of_array = (
            quick(name).fit(kind, y).predict_proba(kind) for kind in (X, X.to_numpy())
        )
        assert not equal(of_panel, of_array)

    @pytest.mark.parametrize("name", NAMES)
    def test_a_pipeline_is_its_steps_one_by_one(self, name):
        X, y = samples()
        model = make_pipeline(Windower(3), quick(name)).fit(X, y)
        assert equal(model.predict_proba(X), fitted(name).predict_proba(windows()))
        assert model.n_features_in_ == 3

    @pytest.mark.parametrize("name", NAMES)
    def test_features_and_window_length_are_those_of_a_bar(self, name):
        _, y = samples()
        for kind, named in [(windows(), True), (windows().gather(), False)]:
            model = quick(name).fit(kind, y)
            first = model[0] if hasattr(model, "steps") else model
            assert model.n_features_in_ == first.n_features_in_ == 3
            assert first.window_length_ == 3
            assert hasattr(first, "feature_names_in_") == named
        names = fitted(name).feature_names_in_
        assert names.tolist() == ["open", "close", "volume"]

    @pytest.mark.parametrize("name", NAMES)
    def test_probabilities_are_rows_that_sum_to_one(self, name):
        proba = fitted(name).predict_proba(windows())
        assert proba.shape == (len(windows()), 3)
        # scikit-learn's logistic regression answers in the type of the panel.
        exact = proba.dtype == np.float64
        assert exact or name in PIPELINES
        assert proba.sum(axis=1) == pytest.approx(1, abs=1e-12 if exact else 1e-6)
        chosen = fitted(name).classes_[proba.argmax(axis=1)]
        assert np.array_equal(fitted(name).predict(windows()), chosen)


LABELS = {
    "strings": np.array(["down", "flat", "up"]),
    "objects": np.array(["down", "flat", "up"], dtype=object),
    "signs": np.array([-1, 0, 1]),
    "far apart": np.array([-7, 3, 1000]),
    "floats": np.array([-1.0, 0.0, 1.0]),
}


class TestLabels:
    @pytest.mark.parametrize("labels", LABELS.values(), ids=LABELS)
    @pytest.mark.parametrize("name", NAMES)
    def test_labels_of_any_kind_are_kept(self, name, labels):
        _, y = samples()
        model = quick(name).fit(windows(), labels[y + 1])
        assert model.classes_.dtype == labels.dtype
        assert model.classes_.tolist() == labels.tolist()
        assert set(model.predict(windows())) <= set(labels.tolist())
        if name != "volatility":  # It must be told which label is neutral.
            assert equal(
                model.predict_proba(windows()), fitted(name).predict_proba(windows())
            )

    @pytest.mark.parametrize("name", NAMES)
    def test_two_classes_are_enough(self, name):
        _, y = samples()
        model = quick(name).fit(windows(), y > 0)
        assert model.classes_.tolist() == [False, True]
        assert model.predict_proba(windows()).shape == (len(y), 2)


def other_columns(change: Any) -> tuple[Panel, pd.DataFrame]:
    """Return the samples with other columns, as a panel and as an indexed frame."""
    frame = make_frame()
    keys = ["symbol", "datetime"]
    changed = pd.concat([frame[keys], change(frame.drop(columns=keys))], axis=1)
    X, _ = Panel.from_frame(changed).align(make_labels(frame))
    return X, X.to_frame()


COLUMNS = {
    "order": (lambda f: f[["close", "open", "volume"]], ["order"]),
    "missing": (lambda f: f.drop(columns="volume"), ["volume"]),
    "extra": (lambda f: f.assign(spread=1.0), ["spread"]),
    "renamed": (lambda f: f.rename(columns={"open": "first"}), ["first", "open"]),
}


class TestRefusals:
    @pytest.mark.parametrize(("change", "told"), COLUMNS.values(), ids=COLUMNS)
    @pytest.mark.parametrize("name", NAMES)
    def test_other_columns_are_refused_by_name(self, name, change, told):
        X, y = samples()
        of_panel, of_frame = quick(name).fit(X, y), quick(name).fit(X.to_frame(), y)
        other, other_frame = other_columns(change)
        for model, bad in [
            (of_panel, other),
            (of_panel, other_frame),
            (of_frame, other_frame),
            (fitted(name), Windower(3).transform(other)),
        ]:
            with pytest.raises(DataError, match="feature names should match") as error:
                model.predict_proba(bad)
            for word in told:
                assert word in str(error.value)
        of_panel.predict_proba(X)
        of_panel.predict_proba(X.to_frame())
        of_frame.predict_proba(X)

    @pytest.mark.parametrize("name", NAMES)
    def test_windows_of_another_length_are_refused(self, name):
        X, _ = samples()
        for kind, length in [
            (Windower(4).transform(X), 4),
            (Windower(2).transform(X).gather(), 2),
            (X, 1),
        ]:
            told = rf"windows of {length} bars.*windows of 3"
            with pytest.raises(DataError, match=told):
                fitted(name).predict_proba(kind)
        fitted(name).predict_proba(windows())

    @pytest.mark.parametrize("behind_a_windower", [False, True])
    @pytest.mark.parametrize("name", NAMES)
    def test_labels_of_other_bars_are_refused(self, name, behind_a_windower):
        X, y = samples()
        model = quick(name)
        if behind_a_windower:
            model = make_pipeline(Windower(3), model)
        series = pd.Series(y, index=X.to_frame().index)
        by_symbol = series.sort_index()
        assert by_symbol.index[1] != series.index[1]
        with pytest.raises(DataError, match="y is indexed by other bars than X: row 1"):
            model.fit(X, by_symbol)
        model.fit(X, series)
        model.fit(X, by_symbol.to_numpy())

    @pytest.mark.parametrize("name", OWN)
    def test_weights_of_other_bars_are_refused(self, name):
        X, y = samples()
        weights = pd.Series(weights_of(y), index=X.to_frame().index)
        told = "sample_weight is indexed by other bars"
        with pytest.raises(DataError, match=told):
            quick(name).fit(X, y, sample_weight=weights.sort_index())
        quick(name).fit(X, y, sample_weight=weights)

    @pytest.mark.parametrize("name", NAMES)
    def test_weights_are_taken(self, name):
        _, y = samples()
        model = quick(name)
        model.fit(windows(), y, **weighted(model, np.where(y == 1, 9.0, 1.0)))
        plain = fitted(name).predict_proba(windows())[:, 2].mean()
        assert model.predict_proba(windows())[:, 2].mean() > plain


WEIGHTED_CLASSES = [name for name in NAMES if "class_weight" in settings_of(name)]
ITERATIVE = [name for name in OWN if "early_stopping" in settings_of(name)]


class TestClassWeights:
    @pytest.mark.parametrize("name", WEIGHTED_CLASSES)
    def test_classes_are_balanced_only_if_asked_for(self, name):
        assert settings_of(name)["class_weight"] is None

    @pytest.mark.parametrize("name", sorted(set(OWN) & set(WEIGHTED_CLASSES)))
    def test_a_class_weight_is_the_weight_of_each_of_its_samples(self, name):
        _, y = samples()
        of_class = quick(name, class_weight={1: 3.0}).fit(windows(), y)
        weights = np.where(y == 1, 3.0, 1.0)
        of_rows = quick(name).fit(windows(), y, sample_weight=weights)
        expected = of_rows.predict_proba(windows())
        assert equal(of_class.predict_proba(windows()), expected)
        assert not equal(expected, fitted(name).predict_proba(windows()))

    @pytest.mark.parametrize("name", WEIGHTED_CLASSES)
    def test_balance_raises_the_rarer_class(self, name):
        _, y = samples()
        rare = np.where(y == 1, 1, 0)
        shares = [
            quick(name, class_weight=weight)
            .fit(windows(), rare)
            .predict_proba(windows())
            for weight in (None, "balanced")
        ]
        assert shares[1][:, 1].mean() > shares[0][:, 1].mean()


class TestValidation:
    @pytest.mark.parametrize("name", ITERATIVE)
    def test_losses_have_the_same_names_everywhere(self, name):
        model = fitted(name)
        assert list(model.history_) == ["train_loss", "val_loss"]
        n_rounds = len(model.history_["train_loss"])
        assert len(model.history_["val_loss"]) == n_rounds >= model.n_iter_ > 0

    @pytest.mark.parametrize("name", ITERATIVE)
    def test_nothing_is_held_out_where_label_ends_are_unknown(self, name):
        X, y = samples()
        model = quick(name).fit(Windower(3).transform(without_ends(X)), y)
        assert list(model.history_) == ["train_loss"]

    @pytest.mark.parametrize("name", ITERATIVE)
    def test_a_tail_that_is_given_does_what_one_that_is_cut_off_does(self, name):
        X, y = samples()
        W = windows()
        stamps = np.unique(X.times_ns)
        start = stamps[-int(np.ceil(0.1 * len(stamps)))]
        tail, before = X.times_ns >= start, X.label_end_ns < start
        given = quick(name).fit(W[before], y[before], X_val=W[tail], y_val=y[tail])
        assert equal(given.predict_proba(W), fitted(name).predict_proba(W))
        assert given.history_ == fitted(name).history_
        other = quick(name).fit(W[before], y[before], X_val=W[before], y_val=y[before])
        assert other.history_["val_loss"] != given.history_["val_loss"]

    @pytest.mark.parametrize("name", ITERATIVE)
    def test_the_tail_is_trained_on_in_the_end_if_asked_for(self, name):
        _, y = samples()
        model = quick(name, refit_tail=True).fit(windows(), y)
        assert model.n_iter_ == fitted(name).n_iter_
        short = {
            rounds_name(name): model.n_iter_,
            "early_stopping": False,
        }
        whole = quick(name, **short).fit(windows(), y)
        assert equal(model.predict_proba(windows()), whole.predict_proba(windows()))
