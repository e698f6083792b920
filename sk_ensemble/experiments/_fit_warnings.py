"""Warnings of fits: kept where the fit runs, passed on where the user is."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator
from typing import Any

from sk_ensemble.experiments._job import Outcome

__all__ = ["passing_on"]


def passing_on(outcomes: Iterable[Outcome]) -> Iterator[Outcome]:
    """Warn of what fits have warned of, wherever they have run.

    Parameters
    ----------
    outcomes : iterable of (FitTask, FitResult or FitFailure)
        Outcomes as they come.

    Yields
    ------
    outcome : (FitTask, FitResult or FitFailure)
        The same.

    Warns
    -----
    UserWarning
        With the name of the cell.
    """
    for task, outcome in outcomes:
        texts: Any = getattr(outcome, "warnings", ())
        for text in texts:
            msg = f"{task.model}_h{task.horizon}: {text}"
            warnings.warn(msg, UserWarning, stacklevel=2)
        yield task, outcome
