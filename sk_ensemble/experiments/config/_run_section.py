"""What an experiment may use of the machine."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, Field

from sk_ensemble.experiments.config._section import Section
from sk_ensemble.experiments.config._types import Count, Workers

__all__ = ["RunSection"]

_CLUSTER = re.compile(r"(tcp|tls|ucx|ws|wss)://[^\s/]+:\d+/?|local:[1-9]\d{0,3}")


def _check_cluster(address: str) -> str:
    if not _CLUSTER.fullmatch(address):
        msg = 'must be a scheduler such as "tcp://10.0.0.1:8786", or "local:4"'
        raise ValueError(msg)
    return address


class RunSection(Section):
    """Say what an experiment may use of the machine; results do not depend on it.

    Examples
    --------
    >>> from sk_ensemble.experiments.config import RunSection
    >>> RunSection(n_jobs=4)
    RunSection(n_jobs=4)
    """

    n_jobs: Workers = Field(
        default=-1, description="Worker processes; -1 means one per core."
    )
    threads_per_task: Count = Field(
        default=1,
        description="Threads of each task. Equal numbers give equal bits.",
    )
    cluster: Annotated[str, AfterValidator(_check_cluster)] | None = Field(
        default=None,
        description=(
            "Address of a running Dask scheduler (tcp://host:port), or local:N for N "
            "workers on this machine; null means joblib's processes."
        ),
    )
