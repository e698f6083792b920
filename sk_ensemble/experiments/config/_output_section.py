"""Where an experiment writes."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from sk_ensemble.experiments.config import _defaults
from sk_ensemble.experiments.config._section import Section

__all__ = ["OutputSection"]


class OutputSection(Section):
    """Say where an experiment writes.

    Examples
    --------
    >>> from sk_ensemble.experiments.config import OutputSection
    >>> OutputSection().base_dir
    'experiments'
    """

    base_dir: Annotated[str, Field(min_length=1)] = Field(
        default=_defaults.BASE_DIR,
        description=(
            "Directory of runs and of the tracking store, relative to the current "
            "directory; it is made where it does not exist."
        ),
    )
