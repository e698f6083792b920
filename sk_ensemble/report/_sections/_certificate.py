"""What was checked for leakage, and what came out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sk_ensemble.inspection import LeakageReport
from sk_ensemble.report._blocks import (
    Banner,
    Block,
    Column,
    Heading,
    Section,
    Table,
    Value,
)
from sk_ensemble.report._evidence import Evidence
from sk_ensemble.report._leakage import CANARIES, StoredAudit, audit_folds

__all__ = ["make"]

_LEAD = (
    "Folds are checked each time a report is made. Canaries, targets that nobody can "
    "know, have to be trained, and so do the tests that change the future and look "
    "whether a prediction moves: they are made once, when asked for, and kept."
)

_WHAT = {
    "timestamps": "no time stamp stands on both sides of a fold",
    "label_spans": "no training label overlaps a test label",
    "windows": "no training window holds bars of a test block after it",
    "duplicates": "no test window is also a training window",
    "columns": "no feature alone predicts the target too well",
    "features": "features do not move when later bars are changed",
    "labels": "label_end tells the truth",
    "future": "predictions do not move when later bars are changed",
    "prefitted": "no step was fitted before",
    "refit": "fitted models do not move when the test block is changed",
    "permuted_targets": "canary: targets in random order are not predicted",
    "flipped_targets": "canary: the direction of targets turned round is not predicted",
}

_TONES = {"passed": "good", "failed": "bad", "skipped": "muted"}


def _details(row: Any) -> str:
    """Return where a check failed, or why it was skipped."""
    fold = "" if row.fold is None else f"fold {int(row.fold)}"
    where = ", ".join(str(part) for part in (fold, row.step, row.features) if part)
    return ": ".join(str(part) for part in (where, row.message) if part)


def _table(key: str, caption: str, report: LeakageReport) -> Table:
    frame = report.to_frame()
    rows = [
        [
            Value(str(row.check)),
            Value(str(row.status), tone=_TONES[str(row.status)]),
            Value(_WHAT.get(str(row.check), ""), detail=_details(row)),
        ]
        for row in frame.itertuples()
    ]
    columns = [
        Column("Check", is_text=True),
        Column("Outcome", is_text=True),
        Column("What must hold", is_text=True),
    ]
    return Table(key, caption, columns, rows, frame)


def _banner(horizon: int, audit: StoredAudit) -> Banner:
    report = audit.report
    made = f"{len(report.checks) - len(report.skipped)} checks, {report.n_fits} fits"
    if audit.failed_canaries:
        return Banner(
            "bad",
            f"Horizon {horizon}: a canary scores",
            f"{audit.model} predicted targets that nobody can know "
            f"({', '.join(audit.failed_canaries)}). The scores of this experiment are "
            "not to be believed until the leak is found.",
        )
    if not report.passed:
        n_found = len(report.findings)
        return Banner(
            "bad",
            f"Horizon {horizon}: {n_found} leak{'' if n_found == 1 else 's'} found",
            f"In {audit.model}, by {made}; see the table.",
        )
    canaries = [name for name in CANARIES if report.skipped.get(name)]
    if canaries:
        return Banner(
            "warn",
            f"Horizon {horizon}: no leak found, but a canary could not be made",
            "; ".join(f"{name}: {report.skipped[name]}" for name in canaries),
        )
    return Banner(
        "good",
        f"Horizon {horizon}: no leak found",
        f"{audit.model}, {made}, both canaries among them, and neither scored.",
    )


def _at_once(evidence: Evidence) -> Iterator[Block]:
    experiment = evidence.experiment
    if experiment.config is None or not experiment.samples:
        yield Banner(
            "warn", "Folds not checked", "The training samples cannot be made again."
        )
        return
    for horizon, report in audit_folds(experiment.config, experiment.samples).items():
        if not report.passed:
            yield Banner("bad", f"Horizon {horizon}: the folds leak", str(report))
        yield _table(
            f"fold_checks_h{horizon}",
            f"Checks that need no fit, in all folds, for the longest window; horizon "
            f"{horizon}.",
            report,
        )


def _asked_for(evidence: Evidence) -> Iterator[Block]:
    if not evidence.audits:
        name = evidence.experiment.path.name
        yield Banner(
            "warn",
            "No canary was trained",
            f"sk-ensemble report {name} --audit MODEL trains them, and makes all other "
            "checks. Choose a fast model: it shows the same leaks of data and folds.",
        )
        return
    for horizon, audit in evidence.audits.items():
        yield _banner(horizon, audit)
        caption = f"All checks, with {audit.model}, horizon {horizon}."
        yield _table(f"audit_h{horizon}", caption, audit.report)


def make(evidence: Evidence) -> Section | None:
    """Return the section."""
    blocks = [
        *_asked_for(evidence),
        Heading("Folds"),
        *_at_once(evidence),
    ]
    return Section("leakage", "Leakage certificate", blocks, _LEAD)
