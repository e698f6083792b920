"""What of the data a model sees."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from sk_ensemble.experiments.config._section import Section
from sk_ensemble.experiments.config._types import Count

__all__ = ["DatasetSection"]


class DatasetSection(Section):
    """Say what of the data a model sees.

    The window of the sample at bar t holds the bars
    t - lag - sequence_length + 1 ... t - lag of its symbol.

    Examples
    --------
    >>> from sk_ensemble.experiments.config import DatasetSection
    >>> DatasetSection(sequence_length=30)
    DatasetSection(sequence_length=30)
    """

    sequence_length: Count | None = Field(
        default=None,
        description=(
            "Bars in a window. null means 60 for a model made for windows and 1 for "
            "others."
        ),
    )
    lag: Annotated[int, Field(ge=0)] | None = Field(
        default=None,
        description=(
            "Bars between the end of the window and the bar of the sample. null means "
            "1 for parquet files, whose windows end with the bar before, and 0 for "
            "the shipped bars."
        ),
    )
    exclude_neutrals: bool = Field(
        default=False,
        description=(
            "Leave samples with label 0 out of training. This conditions on the "
            "outcome; validation and test score every bar."
        ),
    )
