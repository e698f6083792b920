"""Labels for bars: what happened after each bar, and when that was known."""

from __future__ import annotations

from sk_ensemble.labeling._fixed_horizon import fixed_horizon_labels
from sk_ensemble.labeling._forward_returns import forward_returns
from sk_ensemble.labeling._shares import label_shares
from sk_ensemble.labeling._volatility import bar_volatility

__all__ = [
    "bar_volatility",
    "fixed_horizon_labels",
    "forward_returns",
    "label_shares",
]
