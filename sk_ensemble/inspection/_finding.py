"""One leak, with the culprit by name."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Finding"]


@dataclass(frozen=True)
class Finding:
    """One leak that an audit found.

    Attributes
    ----------
    check : str
        The check that failed, such as ``"windows"``.
    message : str
        What is wrong, with numbers, and what to do.
    step : str or None
        Step of the pipeline whose result is the first to be wrong.
    features : tuple of str
        Features concerned, the worst first, at most five.
    fold : int or None
        Fold of the splitter, from 0.
    symbol : str or None
        Symbol of the first sample concerned.
    time : str or None
        Time of that sample, UTC.
    amount : float or None
        Samples concerned, or the size of the effect: see the message.

    Examples
    --------
    >>> from sk_ensemble.inspection import Finding
    >>> print(Finding("windows", "300 training windows contain test bars.", fold=2))
    windows (fold 2): 300 training windows contain test bars.
    """

    check: str
    message: str
    step: str | None = None
    features: tuple[str, ...] = ()
    fold: int | None = None
    symbol: str | None = None
    time: str | None = None
    amount: float | None = None

    def culprit(self) -> str:
        """Name fold, step and features, as far as they are known."""
        parts = [
            f"fold {self.fold}" if self.fold is not None else "",
            f"step {self.step}" if self.step is not None else "",
            ", ".join(self.features),
        ]
        return "; ".join(part for part in parts if part)

    def __str__(self) -> str:
        culprit = self.culprit()
        return f"{self.check}{f' ({culprit})' if culprit else ''}: {self.message}"
