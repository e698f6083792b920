"""Audits of leakage: those that need no fit at once, the others when asked for.

Canaries have to be trained, so they are no part of a report that is made after each
run. An audit is kept beside the experiment, where later reports find it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sk_ensemble.datasets import contract_specs
from sk_ensemble.exceptions import ConfigError
from sk_ensemble.experiments import ExperimentConfig
from sk_ensemble.experiments._bars_source import BarsSource
from sk_ensemble.experiments._models import build_model, reach
from sk_ensemble.experiments._samples import HorizonSamples
from sk_ensemble.inspection import Finding, LeakageReport, audit_leakage
from sk_ensemble.labeling import fixed_horizon_labels
from sk_ensemble.preprocessing import bar_features
from sk_ensemble.report._stored_experiment import StoredExperiment
from sk_ensemble.utils.files import read_json, write_json

__all__ = ["CANARIES", "StoredAudit", "audit_folds", "audit_model", "read_audits"]

#: Checks that need no fit.
_AT_ONCE = ("timestamps", "label_spans", "windows", "duplicates", "columns")

#: Checks that train on targets nobody can know.
CANARIES = ("permuted_targets", "flipped_targets")

_FILE = "audit.json"


@dataclass(frozen=True)
class StoredAudit:
    """Hold an audit with the model that was audited.

    Attributes
    ----------
    model : str
        Key of the model.
    report : LeakageReport
        What was found.
    """

    model: str
    report: LeakageReport

    @property
    def failed_canaries(self) -> list[str]:
        """Canaries that scored."""
        made = [name for name in CANARIES if name in self.report.checks]
        return [name for name in made if self.report.status(name) == "failed"]


def _to_dict(report: LeakageReport) -> dict[str, Any]:
    findings = [
        {**asdict(finding), "time": None if finding.time is None else str(finding.time)}
        for finding in report.findings
    ]
    return {
        "findings": findings,
        "skipped": report.skipped,
        "checks": list(report.checks),
        "n_fits": report.n_fits,
    }


def _from_dict(values: Mapping[str, Any]) -> LeakageReport:
    findings = tuple(
        Finding(**{**finding, "features": tuple(finding["features"])})
        for finding in values["findings"]
    )
    return LeakageReport(
        findings, dict(values["skipped"]), tuple(values["checks"]), values["n_fits"]
    )


def read_audits(path: Path) -> dict[int, StoredAudit]:
    """Return the stored audits of an experiment by horizon, none if there are none."""
    if not (path / _FILE).is_file():
        return {}
    return {
        int(horizon): StoredAudit(entry["model"], _from_dict(entry["report"]))
        for horizon, entry in sorted(
            read_json(path / _FILE).items(), key=lambda pair: int(pair[0])
        )
    }


def audit_folds(
    config: ExperimentConfig, samples: Mapping[int, HorizonSamples]
) -> dict[int, LeakageReport]:
    """Check the folds of every horizon against the longest window; nothing is fitted.

    Parameters
    ----------
    config : ExperimentConfig
        Models and folds.
    samples : dict of HorizonSamples
        Samples by horizon.
    """
    longest = build_model(max(config.models, key=reach), config)
    cv = config.cv.make_splitter()
    return {
        horizon: audit_leakage(longest, part.X, part.y, cv, checks=_AT_ONCE)
        for horizon, part in samples.items()
    }


def _functions(source: Any, horizon: int) -> dict[str, Any]:
    """Return how features and labels are made of bars, where that is known."""
    if not isinstance(source, BarsSource):
        return {}
    specs = contract_specs()
    return {
        "bars": source.bars,
        "features": lambda bars: bar_features(
            bars, timezone=specs["timezone"], session_gap=specs["session_gap"]
        ),
        "labels": lambda bars: fixed_horizon_labels(bars, horizon),
    }


def audit_model(experiment: StoredExperiment, key: str, progress: Any = False) -> None:
    """Audit a model at every horizon with all checks, and keep what is found.

    Parameters
    ----------
    experiment : StoredExperiment
        The experiment.
    key : str
        The model that is fitted for the audit; a fast one shows the same leaks.
    progress : bool or callable, default=False
        Told what is being done.

    Raises
    ------
    ConfigError
        If there is no such model, or its data cannot be read again.
    """
    config = experiment.config
    if config is None or not experiment.samples:
        msg = f"{experiment.path} cannot be audited. {' '.join(experiment.remarks)}"
        raise ConfigError(msg)
    known = {model.key: model for model in config.models}
    if key not in known:
        msg = f"The experiment has no model {key!r} to audit; it has {list(known)}."
        raise ConfigError(msg)
    audits = {}
    for horizon, samples in experiment.samples.items():
        report = audit_leakage(
            build_model(known[key], config),
            samples.X,
            samples.y,
            config.cv.make_splitter(),
            progress=progress,
            random_state=config.random_seed,
            **_functions(experiment.source, horizon),
        )
        audits[str(horizon)] = {"model": key, "report": _to_dict(report)}
    write_json(experiment.path / _FILE, audits)
