"""Features of bars, row-wise transformers on panels, and windows."""

from __future__ import annotations

from sk_ensemble.preprocessing._bar_features import bar_features
from sk_ensemble.preprocessing._row_transformer import RowTransformer
from sk_ensemble.preprocessing._window_flattener import WindowFlattener
from sk_ensemble.preprocessing._windower import Windower

__all__ = ["RowTransformer", "WindowFlattener", "Windower", "bar_features"]
