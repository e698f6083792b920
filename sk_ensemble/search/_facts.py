"""What a study was made with, so that it goes on with the same or not at all."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import joblib
import numpy as np

from sk_ensemble._typing import IntArray
from sk_ensemble.exceptions import ResumeError

__all__ = ["check_facts", "describe_search"]

#: Parameters that change how a model is fitted, but not which one.
_HARMLESS = re.compile(r"(^|__)(n_jobs|verbose|pre_dispatch|memory)$")


def _text(value: Any) -> str:
    """Return a value as text without addresses in memory."""
    if hasattr(value, "__qualname__"):
        return f"{value.__module__}.{value.__qualname__}"
    text = " ".join(repr(value).split())
    return re.sub(r" at 0x[0-9a-f]+", "", text)


def _digest(value: Any) -> str:
    return str(joblib.hash(value, coerce_mmap=True))


def _params(estimator: Any) -> dict[str, str]:
    return {
        f"estimator.{name}": _text(value)
        for name, value in sorted(estimator.get_params(deep=True).items())
        if not _HARMLESS.search(name) and not _is_compound(value)
    }


def _is_compound(value: Any) -> bool:
    """Tell whether the parts of a value are parameters of their own."""
    return hasattr(value, "get_params") or isinstance(value, list | tuple)


def describe_search(
    estimator: Any,
    X: Any,
    y: Any,
    folds: Sequence[tuple[IntArray, IntArray]],
    params: Mapping[str, Any],
    **others: Any,
) -> dict[str, str]:
    """Return what a search depends on, as short texts.

    Parameters
    ----------
    estimator : estimator
        What is tuned.
    X, y : objects
        The samples and targets.
    folds : sequence of (train, test)
        Rows of each fold.
    params : mapping of str to object
        What is passed to fit.
    **others : object
        Further settings by name.

    Returns
    -------
    facts : dict of str
        Texts and digests by name.
    """
    rows = [np.asarray(part, dtype=np.int64) for fold in folds for part in fold]
    return {
        "X": _digest(X),
        "y": _digest(np.asarray(y)),
        "folds of cv": _digest(rows),
        "fit parameters": _digest(dict(sorted(params.items()))),
        "estimator": _text(type(estimator)),
        **_params(estimator),
        **{name: _text(value) for name, value in others.items()},
    }


def check_facts(study: Any, facts: dict[str, str]) -> None:
    """Store the facts in a new study, or compare them with those of an old one.

    Raises
    ------
    ResumeError
        If they differ; names all that do.
    """
    stored = study.user_attrs.get("sk_ensemble:facts")
    if stored is None:
        study.set_user_attr("sk_ensemble:facts", facts)
        return
    names = [n for n in {**stored, **facts} if stored.get(n) != facts.get(n)]
    if names:
        lines = [
            f"- {name}: was {stored.get(name, 'not there')}, is now "
            f"{facts.get(name, 'not there')}"
            for name in names
        ]
        msg = (
            f"The study {study.study_name!r} cannot go on, because it was begun with "
            "something else:\n" + "\n".join(lines) + "\nGo on with what it was begun "
            "with, or choose another study_name."
        )
        raise ResumeError(msg)
