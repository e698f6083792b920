"""What an experiment is called."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, Field

from sk_ensemble.experiments.config._section import Section

__all__ = ["ExperimentSection"]

_NAME = re.compile(r"[a-z0-9]([a-z0-9._-]{0,62}[a-z0-9_-])?")


def _check_name(name: str) -> str:
    if _NAME.fullmatch(name):
        return name
    msg = (
        "must be 1 to 64 lower-case letters, digits, dots, hyphens and underscores, "
        "beginning with a letter or digit and not ending in a dot"
    )
    raise ValueError(msg)


class ExperimentSection(Section):
    """Name an experiment.

    Examples
    --------
    >>> from sk_ensemble.experiments.config import ExperimentSection
    >>> ExperimentSection(name="first-try")
    ExperimentSection(name='first-try')
    """

    name: Annotated[str, AfterValidator(_check_name)] = Field(
        default="experiment",
        description=(
            "Name, which becomes part of file names: 1 to 64 lower-case letters, "
            "digits, dots, hyphens and underscores."
        ),
    )
    description: str = Field(
        default="", description="What the experiment is to find out, for its readers."
    )
