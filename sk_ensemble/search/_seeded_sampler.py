"""A sampler whose proposals depend on the seed, the trial's number and the history.

Optuna's samplers carry the state of a generator from trial to trial. A search that was
cut short and goes on in another process would go on differently. Here every trial gets
a sampler of its own, and every parameter that is drawn by itself too, so nothing has
to be carried over.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

from optuna.samplers import BaseSampler

__all__ = ["SeededSampler"]


def _seed_of(*parts: Any) -> int:
    """Return a number below 2**32 that depends on all parts."""
    digest = hashlib.sha256(repr(parts).encode()).digest()
    return int.from_bytes(digest[:4], "little")


class SeededSampler(BaseSampler):
    """Sample each trial with a new sampler, seeded by the number of the trial.

    Parameters
    ----------
    make : callable
        Makes a sampler of Optuna from a seed.
    seed : int
        Seed of the search.
    """

    def __init__(self, make: Callable[[int], Any], seed: int) -> None:
        self.make, self.seed = make, seed

    def _of(self, trial: Any, *further: Any) -> Any:
        return self.make(_seed_of(self.seed, trial.number, *further))

    def infer_relative_search_space(self, study: Any, trial: Any) -> dict[str, Any]:
        """Return what is sampled together."""
        space = self._of(trial).infer_relative_search_space(study, trial)
        return dict(space)

    def sample_relative(
        self, study: Any, trial: Any, search_space: dict[str, Any]
    ) -> dict[str, Any]:
        """Sample what is sampled together."""
        sampler = self._of(trial)
        # Some samplers remember the space they inferred.
        sampler.infer_relative_search_space(study, trial)
        return dict(sampler.sample_relative(study, trial, search_space))

    def sample_independent(
        self, study: Any, trial: Any, param_name: str, param_distribution: Any
    ) -> Any:
        """Sample one parameter by itself, whichever were sampled before it."""
        sampler = self._of(trial, param_name)
        return sampler.sample_independent(study, trial, param_name, param_distribution)

    def after_trial(self, study: Any, trial: Any, state: Any, values: Any) -> None:
        """Let the sampler store what it has to say of a trial."""
        self._of(trial).after_trial(study, trial, state, values)
