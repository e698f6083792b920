"""What an audit found, and what it looked for."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from html import escape

import pandas as pd

from sk_ensemble.inspection._finding import Finding

__all__ = ["LeakageReport"]

_COLUMNS = (
    "check",
    "status",
    "fold",
    "step",
    "features",
    "symbol",
    "time",
    "amount",
    "message",
)


def _row_of(finding: Finding) -> dict[str, object]:
    """Return a finding as a row of the table."""
    features = ", ".join(finding.features)
    return {**asdict(finding), "status": "failed", "features": features}


@dataclass(frozen=True)
class LeakageReport:
    """Hold the result of `audit_leakage`.

    Attributes
    ----------
    findings : tuple of Finding
        The leaks, in the order of the checks; empty for a clean pipeline.
    skipped : dict of str to str
        Checks that could not be made, with the reason.
    checks : tuple of str
        All checks that were asked for.
    n_fits : int
        Models fitted.

    Examples
    --------
    >>> from sk_ensemble.inspection import Finding, LeakageReport
    >>> finding = Finding("windows", "300 training windows contain test bars.", fold=2)
    >>> report = LeakageReport((finding,), checks=("timestamps", "windows"))
    >>> report.passed
    False
    >>> report.to_frame()[["check", "status", "amount"]]
            check  status amount
    0  timestamps  passed   None
    1     windows  failed   None
    """

    findings: tuple[Finding, ...] = ()
    skipped: dict[str, str] = field(default_factory=dict)
    checks: tuple[str, ...] = ()
    n_fits: int = 0

    @property
    def passed(self) -> bool:
        """Whether no leak was found by the checks that were made."""
        return not self.findings

    def status(self, check: str) -> str:
        """Return ``"passed"``, ``"failed"`` or ``"skipped"`` for a check.

        Parameters
        ----------
        check : str
            One of `checks`.

        Returns
        -------
        status : str
            What became of it.

        Raises
        ------
        KeyError
            If the check was not asked for.
        """
        if check not in self.checks:
            msg = f"{check!r} is none of the checks made, {list(self.checks)}."
            raise KeyError(msg)
        if any(finding.check == check for finding in self.findings):
            return "failed"
        return "skipped" if check in self.skipped else "passed"

    def to_frame(self) -> pd.DataFrame:
        """Return one row per finding, and one per check without any.

        Returns
        -------
        frame : DataFrame
            Columns check, status, fold, step, features, symbol, time, amount, message.
        """
        rows: list[dict[str, object]] = []
        for check in self.checks:
            found = [_row_of(item) for item in self.findings if item.check == check]
            empty: dict[str, object] = {
                "check": check,
                "status": self.status(check),
                "message": self.skipped.get(check, ""),
            }
            rows += found or [empty]
        frame = pd.DataFrame(rows, columns=list(_COLUMNS), dtype=object)
        return frame.where(frame.notna(), None)

    def _verdict(self) -> str:
        """Say in one line what came out."""
        n_made = len(self.checks) - len(self.skipped)
        skipped = f", {len(self.skipped)} skipped" if self.skipped else ""
        n_found = len(self.findings)
        found = f"{n_found or 'no'} leak{'' if n_found == 1 else 's'} found"
        return f"{found} ({n_made} checks made{skipped}, {self.n_fits} fits)"

    def __str__(self) -> str:
        lines = [f"Leakage audit: {self._verdict()}"]
        lines += [f"  LEAK {finding}" for finding in self.findings]
        lines += [f"  skipped {name}: {why}" for name, why in self.skipped.items()]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        colour = "#1a7f37" if self.passed else "#b42318"
        # The text keeps the colour of the notebook, which may be light or dark.
        bar = f"border-left:5px solid {colour};padding-left:8px"
        head = f'<p style="{bar}"><b>Leakage audit: {self._verdict()}</b></p>'
        table = self.to_frame().drop(columns=["symbol", "time"])
        cells = [
            "".join(f"<td>{'' if v is None else escape(str(v))}</td>" for v in row)
            for row in table.itertuples(index=False)
        ]
        names = "".join(f"<th>{name}</th>" for name in table.columns)
        body = "".join(f"<tr>{row}</tr>" for row in cells)
        table_head = f"<thead><tr>{names}</tr></thead>"
        return f"{head}<table>{table_head}<tbody>{body}</tbody></table>"
