"""Samples over the full history of every symbol: panels and windows."""

from __future__ import annotations

from sk_ensemble.panel._from_rows import history_of_array, history_of_frame, index_keys
from sk_ensemble.panel._history import History, segment_starts
from sk_ensemble.panel._panel import Panel
from sk_ensemble.panel._same_index import refuse_other_index
from sk_ensemble.panel._samples import Samples
from sk_ensemble.panel._windows import Windows

__all__ = [
    "History",
    "Panel",
    "Samples",
    "Windows",
    "history_of_array",
    "history_of_frame",
    "index_keys",
    "refuse_other_index",
    "segment_starts",
]
