"""How a model is trained, in one vocabulary for all families."""

from __future__ import annotations

from pydantic import Field

from sk_ensemble.experiments.config._section import Section
from sk_ensemble.experiments.config._types import Count, Positive, Seed, Workers

__all__ = ["TrainingSection"]


class TrainingSection(Section):
    """Say how a model is trained, in one vocabulary for all families.

    Each word is translated to the parameter that the family has for it; null leaves
    the family's default. A word that a family has no use for is an error, except
    `random_seed`, `n_jobs` and `verbose`, which such families ignore.

    Examples
    --------
    >>> from sk_ensemble.experiments.config import ModelConfig, TrainingSection
    >>> training = TrainingSection(early_stopping_rounds=20, random_seed=1)
    >>> ModelConfig(model="xgboost", training=training).estimator_params()
    {'n_iter_no_change': 20, 'random_state': 1}
    """

    early_stopping_rounds: Count | None = Field(
        default=None,
        description=(
            "Rounds without a lower validation loss after which to stop; becomes "
            "``n_iter_no_change``."
        ),
    )
    early_stopping_patience: Count | None = Field(
        default=None,
        description="The same, as networks call it; becomes ``n_iter_no_change``.",
    )
    max_epochs: Count | None = Field(
        default=None, description="Most passes over the training samples."
    )
    learning_rate: Positive | None = Field(
        default=None, description="Step size, or factor of each tree."
    )
    batch_size: Count | None = Field(
        default=None, description="Samples per step of the optimiser."
    )
    time_limit: Positive | None = Field(
        default=None,
        description="Seconds after which a fit ends with what it has learnt by then.",
    )
    random_seed: Seed | None = Field(
        default=None,
        description=(
            "Seed of the model; becomes ``random_state``. null means the "
            "experiment's seed."
        ),
    )
    n_jobs: Workers | None = Field(
        default=None, description="Threads of one fit; -1 means all cores."
    )
    verbose: bool | int | None = Field(
        default=None, description="Whether, or how often, a fit reports its progress."
    )
