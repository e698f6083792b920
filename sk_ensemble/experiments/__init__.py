"""Comparisons of model families: folds, refits, ensembles, scores, tracking."""

from __future__ import annotations

from sk_ensemble.experiments._cell import Cell
from sk_ensemble.experiments._compare import Comparison, compare
from sk_ensemble.experiments._config import ComparisonConfig
from sk_ensemble.experiments._leaderboard import terminal_tables
from sk_ensemble.experiments._progress import no_progress, rich_progress

__all__ = [
    "Cell",
    "Comparison",
    "ComparisonConfig",
    "compare",
    "no_progress",
    "rich_progress",
    "terminal_tables",
]
