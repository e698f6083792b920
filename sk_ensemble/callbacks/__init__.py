"""Callbacks of scikit-learn's protocol: record what happens in a fit.

:class:`MLflowCallback` records fits, searches and ensembles in MLflow, whether their
parts run in this process or in others, and whether MLflow answers or not.
:class:`TrackingStore` is what it records with: runs of one's own, each once.
"""

from __future__ import annotations

from sk_ensemble.callbacks._metric_point import MetricPoint
from sk_ensemble.callbacks._mlflow_callback import MLflowCallback
from sk_ensemble.callbacks._replay import replay_spool
from sk_ensemble.callbacks._run_record import RunRecord
from sk_ensemble.callbacks._tracking_store import TrackingStore

__all__ = [
    "MLflowCallback",
    "MetricPoint",
    "RunRecord",
    "TrackingStore",
    "replay_spool",
]
