"""Take objects apart, and put them together again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sk_ensemble.exceptions import PersistenceError
from sk_ensemble.persistence._hist_boosting import (
    finish_boosting,
    make_predictor,
    predictor_state,
)
from sk_ensemble.persistence._sklearn_trees import (
    check_decision_tree,
    check_forest,
    make_tree,
    tree_state,
)
from sk_ensemble.utils.artefacts import Artefacts, fitted_attributes

__all__ = ["assemble", "params_of", "parts_of"]

#: Objects of compiled code: how their state is read, and how they are made of it.
_COMPILED: dict[str, tuple[Callable[[Any], Any], Callable[[Any], Any]]] = {
    "sklearn.ensemble.TreePredictor": (predictor_state, make_predictor),
    "sklearn.tree.Tree": (tree_state, make_tree),
}

#: Attributes that serve training only, or follow from others.
_LEFT_OUT: dict[str, tuple[str, ...]] = {
    "sklearn.ensemble.HistGradientBoostingClassifier": (
        "_feature_subsample_rng",
        "_loss",
        "_scorer",
    ),
    "sklearn.ensemble.HistGradientBoostingRegressor": (
        "_feature_subsample_rng",
        "_loss",
        "_scorer",
    ),
    "sklearn.isotonic.IsotonicRegression": ("f_",),
    "sklearn.linear_model.SGDClassifier": ("_loss_function_",),
    "sklearn.model_selection.TunedThresholdClassifierCV": ("_curve_scorer",),
    "sklearn.neural_network.MLPClassifier": ("_optimizer", "_random_state"),
}


def _finish_isotonic(estimator: Any) -> None:
    if hasattr(estimator, "X_thresholds_"):
        estimator._build_f(estimator.X_thresholds_, estimator.y_thresholds_)


def _finish_threshold(estimator: Any) -> None:
    if hasattr(estimator, "best_threshold_"):
        estimator._curve_scorer = estimator._get_curve_scorer()


#: What is done to objects once they have their attributes.
_FINISH: dict[str, Callable[[Any], None]] = {
    "sklearn.ensemble.ExtraTreesClassifier": check_forest,
    "sklearn.ensemble.ExtraTreesRegressor": check_forest,
    "sklearn.ensemble.HistGradientBoostingClassifier": finish_boosting,
    "sklearn.ensemble.HistGradientBoostingRegressor": finish_boosting,
    "sklearn.ensemble.RandomForestClassifier": check_forest,
    "sklearn.ensemble.RandomForestRegressor": check_forest,
    "sklearn.isotonic.IsotonicRegression": _finish_isotonic,
    "sklearn.model_selection.TunedThresholdClassifierCV": _finish_threshold,
    "sklearn.tree.DecisionTreeClassifier": check_decision_tree,
    "sklearn.tree.DecisionTreeRegressor": check_decision_tree,
    "sklearn.tree.ExtraTreeClassifier": check_decision_tree,
    "sklearn.tree.ExtraTreeRegressor": check_decision_tree,
}


#: Parameters that name a place for files that serve training only. What is read there,
#: pickles among it, and written there is not for the author of a model's file to say.
_PLACES = ("checkpoint_dir", "memory")


def params_of(value: Any) -> dict[str, Any]:
    """Return the parameters of an estimator; other objects have none."""
    if not hasattr(value, "get_params"):
        return {}
    params: dict[str, Any] = value.get_params(deep=False)
    return params | {name: None for name in _PLACES if name in params}


def parts_of(value: Any, name: str) -> tuple[dict[str, Any], Artefacts]:
    """Return an object's parameters, and what else it consists of."""
    if name in _COMPILED:
        return {}, Artefacts(_COMPILED[name][0](value), {})
    if hasattr(value, "_get_artefacts"):
        return params_of(value), value._get_artefacts()
    left_out = _LEFT_OUT.get(name, ())
    return params_of(value), Artefacts(fitted_attributes(value, *left_out), {})


def _make(cls: type, name: str, params: dict[str, Any]) -> Any:
    """Return a new object with its parameters and nothing else."""
    if not hasattr(cls, "get_params"):
        return object.__new__(cls)
    for place in _PLACES:
        if params.get(place) is not None:
            msg = f"a saved model has no place for files, and {place} is not None"
            raise PersistenceError(msg)
    try:
        value = cls(**params)
        if hasattr(value, "_parameter_constraints"):
            value._validate_params()
    except (TypeError, ValueError) as error:
        msg = f"{name} of this version does not take its parameters ({error})"
        raise PersistenceError(msg) from error
    return value


def assemble(cls: type, name: str, params: dict[str, Any], artefacts: Artefacts) -> Any:
    """Return the object that consists of these parts."""
    if name in _COMPILED:
        return _COMPILED[name][1](artefacts.state)
    value = _make(cls, name, params)
    if hasattr(cls, "_set_artefacts"):
        value._set_artefacts(artefacts)
    else:
        value.__dict__.update(artefacts.state)
    if name in _FINISH:
        _FINISH[name](value)
    return value
