"""Make a study, or go on with one."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from sk_ensemble.search._facts import check_facts
from sk_ensemble.search._optuna import load_optuna
from sk_ensemble.search._storage import open_storage

__all__ = ["open_study"]

_SEED = "sk_ensemble:seed"


def _new_name() -> str:
    """Return a name for a study that nobody else has."""
    return time.strftime("search-%Y%m%d-%H%M%S-") + secrets.token_hex(3)


def _new_seed(random_state: Any) -> int:
    """Return the seed that is asked for, or a fresh one."""
    if random_state is None:
        return secrets.randbelow(2**32)
    if isinstance(random_state, np.random.RandomState):
        return int(random_state.randint(2**31))
    return int(random_state)


def _seed_of(study: Any, random_state: Any) -> int:
    """Return the seed of a study, which keeps the one it was begun with."""
    seed = study.user_attrs.get(_SEED)
    if seed is None:
        seed = _new_seed(random_state)
        study.set_user_attr(_SEED, seed)
    return int(seed)


def _tpe(seed: int) -> Any:
    return load_optuna().samplers.TPESampler(seed=seed)


def _sampler(sampler: Any, seed: int) -> Any:
    """Return a sampler that samples each trial alike, or the one that is given."""
    from sk_ensemble.search._seeded_sampler import SeededSampler

    if sampler is None:
        return SeededSampler(_tpe, seed)
    if isinstance(sampler, load_optuna().samplers.BaseSampler):
        return sampler
    return SeededSampler(sampler, seed)


def open_study(
    *,
    storage: Any,
    study_name: str | None,
    sampler: Any,
    pruner: Any,
    random_state: Any,
    make_facts: Callable[[], dict[str, str]],
) -> Any:
    """Make a study, or go on with one.

    Parameters
    ----------
    storage, study_name, sampler, pruner, random_state
        As for `OptunaSearchCV`.
    make_facts : callable
        Returns what the study depends on.

    Returns
    -------
    study : optuna.Study
        The study, to be maximised.

    Raises
    ------
    ResumeError
        If it was begun with something else.
    """
    optuna = load_optuna()
    name = _new_name() if study_name is None else study_name
    study = optuna.create_study(
        storage=open_storage(storage, name),
        study_name=name,
        pruner=pruner,
        direction="maximize",
        load_if_exists=True,
    )
    check_facts(study, make_facts())
    study.sampler = _sampler(sampler, _seed_of(study, random_state))
    return study
