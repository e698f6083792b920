"""Whether a model sees what it should not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from sk_ensemble.inspection import LeakageReport, audit_leakage
from sk_ensemble.production._evidence import Evidence
from sk_ensemble.production._gate_outcome import GateOutcome

__all__ = ["LeakageGate"]

#: Checks that take one fit, all together.
_QUICK = ("timestamps", "label_spans", "windows", "duplicates", "columns", "future")


def _message(key: str, report: LeakageReport) -> str:
    if report.passed:
        n_made = len(report.checks) - len(report.skipped)
        return f"{key}: no leak was found by {n_made} checks."
    more = len(report.findings) - 1
    others = f" ({more} more)" if more else ""
    return f"{key}: {report.findings[0]}{others}"


def _figures(report: LeakageReport) -> dict[str, Any]:
    return {
        "checks": {name: report.status(name) for name in report.checks},
        "findings": [str(finding) for finding in report.findings],
        "skipped": dict(report.skipped),
    }


@dataclass(frozen=True)
class LeakageGate:
    """Let a model pass in which `audit_leakage` finds no leak.

    The model of the run's configuration, or each member of an ensemble, is audited on
    the training samples, with the folds it was compared by.

    Parameters
    ----------
    thorough : bool, default=False
        Whether to make all checks of `audit_leakage`, which takes many fits. Otherwise
        those that fit one model at most.
    max_folds : int, default=1
        Folds for which models are fitted.
    max_samples : int, default=500
        Samples predicted around each moment.

    Attributes
    ----------
    name : str
        ``"leakage"``.

    Examples
    --------
    >>> from sk_ensemble.production import LeakageGate
    >>> LeakageGate(thorough=True, max_folds=3).max_folds
    3
    """

    name: ClassVar[str] = "leakage"

    thorough: bool = False
    max_folds: int = 1
    max_samples: int = 500

    def check(self, evidence: Evidence) -> GateOutcome:
        """Audit a model.

        Parameters
        ----------
        evidence : Evidence
            The model and its training samples.

        Returns
        -------
        outcome : GateOutcome
            With what each check found, by key of the model; of an ensemble, by those
            of its members.
        """
        reports = {
            key: self._audit(model, evidence)
            for key, model in evidence.unfitted().items()
        }
        return GateOutcome(
            self.name,
            all(report.passed for report in reports.values()),
            " ".join(_message(key, report) for key, report in reports.items()),
            {key: _figures(report) for key, report in reports.items()},
        )

    def _audit(self, model: Any, evidence: Evidence) -> LeakageReport:
        samples = evidence.samples
        return audit_leakage(
            model,
            samples.X,
            samples.y,
            evidence.config.cv.make_splitter(),
            checks=None if self.thorough else _QUICK,
            max_folds=self.max_folds,
            max_samples=self.max_samples,
            random_state=evidence.config.random_seed,
        )
