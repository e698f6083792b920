"""Labels for bars: what happened after each bar, when it was known, how to weigh it."""

from __future__ import annotations

from sk_ensemble.labeling._cusum import cusum_events
from sk_ensemble.labeling._fixed_horizon import fixed_horizon_labels
from sk_ensemble.labeling._forward_returns import forward_returns
from sk_ensemble.labeling._return_attribution import return_attribution_weights
from sk_ensemble.labeling._sequential_bootstrap import sequential_bootstrap
from sk_ensemble.labeling._shares import label_shares
from sk_ensemble.labeling._time_decay import time_decay_weights
from sk_ensemble.labeling._triple_barrier import triple_barrier_labels
from sk_ensemble.labeling._uniqueness import uniqueness_weights
from sk_ensemble.labeling._volatility import bar_volatility

__all__ = [
    "bar_volatility",
    "cusum_events",
    "fixed_horizon_labels",
    "forward_returns",
    "label_shares",
    "return_attribution_weights",
    "sequential_bootstrap",
    "time_decay_weights",
    "triple_barrier_labels",
    "uniqueness_weights",
]
