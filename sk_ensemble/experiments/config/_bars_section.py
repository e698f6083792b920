"""Which of the shipped bars are used, and for what."""

from __future__ import annotations

from typing import Annotated

import pandas as pd
from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from sk_ensemble.datasets import contract_specs
from sk_ensemble.experiments.config import _defaults
from sk_ensemble.experiments.config._nearest import nearest
from sk_ensemble.experiments.config._section import Section
from sk_ensemble.experiments.config._spans import check_time
from sk_ensemble.experiments.config._types import Count, Unique

__all__ = ["BarsSection"]

_EARLIER = {"train_end": "start", "val_end": "train_end", "end": "val_end"}


def _check_symbol(symbol: str) -> str:
    known = contract_specs().index
    if symbol not in known:
        raise ValueError(f"is none of the shipped symbols: {nearest(symbol, known)}")
    return symbol


def _instant(text: str) -> pd.Timestamp:
    return pd.to_datetime(text, utc=True)


Day = Annotated[str, AfterValidator(check_time)]


class BarsSection(Section):
    """Choose among the bars that are shipped with the package.

    Examples
    --------
    >>> from sk_ensemble.experiments.config import BarsSection
    >>> BarsSection(symbols=["IC"], train_end="2019-12-31")
    BarsSection(symbols=('IC',), train_end='2019-12-31')
    """

    symbols: Unique[Annotated[str, AfterValidator(_check_symbol)]] = Field(
        default=_defaults.SYMBOLS,
        description="Symbols of the shipped bars: AG, CU, IC, IF.",
    )
    start: Day = Field(
        default=_defaults.START, description="First day of the training period, UTC."
    )
    train_end: Day = Field(
        default=_defaults.TRAIN_END,
        description="Last day of the training period, on which models are compared.",
    )
    val_end: Day = Field(
        default=_defaults.VAL_END,
        description="Last day of the validation period; the test period follows.",
    )
    end: Day | None = Field(
        default=None,
        description="Last day of the test period; null means the last there is.",
    )
    stride: Count = Field(
        default=2,
        description=(
            "Every how many time stamps a training sample is taken. Windows still hold "
            "every bar, and validation and test are never thinned."
        ),
    )

    @field_validator("train_end", "val_end", "end")
    @classmethod
    def _check_order(cls, value: str | None, info: ValidationInfo) -> str | None:
        earlier = info.data.get(_EARLIER[str(info.field_name)])
        if value and earlier and _instant(value) <= _instant(earlier):
            name = _EARLIER[str(info.field_name)]
            raise ValueError(f"must be later than {name}, which is {earlier}")
        return value
