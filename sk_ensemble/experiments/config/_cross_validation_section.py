"""How the training period is split into folds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, ValidationInfo, field_validator
from sklearn.model_selection import BaseCrossValidator

from sk_ensemble.experiments.config import _defaults
from sk_ensemble.experiments.config._section import Section
from sk_ensemble.experiments.config._spans import (
    check_embargo,
    check_gap,
    check_period,
)
from sk_ensemble.experiments.config._types import Count
from sk_ensemble.model_selection import (
    CombinatorialPurgedSplit,
    PurgedSplit,
    WalkForwardSplit,
)

__all__ = ["CrossValidationSection"]

_SPLITTERS: dict[str, Any] = {
    "purged": PurgedSplit,
    "walk_forward": WalkForwardSplit,
    "combinatorial": CombinatorialPurgedSplit,
}

Embargo = Annotated[int | float | str, BeforeValidator(check_embargo)]
Period = Annotated[int | str | None, BeforeValidator(check_period)]
Gap = Annotated[str | None, BeforeValidator(check_gap)]


class CrossValidationSection(Section):
    """Say how the training period is split into folds.

    Examples
    --------
    >>> from sk_ensemble.experiments.config import CrossValidationSection
    >>> CrossValidationSection(n_splits=3).make_splitter()
    PurgedSplit(embargo_size=1440, n_splits=3, purged_size=60)
    """

    splitter: Literal["purged", "walk_forward", "combinatorial"] = Field(
        default="purged",
        description=(
            "purged: each block of time is tested once (`PurgedSplit`); walk_forward: "
            "trained on the past alone (`WalkForwardSplit`); combinatorial: every "
            "choice of test blocks (`CombinatorialPurgedSplit`)."
        ),
    )
    n_splits: Count = Field(
        default=5, description="Folds, for purged (at least 2) and walk_forward."
    )
    n_blocks: Annotated[int, Field(ge=2)] = Field(
        default=6, description="Blocks of time, for combinatorial."
    )
    n_test_blocks: Count = Field(
        default=2, description="Blocks that each fold tests, for combinatorial."
    )
    purged_size: Annotated[int, Field(ge=0)] | None = Field(
        default=_defaults.PURGED_SIZE,
        description=(
            "Bars purged around each test block, besides the real label spans; null "
            "purges by the real spans alone."
        ),
    )
    embargo_size: Embargo = Field(
        default=_defaults.EMBARGO_SIZE,
        description=(
            "What follows a test block and is not trained on: a number of time stamps, "
            'a fraction of them, a duration such as "5D", or "5 trading days". Not for '
            "walk_forward, which trains on nothing later."
        ),
    )
    closed: Literal["both", "left"] = Field(
        default="both",
        description=(
            "Whether a label span holds its end: with both, labels that touch overlap."
        ),
    )
    align_to: Gap = Field(
        default=None,
        description=(
            'Where blocks may begin: null anywhere, "day" with a UTC date, a duration '
            "after a pause of all symbols longer than this."
        ),
    )
    test_size: Period = Field(
        default=None,
        description=(
            "Length of each test block, for walk_forward: time stamps, a duration such "
            'as "30D" or a calendar frequency such as "MS"; null divides evenly.'
        ),
    )
    max_train_size: Period = Field(
        default=None,
        description=(
            "Train at most on this much, for walk_forward; null trains on everything "
            "before the block."
        ),
    )

    @field_validator("n_splits")
    @classmethod
    def _check_n_splits(cls, n_splits: int, info: ValidationInfo) -> int:
        if info.data.get("splitter") == "purged" and n_splits < 2:
            raise ValueError("must be at least 2 for the splitter purged")
        return n_splits

    @field_validator("n_test_blocks")
    @classmethod
    def _check_n_test_blocks(cls, n_test_blocks: int, info: ValidationInfo) -> int:
        n_blocks = info.data.get("n_blocks")
        if n_blocks is not None and n_test_blocks >= n_blocks:
            raise ValueError(f"must be less than n_blocks, which is {n_blocks}")
        return n_test_blocks

    def make_splitter(self) -> BaseCrossValidator:
        """Return the splitter that is described.

        Returns
        -------
        splitter : PurgedSplit, WalkForwardSplit or CombinatorialPurgedSplit
            It works as ``cv=`` anywhere in scikit-learn.
        """
        splitter = _SPLITTERS[self.splitter]
        return splitter(**{name: getattr(self, name) for name in self._used()})

    def _used(self) -> list[str]:
        """Return the names of the values that the splitter has a use for."""
        return list(_SPLITTERS[self.splitter]().get_params())

    def unused(self) -> Iterator[str]:
        """Yield the names of changed values that the splitter has no use for.

        Yields
        ------
        name : str
            Name of a value that is not its default.
        """
        used = {"splitter", *self._used()}
        for name, field in type(self).model_fields.items():
            if name not in used and getattr(self, name) != field.default:
                yield name
