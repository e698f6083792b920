"""The classes and functions that a saved model may consist of.

A file names a class; the name is looked up here and among the registered models, and
nothing that is not found is ever imported. To move a class, change its address, not
its name: the names stand in files.
"""

from __future__ import annotations

import importlib
from typing import Any

from sk_ensemble.exceptions import PersistenceError
from sk_ensemble.registry._registry import REGISTRY

__all__ = ["find_class", "find_function", "name_of_class", "name_of_function"]

#: Modules of scikit-learn and the names in them that are saved attribute by attribute.
_SKLEARN = {
    "calibration": "CalibratedClassifierCV",
    "compose": "ColumnTransformer TransformedTargetRegressor make_column_selector",
    "decomposition": "FactorAnalysis FastICA IncrementalPCA PCA TruncatedSVD",
    "discriminant_analysis": (
        "LinearDiscriminantAnalysis QuadraticDiscriminantAnalysis"
    ),
    "dummy": "DummyClassifier DummyRegressor",
    "ensemble": (
        "AdaBoostClassifier BaggingClassifier ExtraTreesClassifier "
        "ExtraTreesRegressor "
        "HistGradientBoostingClassifier HistGradientBoostingRegressor "
        "RandomForestClassifier RandomForestRegressor StackingClassifier "
        "VotingClassifier"
    ),
    "feature_selection": (
        "RFE SelectFdr SelectFpr SelectFromModel SelectFwe SelectKBest "
        "SelectPercentile VarianceThreshold"
    ),
    "frozen": "FrozenEstimator",
    "impute": "MissingIndicator SimpleImputer",
    "isotonic": "IsotonicRegression",
    "linear_model": (
        "ElasticNet Lasso LinearRegression LogisticRegression LogisticRegressionCV "
        "Ridge RidgeClassifier SGDClassifier"
    ),
    "model_selection": (
        "FixedThresholdClassifier GridSearchCV GroupKFold KFold PredefinedSplit "
        "StratifiedKFold TimeSeriesSplit TunedThresholdClassifierCV"
    ),
    "multiclass": "OneVsRestClassifier",
    "naive_bayes": "BernoulliNB GaussianNB MultinomialNB",
    "neural_network": "MLPClassifier",
    "pipeline": "FeatureUnion Pipeline",
    "preprocessing": (
        "Binarizer FunctionTransformer KBinsDiscretizer LabelBinarizer LabelEncoder "
        "MaxAbsScaler MinMaxScaler Normalizer OneHotEncoder OrdinalEncoder "
        "PolynomialFeatures PowerTransformer QuantileTransformer RobustScaler "
        "StandardScaler"
    ),
    "tree": (
        "DecisionTreeClassifier DecisionTreeRegressor ExtraTreeClassifier "
        "ExtraTreeRegressor"
    ),
}

#: The same for this package; models are found through the registry.
_OWN = {
    "ensemble": (
        "GreedyEnsembleClassifier PurgedCalibratedClassifier "
        "PurgedStackingClassifier SeedEnsembleClassifier WeightedVoteClassifier"
    ),
    "model_selection": "CombinatorialPurgedSplit PurgedSplit WalkForwardSplit",
    "preprocessing": "RowTransformer WindowFlattener Windower",
}

#: Names in files, and where the class is found.
_ADDRESSES = {
    **{
        f"{package}.{module}.{name}": f"{package}.{module}:{name}"
        for package, modules in (("sklearn", _SKLEARN), ("sk_ensemble", _OWN))
        for module, names in modules.items()
        for name in names.split()
    },
    "sklearn.calibration.CalibratedClassifier": (
        "sklearn.calibration:_CalibratedClassifier"
    ),
    "sklearn.calibration.SigmoidCalibration": (
        "sklearn.calibration:_SigmoidCalibration"
    ),
    "sklearn.calibration.TemperatureScaling": (
        "sklearn.calibration:_TemperatureScaling"
    ),
    "sklearn.ensemble.BinMapper": (
        "sklearn.ensemble._hist_gradient_boosting.binning:_BinMapper"
    ),
    "sklearn.ensemble.TreePredictor": (
        "sklearn.ensemble._hist_gradient_boosting.predictor:TreePredictor"
    ),
    "sklearn.multiclass.ConstantPredictor": "sklearn.multiclass:_ConstantPredictor",
    "sklearn.tree.Tree": "sklearn.tree._tree:Tree",
    "sk_ensemble.ensemble.FinalModel": (
        "sk_ensemble.ensemble._final_estimator:FinalModel"
    ),
    "sk_ensemble.ensemble.Isotonic": "sk_ensemble.ensemble._calibrators:Isotonic",
    "sk_ensemble.ensemble.Temperature": (
        "sk_ensemble.ensemble._calibrators:Temperature"
    ),
    "sk_ensemble.ensemble.WeightedMean": (
        "sk_ensemble.ensemble._weighted_mean:WeightedMean"
    ),
    "sk_ensemble.tabular.OrderedPipeline": (
        "sk_ensemble.tabular._ordered_pipeline:OrderedPipeline"
    ),
}

_NUMPY = (
    "absolute arcsinh arctan cbrt cos exp exp2 expm1 log log10 log1p log2 nan_to_num "
    "negative reciprocal sign sin sinh sqrt square tanh"
)

#: Functions of numbers that a `FunctionTransformer` or a selector may hold.
_FUNCTIONS = {
    **{f"numpy.{name}": f"numpy:{name}" for name in _NUMPY.split()},
    **{
        f"sklearn.feature_selection.{name}": f"sklearn.feature_selection:{name}"
        for name in ("chi2", "f_classif", "f_regression", "mutual_info_classif")
    },
}


def _load(address: str) -> Any:
    module, _, name = address.partition(":")
    return getattr(importlib.import_module(module), name)


def _registered(address: str) -> type | None:
    """Return the class that is registered as a model under an address."""
    entry = REGISTRY.addresses().get(address)
    found = None if entry is None else entry.factory()
    return found if isinstance(found, type) else None


def find_class(name: str) -> type:
    """Return the class that a file means by a name.

    Raises
    ------
    PersistenceError
        If it is not on the list and no registered model.
    """
    found: type | None = None
    if name in _ADDRESSES:
        found = _load(_ADDRESSES[name])
    elif "." in name:
        found = _registered(":".join(name.rsplit(".", 1)))
    if found is None:
        msg = (
            f"{name!r} is none of the classes that a model may consist of. If it is a "
            "model of your own, import the module that registers it, then load again."
        )
        raise PersistenceError(msg)
    return found


def _candidates(cls: type) -> list[str]:
    """Return names that may stand for a class, of its own package only."""
    package = cls.__module__.partition(".")[0]
    bare = cls.__qualname__.lstrip("_")
    registered = [address.replace(":", ".") for address in REGISTRY.addresses()]
    return [
        name
        for name in (*_ADDRESSES, *registered)
        if name.rpartition(".")[2] == bare and name.partition(".")[0] == package
    ]


def name_of_class(cls: type) -> str | None:
    """Return the name that files have for a class; None if there is none."""
    return next((name for name in _candidates(cls) if find_class(name) is cls), None)


def find_function(name: str) -> Any:
    """Return the function that a file means by a name.

    Raises
    ------
    PersistenceError
        If it is not on the list.
    """
    if name not in _FUNCTIONS:
        msg = f"{name!r} is none of the functions that a model may hold."
        raise PersistenceError(msg)
    return _load(_FUNCTIONS[name])


def name_of_function(function: Any) -> str | None:
    """Return the name that files have for a function; None if there is none."""
    bare = getattr(function, "__name__", "")
    known = (name for name in _FUNCTIONS if name.rpartition(".")[2] == bare)
    return next((name for name in known if find_function(name) is function), None)
