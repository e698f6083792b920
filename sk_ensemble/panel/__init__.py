"""Samples over the full history of every symbol: panels and windows."""

from __future__ import annotations

from sk_ensemble.panel._from_rows import history_of_array, history_of_frame, index_keys
from sk_ensemble.panel._history import History, segment_starts
from sk_ensemble.panel._inputs import (
    as_windows,
    bars_in_reach,
    check_columns,
    check_finite,
)
from sk_ensemble.panel._panel import Panel
from sk_ensemble.panel._same_index import refuse_other_index
from sk_ensemble.panel._samples import Samples
from sk_ensemble.panel._tables import checked_table
from sk_ensemble.panel._windows import Windows

__all__ = [
    "History",
    "Panel",
    "Samples",
    "Windows",
    "as_windows",
    "bars_in_reach",
    "check_columns",
    "check_finite",
    "checked_table",
    "history_of_array",
    "history_of_frame",
    "index_keys",
    "refuse_other_index",
    "segment_starts",
]
