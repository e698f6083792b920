"""The table of results of a search, and which task evaluated which part of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Self

from sk_ensemble.callbacks._metric_point import MetricPoint

__all__ = ["SearchTable"]

_SUMMARIES = ("mean_", "std_", "rank_")


@dataclass(frozen=True)
class SearchTable:
    """Parameters and scores of the candidates of a search.

    Parameters
    ----------
    candidates : list of dict
        Parameters of each candidate, as text; empty if the search never ended.
    columns : dict of list of float
        What `cv_results_` has of numbers.
    n_splits : int
        Folds of each candidate.
    first_rows : list of int
        First row of each iteration of a halving search; empty for other searches.
    """

    candidates: list[dict[str, str]]
    columns: dict[str, list[float]]
    n_splits: int
    first_rows: list[int]

    @classmethod
    def of(
        cls, results: dict[str, Any] | None, n_splits: int, first_rows: list[int]
    ) -> Self:
        """Return the table of an event, an empty one for None."""
        if results is None:
            return cls([], {}, n_splits, first_rows)
        columns = {n: [float(v) for v in vs] for n, vs in results["columns"].items()}
        return cls(results["params"], columns, n_splits, first_rows)

    def rows(self) -> range:
        """Return the numbers of the candidates that have results."""
        return range(len(self.candidates))

    def place(self, path: tuple[int, ...]) -> tuple[int, int]:
        """Return candidate and fold of the task with this path below the search."""
        if len(path) == 1:
            return divmod(path[0], self.n_splits)
        if not self.first_rows:
            return path[0], path[1]
        row, fold = divmod(path[1], self.n_splits)
        return self.first_rows[path[0]] + row, fold

    def params(self, row: int) -> dict[str, str]:
        """Return the parameters of a candidate, nothing if they are not known."""
        return self.candidates[row] if row < len(self.candidates) else {}

    def fold_metrics(self, row: int, fold: int) -> Iterator[MetricPoint]:
        """Yield the scores of a candidate in one fold."""
        start = f"split{fold}_"
        for name, values in self.columns.items():
            if name.startswith(start) and row < len(values):
                yield MetricPoint(name.removeprefix(start), values[row])

    def candidate_metrics(self, row: int) -> Iterator[MetricPoint]:
        """Yield what is known of a candidate over all folds; a fold is a step."""
        for name, values in self.columns.items():
            if name.startswith(_SUMMARIES) or name in ("iter", "n_resources"):
                yield MetricPoint(name, values[row])
            elif name.startswith("split"):
                fold, _, score = name.removeprefix("split").partition("_")
                yield MetricPoint(f"fold_{score}", values[row], int(fold))
