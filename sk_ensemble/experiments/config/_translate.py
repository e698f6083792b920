"""Translate the one training vocabulary to the parameters of each family."""

from __future__ import annotations

import copy
import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

__all__ = ["constructor_parameters", "translation_faults"]

#: Words of the vocabulary whose parameter has another name.
_PARAMETERS = {
    "early_stopping_patience": "n_iter_no_change",
    "early_stopping_rounds": "n_iter_no_change",
    "random_seed": "random_state",
}
#: Words that mean nothing to some families and do no harm there.
_HARMLESS = frozenset({"n_jobs", "random_seed", "verbose"})

#: What a family that does not count epochs counts instead, the first it has.
_ROUNDS = ("n_estimators", "max_iter", "max_epochs")

_NO_EARLY_STOPPING = "does not stop early, so leave it out"
_REASONS = {
    "batch_size": "does not train in batches, so leave it out",
    "early_stopping_patience": _NO_EARLY_STOPPING,
    "early_stopping_rounds": _NO_EARLY_STOPPING,
    "learning_rate": "has no learning rate, so leave it out",
    "max_epochs": "does not train in epochs, so leave it out",
    "time_limit": "cannot be stopped in the middle of a fit, so leave it out",
}

_WHOLE_NUMBER = re.compile(r"-?\d+")


def _parameter(word: str) -> str:
    return _PARAMETERS.get(word, word)


def _advice(word: str, known: Collection[str]) -> str:
    """Say what to do about a word that a model has no parameter for."""
    rounds = [name for name in _ROUNDS if name in known]
    if word == "max_epochs" and rounds:
        return f"counts its rounds by another name: use hyperparameters.{rounds[0]}"
    if word == "time_limit" and rounds:
        return f"{_REASONS[word]} or lower hyperparameters.{rounds[0]}"
    return _REASONS[word]


def _value(word: str, value: Any) -> Any:
    return int(value) if word == "verbose" else value


def translation_faults(
    training: Mapping[str, Any],
    hyperparameters: Mapping[str, Any],
    known: Collection[str],
    model: str,
) -> Iterator[tuple[str, str]]:
    """Yield the words that cannot be translated, with what is wrong.

    Parameters
    ----------
    training : mapping of str to object
        The words that are given, with their values.
    hyperparameters : mapping of str to object
        Parameters given by the family's own names.
    known : collection of str
        All parameters that the model has.
    model : str
        Name of the model, for messages.

    Yields
    ------
    word, text : str
        The word and its fault.

    Examples
    --------
    >>> from sk_ensemble.experiments.config._translate import translation_faults
    >>> list(translation_faults({"batch_size": 8}, {}, {"C"}, "logistic"))
    [('batch_size', 'logistic does not train in batches, so leave it out')]
    """
    given = {
        name: (value, f"hyperparameters.{name}")
        for name, value in hyperparameters.items()
    }
    for word, value in training.items():
        parameter = _parameter(word)
        if parameter not in known:
            if word not in _HARMLESS:
                yield word, f"{model} {_advice(word, known)}"
            continue
        own = (_value(word, value), f"training.{word}")
        other, place = given.setdefault(parameter, own)
        if other != own[0]:
            yield word, f"contradicts {place}, which is {other!r}: give one"


def _class_weight(weights: Any) -> Any:
    """Turn the labels of a mapping, which YAML has as text, into numbers."""
    if not isinstance(weights, Mapping):
        return weights
    return {
        int(label) if _WHOLE_NUMBER.fullmatch(str(label)) else label: weight
        for label, weight in weights.items()
    }


def constructor_parameters(
    training: Mapping[str, Any],
    hyperparameters: Mapping[str, Any],
    known: Collection[str],
) -> dict[str, Any]:
    """Return a model's parameters from what its configuration says.

    Parameters
    ----------
    training, hyperparameters, known
        As for `translation_faults`, without faults.

    Returns
    -------
    parameters : dict
        Values by the names that the model's constructor has.
    """
    parameters = copy.deepcopy(dict(hyperparameters))
    if "class_weight" in parameters:
        parameters["class_weight"] = _class_weight(parameters["class_weight"])
    for word, value in training.items():
        if _parameter(word) in known:
            parameters[_parameter(word)] = _value(word, value)
    return parameters
