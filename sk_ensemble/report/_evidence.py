"""What the sections of a report are made from."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from sk_ensemble.report._horizon import Horizon
from sk_ensemble.report._leakage import StoredAudit, read_audits
from sk_ensemble.report._looks import Looks, count_looks
from sk_ensemble.report._model_styles import ModelStyles
from sk_ensemble.report._stored_experiment import StoredExperiment

__all__ = ["Evidence"]


@dataclass(frozen=True, eq=False)
class Evidence:
    """Hold an experiment, and what follows from it as soon as it is asked for.

    Attributes
    ----------
    experiment : StoredExperiment
        What is on disk.
    """

    experiment: StoredExperiment

    @cached_property
    def horizons(self) -> list[Horizon]:
        """The horizons of which there are results, shortest first."""
        found = [Horizon(self.experiment, h) for h in self.experiment.horizons]
        return [horizon for horizon in found if horizon.cells]

    @cached_property
    def styles(self) -> ModelStyles:
        """Colours of all models."""
        families = self.experiment.kinds
        models = dict.fromkeys(families)
        for cell in self.experiment.cells.values():
            models.setdefault(cell.model)
        return ModelStyles(list(models), families)

    @cached_property
    def looks(self) -> Looks:
        """How often the test period was looked at."""
        return count_looks(self.experiment)

    @cached_property
    def audits(self) -> dict[int, StoredAudit]:
        """Stored audits of leakage, by horizon."""
        return read_audits(self.experiment.path)
