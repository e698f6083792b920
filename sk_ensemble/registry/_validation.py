"""Checks of names, factories, classifiers and parameters."""

from __future__ import annotations

import difflib
import inspect
import re
from collections.abc import Callable, Iterable
from typing import Any

from sklearn.base import BaseEstimator, is_classifier

from sk_ensemble.exceptions import RegistryError

__all__ = [
    "FAMILIES",
    "check_classifier",
    "check_description",
    "check_family",
    "check_name",
    "check_parameters",
    "check_signature",
    "nearest",
]

#: Families in the order in which they are listed.
FAMILIES = ("baseline", "sklearn", "boosting", "neural", "timeseries", "ensemble")

_NAME = re.compile(r"[a-z0-9][a-z0-9_]{0,63}")

_BELONGS_ELSEWHERE = {
    "columns": "to the panel: Panel.from_frame(frame, features=[...])",
    "features": "to the panel: Panel.from_frame(frame, features=[...])",
    "horizon": "to the labels: fixed_horizon_labels(bars, horizon=...)",
    "window_length": (
        "to the step before the model: "
        "make_pipeline(Windower(window_length), create(...))"
    ),
}


def nearest(word: str, known: Iterable[str]) -> str:
    """Return the words most like `word`, or all of them where none is."""
    known = sorted(known)
    found = difflib.get_close_matches(word.lower(), known, n=3, cutoff=0.5)
    if found:
        return f"the nearest are {', '.join(found)}"
    return f"there are {', '.join(known)}" if known else "there are none"


def check_name(name: str) -> None:
    """Refuse a name that could not stand in file names and on command lines."""
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        msg = (
            f"A model cannot be named {name!r}: a name is 1 to 64 lower-case "
            "letters, digits and underscores, and starts with a letter or digit."
        )
        raise RegistryError(msg)


def check_family(family: str) -> None:
    """Refuse a family that does not exist."""
    if family not in FAMILIES:
        msg = f"There is no family {family!r}; {nearest(str(family), FAMILIES)}."
        raise RegistryError(msg)


def check_description(description: str, full_name: str) -> None:
    """Refuse a description that is empty or longer than a line."""
    if not isinstance(description, str) or len(description.splitlines()) != 1:
        msg = (
            f"The description of {full_name} must be one line of text, "
            f"got {description!r}."
        )
        raise RegistryError(msg)


def _faults_of_signature(factory: Callable[..., Any]) -> Iterable[str]:
    for name, parameter in inspect.signature(factory).parameters.items():
        if parameter.kind is not parameter.KEYWORD_ONLY:
            yield f"{name} is not keyword-only (write it after a bare *)"
        elif parameter.default is parameter.empty:
            yield f"{name} has no default"


def check_signature(factory: Callable[..., Any], full_name: str) -> None:
    """Refuse a factory that cannot be called with keywords, or with none."""
    faults = ", ".join(_faults_of_signature(factory))
    if faults:
        msg = (
            f"{full_name}: every parameter of {factory.__qualname__} must be "
            f"keyword-only and have a default, but {faults}."
        )
        raise RegistryError(msg)


def check_classifier(estimator: Any, full_name: str) -> None:
    """Refuse what is not a scikit-learn classifier with probabilities."""
    kind = type(estimator).__name__
    if not isinstance(estimator, BaseEstimator):
        fault = "is not a scikit-learn estimator: derive it from BaseEstimator"
    elif not is_classifier(estimator):
        fault = "is not a classifier: put ClassifierMixin before BaseEstimator"
    elif not hasattr(estimator, "predict_proba"):
        fault = "has no predict_proba: calibrate it or choose another model"
    else:
        return
    msg = f"{full_name} cannot be used: {kind} {fault}."
    raise RegistryError(msg)


def _fault_of_parameter(name: str, known: Iterable[str], full_name: str) -> str:
    if name in _BELONGS_ELSEWHERE:
        return f"{name!r} belongs {_BELONGS_ELSEWHERE[name]}"
    return f"{full_name} has no parameter {name!r}; {nearest(name, known)}"


def check_parameters(
    factory: Callable[..., Any], names: Iterable[str], full_name: str
) -> None:
    """Refuse parameters that the factory does not have."""
    known = inspect.signature(factory).parameters
    faults = [
        _fault_of_parameter(name, known, full_name)
        for name in names
        if name not in known
    ]
    if faults:
        raise RegistryError("; ".join(faults) + ".")
