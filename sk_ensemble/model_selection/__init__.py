"""Splitters that keep label spans of training and test samples apart."""

from __future__ import annotations

from sk_ensemble.model_selection._combinatorial import CombinatorialPurgedSplit
from sk_ensemble.model_selection._cross_val import cross_val_oof, cross_val_paths
from sk_ensemble.model_selection._describe import describe_splits, embargo_days
from sk_ensemble.model_selection._embargo_end import embargo_end
from sk_ensemble.model_selection._plot import plot_splits
from sk_ensemble.model_selection._purged import PurgedSplit
from sk_ensemble.model_selection._walk_forward import WalkForwardSplit

__all__ = [
    "CombinatorialPurgedSplit",
    "PurgedSplit",
    "WalkForwardSplit",
    "cross_val_oof",
    "cross_val_paths",
    "describe_splits",
    "embargo_days",
    "embargo_end",
    "plot_splits",
]
