"""Which ensembles are built from the models."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from sk_ensemble.experiments.config._section import Section
from sk_ensemble.experiments.config._types import Items, Unique

__all__ = ["EnsembleSection"]

Method = Literal["soft_vote", "stack", "greedy", "weighted_vote"]


def _none_is_nothing(value: Any) -> Any:
    return () if value is None else value


def _in_given_order(values: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(dict.fromkeys(values))


Methods = Annotated[
    Items[Method], BeforeValidator(_none_is_nothing), AfterValidator(_in_given_order)
]


class EnsembleSection(Section):
    """Say which ensembles are built from the models' out-of-fold predictions.

    Examples
    --------
    >>> from sk_ensemble.experiments.config import EnsembleSection
    >>> EnsembleSection(methods=["greedy"], members=["xgboost", "lstm"])
    EnsembleSection(methods=('greedy',), members=('xgboost', 'lstm'))
    """

    methods: Annotated[
        Items[Method],
        BeforeValidator(_none_is_nothing),
        AfterValidator(_in_given_order),
    ] = Field(
        default=("soft_vote", "stack"),
        description=(
            "soft_vote: mean of the probabilities; stack: a final estimator on them; "
            "greedy: forward selection with replacement; weighted_vote: the best "
            "convex weights. null or an empty list means none."
        ),
    )
    members: Unique[str] | None = Field(
        default=None,
        description=(
            "Keys of the models to combine; null means all that are no baselines."
        ),
    )
