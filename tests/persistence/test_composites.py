"""Models made of models, and what scikit-learn puts around and before them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
import sklearn
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA, TruncatedSVD
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import (
    AdaBoostClassifier,
    BaggingClassifier,
    ExtraTreesClassifier,
    HistGradientBoostingClassifier,
    StackingClassifier,
    VotingClassifier,
)
from sklearn.feature_selection import RFE, SelectFromModel, SelectKBest, f_classif
from sklearn.frozen import FrozenEstimator
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.model_selection import GridSearchCV, TunedThresholdClassifierCV
from sklearn.multiclass import OneVsRestClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    KBinsDiscretizer,
    MinMaxScaler,
    PolynomialFeatures,
    PowerTransformer,
    QuantileTransformer,
    RobustScaler,
    StandardScaler,
)
from sklearn.tree import DecisionTreeClassifier

from families import make_samples, quick
from sk_ensemble import ClockBaseline, PurgedSplit, RowTransformer, Windower
from sk_ensemble.ensemble import (
    GreedyEnsembleClassifier,
    PurgedCalibratedClassifier,
    PurgedStackingClassifier,
    SeedEnsembleClassifier,
    WeightedVoteClassifier,
)
from sk_ensemble.persistence import load_model, model_files, save_model

X, Y = make_samples(n_bars=80)
FLAT = Windower(2, flatten=True)
CV = PurgedSplit(3)


def on_windows(name: str, **params: Any) -> Pipeline:
    return make_pipeline(Windower(3), quick(name, **params))


def members() -> list[tuple[str, Pipeline]]:
    return [("trees", on_windows("xgboost")), ("line", on_windows("logistic"))]


def column_scaler() -> ColumnTransformer:
    scalers = [
        ("scale", StandardScaler(), ["open"]),
        ("rank", QuantileTransformer(n_quantiles=20), ["close"]),
    ]
    return ColumnTransformer(scalers, remainder="passthrough")


MODELS: dict[str, Any] = {
    "rows": make_pipeline(
        RowTransformer(StandardScaler()), Windower(3), quick("lightgbm")
    ),
    "rows by symbol": make_pipeline(
        RowTransformer(make_pipeline(SimpleImputer(), RobustScaler()), by="symbol"),
        on_windows("logistic"),
    ),
    "columns": make_pipeline(RowTransformer(column_scaler()), on_windows("xgboost")),
    "projection": make_pipeline(
        FLAT, QuantileTransformer(n_quantiles=9), PCA(3), LogisticRegression()
    ),
    "union": make_pipeline(
        FLAT,
        FeatureUnion([("a", PCA(2)), ("b", TruncatedSVD(2))]),
        LinearDiscriminantAnalysis(),
    ),
    "scalers": make_pipeline(
        FLAT, PowerTransformer(), PolynomialFeatures(), MinMaxScaler(), GaussianNB()
    ),
    "bins": make_pipeline(
        FLAT,
        KBinsDiscretizer(
            3, encode="onehot-dense", quantile_method="averaged_inverted_cdf"
        ),
        DummyClassifier(strategy="prior"),
    ),
    "functions": make_pipeline(
        FLAT,
        FunctionTransformer(np.abs),
        FunctionTransformer(np.log1p),
        SelectKBest(f_classif, k=3),
        GaussianNB(),
    ),
    "selection": make_pipeline(
        FLAT,
        SelectFromModel(LogisticRegression(), threshold=-np.inf, max_features=4),
        RFE(LogisticRegression(), n_features_to_select=2),
        OneVsRestClassifier(LogisticRegression()),
    ),
    "frames": make_pipeline(
        FLAT, StandardScaler().set_output(transform="pandas"), LogisticRegression()
    ),
    "sigmoid": CalibratedClassifierCV(on_windows("xgboost"), cv=CV),
    "isotonic": CalibratedClassifierCV(
        on_windows("random_forest"), method="isotonic", cv=CV, ensemble=False
    ),
    "temperature": CalibratedClassifierCV(
        on_windows("logistic"), method="temperature", cv=CV
    ),
    "vote": VotingClassifier(
        [*members(), ("net", on_windows("lstm"))], voting="soft", weights=[1, 2, 1]
    ),
    "stack": StackingClassifier(members(), LogisticRegression(), cv=CV, n_jobs=1),
    "search": GridSearchCV(
        on_windows("logistic"), {"orderedpipeline__clf__C": [0.1]}, cv=CV
    ),
    "search in a stack": StackingClassifier(
        [
            (
                "best",
                GridSearchCV(
                    on_windows("logistic"), {"orderedpipeline__clf__C": [1]}, cv=CV
                ),
            )
        ],
        cv=CV,
    ),
    "purged stack": PurgedStackingClassifier(members(), cv=CV),
    "greedy": GreedyEnsembleClassifier(members(), cv=CV),
    "seeds": SeedEnsembleClassifier(on_windows("lstm"), n_seeds=2, random_state=0),
    "weighted vote": WeightedVoteClassifier(members(), cv=CV),
    "purged temperature": PurgedCalibratedClassifier(on_windows("xgboost"), cv=CV),
    "purged isotonic": PurgedCalibratedClassifier(
        on_windows("xgboost"), cv=CV, method="isotonic"
    ),
    "trees": make_pipeline(FLAT, ExtraTreesClassifier(3, random_state=0)),
    "bagging": make_pipeline(
        FLAT,
        BaggingClassifier(DecisionTreeClassifier(max_depth=3), 3, random_state=0),
    ),
    "rising trees": make_pipeline(FLAT, AdaBoostClassifier(n_estimators=3)),
    "stopped": make_pipeline(
        FLAT, HistGradientBoostingClassifier(max_iter=3, early_stopping=True)
    ),
    "perceptron": make_pipeline(
        FLAT, MLPClassifier((4,), max_iter=5, random_state=0, early_stopping=True)
    ),
    "descent": make_pipeline(FLAT, SGDClassifier(loss="log_loss", random_state=0)),
    "zones by dict": ClockBaseline(timezone={"A": "UTC", "B": "Asia/Shanghai"}),
    "zones by series": ClockBaseline(
        timezone=pd.Series({"A": "UTC", "B": "Asia/Shanghai"}),
        slot=pd.Timedelta("15min"),
    ),
    "weights of classes": on_windows("xgboost", class_weight={-1: 2, np.int64(1): 0.5}),
}


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("name", MODELS)
def test_a_loaded_model_predicts_the_same_bits(tmp_path, name):
    model = MODELS[name].fit(X, Y)
    save_model(model, tmp_path / "model")
    loaded = load_model(tmp_path / "model")
    np.testing.assert_array_equal(
        loaded.predict_proba(X), model.predict_proba(X), strict=True
    )
    np.testing.assert_array_equal(loaded.predict(X), model.predict(X), strict=True)
    assert model_files(loaded) == model_files(model)


def test_of_a_search_the_best_model_is_saved(tmp_path):
    search = MODELS["search"].fit(X, Y)
    save_model(search, tmp_path / "model")
    loaded = load_model(tmp_path / "model")
    assert type(loaded) is Pipeline
    assert repr(loaded) == repr(search.best_estimator_)


def test_a_tuned_threshold_is_kept(tmp_path):
    y = (Y > 0).astype(int)
    model = make_pipeline(FLAT, TunedThresholdClassifierCV(GaussianNB())).fit(X, y)
    save_model(model, tmp_path / "model")
    loaded = load_model(tmp_path / "model")
    np.testing.assert_array_equal(loaded.predict(X), model.predict(X))


def test_parts_that_were_one_are_one_again(tmp_path):
    model = MODELS["vote"].fit(X, Y)
    save_model(model, tmp_path / "model")
    loaded = load_model(tmp_path / "model")
    assert loaded.named_estimators_["net"] is loaded.estimators_[2]
    files = model_files(model)
    assert sum(name.startswith("xgboost") for name in files) == 1


def test_a_frozen_model_stays_frozen(tmp_path):
    model = FrozenEstimator(make_pipeline(FLAT, GaussianNB()).fit(X, Y))
    save_model(model, tmp_path / "model")
    loaded = load_model(tmp_path / "model")
    assert type(loaded) is FrozenEstimator
    np.testing.assert_array_equal(loaded.predict_proba(X), model.predict_proba(X))


def test_requests_for_metadata_are_kept(tmp_path):
    with sklearn.config_context(enable_metadata_routing=True):
        cv = PurgedSplit(3).set_split_request(label_end=True)
        model = CalibratedClassifierCV(on_windows("prior"), cv=cv)
        model.fit(X, Y, label_end=X.label_end)
        save_model(model, tmp_path / "model")
        loaded = load_model(tmp_path / "model")
        loaded.fit(X, Y, label_end=X.label_end)
        np.testing.assert_array_equal(loaded.predict_proba(X), model.predict_proba(X))
    assert model_files(loaded) == model_files(model)


def test_a_cache_of_fits_is_left_out(tmp_path):
    model = Pipeline(
        [("window", FLAT), ("clf", GaussianNB())], memory=str(tmp_path / "cache")
    )
    save_model(model.fit(X, Y), tmp_path / "model")
    assert load_model(tmp_path / "model").memory is None
    assert model.memory is not None
