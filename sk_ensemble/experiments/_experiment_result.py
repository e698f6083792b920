"""What an experiment found."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from sk_ensemble.experiments._cell import Cell
from sk_ensemble.utils.html import facts_html

__all__ = ["ExperimentResult"]


@dataclass(frozen=True, eq=False, repr=False)
class ExperimentResult:
    """Hold what an experiment found.

    Attributes
    ----------
    cells : list of Cell
        Every model and ensemble at every horizon, as far as its fits succeeded.
    leaderboard : DataFrame
        One row per cell, best test log loss of each horizon first.
    facts : list of str
        What was compared, in sentences.
    failures : dict of str
        Why a cell is missing, by its name.
    path : Path
        Directory of the experiment.

    Examples
    --------
    >>> from pathlib import Path
    >>> import pandas as pd
    >>> from sk_ensemble.experiments import ExperimentResult
    >>> ExperimentResult([], pd.DataFrame(), ["No bars."], {}, Path("results")).facts
    ['No bars.']
    """

    cells: list[Cell]
    leaderboard: pd.DataFrame
    facts: list[str]
    failures: dict[str, str]
    path: Path

    def __repr__(self) -> str:
        return (
            f"ExperimentResult({len(self.cells)} cells, {len(self.failures)} failed; "
            f"{str(self.path)!r})"
        )

    def _repr_html_(self) -> str:
        """Show the leaderboard in a notebook, and what failed."""
        facts = [("Compared", fact) for fact in self.facts]
        facts += [(f"Failed: {name}", why) for name, why in self.failures.items()]
        title = f"Experiment {self.path.name}"
        return facts_html(title, facts) + self.leaderboard.to_html(border=0)
