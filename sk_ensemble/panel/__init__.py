"""Samples over the full history of every symbol: panels and windows."""

from __future__ import annotations

from sk_ensemble.panel._history import History, segment_starts
from sk_ensemble.panel._panel import Panel
from sk_ensemble.panel._samples import Samples
from sk_ensemble.panel._windows import Windows

__all__ = ["History", "Panel", "Samples", "Windows", "segment_starts"]
