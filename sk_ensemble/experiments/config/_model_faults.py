"""Find what a registered model will not take, before there is any data."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from sklearn.base import BaseEstimator
from sklearn.pipeline import Pipeline

from sk_ensemble.exceptions import RegistryError
from sk_ensemble.experiments.config._translate import (
    constructor_parameters,
    translation_faults,
)
from sk_ensemble.registry import create, model_parameters

__all__ = ["model_faults"]


def _parts(model: Any) -> Iterator[BaseEstimator]:
    """Yield a model, or the steps of one that is a Pipeline."""
    if isinstance(model, Pipeline):
        for _, step in model.steps:
            yield from _parts(step)
    elif isinstance(model, BaseEstimator):
        yield model


def _value_fault(name: str, parameter: str, value: Any) -> str | None:
    """Return why a model refuses one value of one parameter, if it does."""
    try:
        for part in _parts(create(name, **{parameter: value})):
            part._validate_params()
    except (RegistryError, TypeError, ValueError) as error:
        return " ".join(str(error).split()).rstrip(".")
    return None


def _refused_values(
    name: str, section: str, translated: Iterable[tuple[str, str, Any]]
) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield the values that the model refuses, with its reasons."""
    for key, parameter, value in translated:
        text = _value_fault(name, parameter, value)
        if text is not None:
            yield (section, key), text


def _translated_words(
    training: dict[str, Any], known: dict[str, Any]
) -> Iterator[tuple[str, str, Any]]:
    """Yield words with the parameters and values they stand for."""
    for word, value in training.items():
        for parameter, own in constructor_parameters({word: value}, {}, known).items():
            yield word, parameter, own


def model_faults(
    name: str, training: dict[str, Any], hyperparameters: dict[str, Any]
) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield what is wrong with the parameters of a model.

    Names are compared with the constructor's, values with the limits that the
    estimator states itself.

    Parameters
    ----------
    name : str
        Full name of the model.
    training, hyperparameters : dict
        What the configuration gives.

    Yields
    ------
    key : tuple of str
        Where the fault lies, such as ``("training", "max_epochs")``.
    text : str
        What is wrong.

    Examples
    --------
    >>> from sk_ensemble.experiments.config._model_faults import model_faults
    >>> list(model_faults("sklearn:logistic", {}, {"c": 1.0}))
    [(('hyperparameters', 'c'), "sklearn:logistic has no parameter 'c'; ...")]
    """
    try:
        known = model_parameters(name)
    except ImportError as error:
        yield ("model", "name"), str(error)
        return
    short = name.partition(":")[2]
    for word, text in translation_faults(training, hyperparameters, known, short):
        yield ("training", word), text
    words = _translated_words(training, known)
    yield from _refused_values(name, "training", words)
    own = constructor_parameters({}, hyperparameters, known)
    parameters = ((parameter, parameter, value) for parameter, value in own.items())
    yield from _refused_values(name, "hyperparameters", parameters)
