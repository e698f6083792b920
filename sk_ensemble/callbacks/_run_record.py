"""What is to be recorded of one run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sk_ensemble.callbacks._metric_point import MetricPoint

__all__ = ["RunRecord"]


@dataclass(frozen=True, kw_only=True)
class RunRecord:
    """Everything that is to be recorded of one run.

    Parameters
    ----------
    event_id : str
        What tells this run from all others for ever. A record whose `event_id` is in
        the store already is not recorded again.
    name : str
        What the run is called; need not be unique.
    parent : str or None, default=None
        `event_id` of the run that this one is nested in.
    params : mapping of str to object, default={}
        Parameters.
    metrics : sequence of MetricPoint, default=()
        Values of metrics.
    tags : mapping of str to str, default={}
        Tags besides those that are set anyway.
    start : int or None, default=None
        When the run began, milliseconds since 1970; None means now.
    end : int or None, default=None
        When it ended.
    status : {"FINISHED", "FAILED", "KILLED", "RUNNING"}, default="FINISHED"
        How it ended. A run that is still ``"RUNNING"`` is recorded as far as it is
        known, and again under the same `event_id` when it has ended.
    artifacts : sequence of Path, default=()
        Files, and directories whose content is recorded.

    Examples
    --------
    >>> from sk_ensemble.callbacks import RunRecord
    >>> RunRecord(event_id="2024-01-01/xgboost", name="xgboost").status
    'FINISHED'
    """

    event_id: str
    name: str
    parent: str | None = None
    params: Mapping[str, Any] = field(default_factory=dict)
    metrics: tuple[MetricPoint, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)
    start: int | None = None
    end: int | None = None
    status: str = "FINISHED"
    artifacts: tuple[Path, ...] = ()
