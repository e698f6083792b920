"""Where runs are tracked."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, Field

from sk_ensemble.experiments.config._section import Section

__all__ = ["MLflowSection"]

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):")
_SCHEMES = (
    "databricks",
    "file",
    "http",
    "https",
    "mssql",
    "mysql",
    "postgresql",
    "sqlite",
)


def _check_uri(uri: str) -> str:
    if not uri.strip():
        raise ValueError("is empty; leave it out or write null for the SQLite store")
    found = _SCHEME.match(uri)
    if found and found[1].lower().partition("+")[0] not in _SCHEMES:
        allowed = ", ".join(f"{scheme}:" for scheme in _SCHEMES)
        raise ValueError(f"must be a file name or begin with one of {allowed}")
    return uri


class MLflowSection(Section):
    """Say where runs are tracked.

    Credentials in `tracking_uri` never reach a file of a run. Better still, write
    ``${NAME}`` for them, which stands for an environment variable.

    Examples
    --------
    >>> from sk_ensemble.experiments.config import MLflowSection
    >>> MLflowSection(tracking_uri="postgresql://me:secret@db.local/mlflow")
    MLflowSection(tracking_uri='postgresql://***@db.local/mlflow')
    """

    enabled: bool = Field(default=True, description="Whether runs are tracked at all.")
    tracking_uri: Annotated[str, AfterValidator(_check_uri)] | None = Field(
        default=None,
        description=(
            "Address of the tracking store or server. null means the SQLite file "
            "``<base_dir>/mlflow.db``, which takes the place of a directory, too."
        ),
    )
    experiment_name: Annotated[str, Field(min_length=1)] = Field(
        default="sk_ensemble", description="Experiment of MLflow that holds the runs."
    )
