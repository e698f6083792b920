"""The gates a model passes on its way, and what becomes of their outcomes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from sk_ensemble.exceptions import ProductionError
from sk_ensemble.production._calibration_gate import CalibrationGate
from sk_ensemble.production._evidence import Evidence
from sk_ensemble.production._gate import Gate
from sk_ensemble.production._gate_outcome import GateOutcome
from sk_ensemble.production._latency_gate import LatencyGate
from sk_ensemble.production._leakage_gate import LeakageGate
from sk_ensemble.production._score_gate import ScoreGate
from sk_ensemble.utils.files import strict_json
from sk_ensemble.utils.text import one_line

__all__ = ["GATES", "Judgement", "standard_gates"]

#: Names of the gates that every model meets.
GATES = (
    ScoreGate.name,
    CalibrationGate.name,
    LeakageGate.name,
    LatencyGate.name,
)


def standard_gates() -> tuple[Gate, ...]:
    """Return the gates that every model meets, with their defaults.

    Returns
    -------
    gates : tuple
        `ScoreGate`, `CalibrationGate`, `LeakageGate` and `LatencyGate`.

    Examples
    --------
    >>> from sk_ensemble.production import standard_gates
    >>> [gate.name for gate in standard_gates()]
    ['score', 'calibration', 'leakage', 'latency']
    """
    return ScoreGate(), CalibrationGate(), LeakageGate(), LatencyGate()


def _outcome(gate: Gate, evidence: Evidence) -> GateOutcome:
    """Ask a gate; an error is an outcome, since nobody can say that it passed."""
    try:
        outcome = replace(gate.check(evidence), gate=gate.name)
        # What cannot be recorded is refused here, and not after all gates.
        strict_json(outcome.to_dict())
        return outcome
    except Exception as error:
        what = one_line(" ".join(str(error).split()))
        own = isinstance(error, ProductionError)
        reason = what if own else f"{type(error).__name__}: {what}"
        return GateOutcome(gate.name, False, f"It cannot be told: {reason}")


@dataclass(frozen=True)
class Judgement:
    """Hold which gates are met, and which of them are overridden.

    Parameters
    ----------
    gates : tuple of Gate
        The gates.
    override : tuple of str
        Names of gates that need not be passed.
    reason : str or None
        Why they are overridden.
    """

    gates: tuple[Gate, ...]
    override: tuple[str, ...]
    reason: str | None

    @classmethod
    def of(
        cls, gates: Iterable[Gate], override: Collection[str], reason: str | None
    ) -> Judgement:
        """Check what was asked for.

        Raises
        ------
        ProductionError
            If a standard gate is neither there nor overridden, a name is unknown or
            comes twice, or nobody says why a gate is overridden.
        """
        gates = tuple(gates)
        override = (override,) if isinstance(override, str) else tuple(override)
        names = [gate.name for gate in gates]
        known = dict.fromkeys([*GATES, *names])
        cls._refuse_names(names, override, list(known))
        missing = [name for name in GATES if name not in (*names, *override)]
        if missing:
            msg = (
                f"gates lacks {missing}, which every model meets. Add them, or "
                "override them by name."
            )
            raise ProductionError(msg)
        if override and not (reason or "").strip():
            msg = f"Say why {list(override)} are overridden: reason='...'."
            raise ProductionError(msg)
        return cls(gates, override, reason)

    @staticmethod
    def _refuse_names(
        names: Sequence[str], override: Sequence[str], known: Sequence[str]
    ) -> None:
        if len(set(names)) < len(names):
            msg = f"gates has a name twice: {list(names)}."
            raise ProductionError(msg)
        unknown = [name for name in override if name not in known]
        if unknown:
            msg = f"override has {unknown}, which are none of the gates {list(known)}."
            raise ProductionError(msg)

    def outcomes(self, evidence: Evidence) -> Iterator[GateOutcome]:
        """Yield what comes out at each gate, and that a standard one was left out."""
        for gate in self.gates:
            outcome = _outcome(gate, evidence)
            yield replace(outcome, is_overridden=gate.name in self.override)
        met = {gate.name for gate in self.gates}
        for name in GATES:
            if name not in met:
                yield GateOutcome(name, False, "It was left out.", is_overridden=True)
