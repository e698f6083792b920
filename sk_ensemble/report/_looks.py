"""How often the test period of an experiment was looked at.

Whoever compares many models on one test period and keeps the best sees luck. Every
experiment in the same directory that has scored bars of it is counted, and in them
every different fit: the same fit again shows nothing new.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sk_ensemble.experiments._result_dir import ResultDir
from sk_ensemble.report._stored_experiment import StoredExperiment

__all__ = ["Looks", "count_looks"]

#: A day after any other.
_NO_END = "9999-12-31"


@dataclass(frozen=True)
class Looks:
    """Count looks at a test period.

    Attributes
    ----------
    n_experiments : int
        Experiments that scored it, this one included.
    n_models : int
        Different models that were scored on it, all horizons together.
    by_horizon : dict of int
        The same, by horizon.
    names : tuple of str
        Directories of the experiments, the oldest first.
    """

    n_experiments: int
    n_models: int
    by_horizon: Mapping[int, int]
    names: tuple[str, ...]


def _overlaps(own: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Tell whether an experiment has scored bars of the test period of another.

    Its own validation period counts like its test period: both were looked at.
    """
    if "test_path" in own or "test_path" in other:
        looked_at = [other.get("test_path"), other.get("val_path")]
        return own.get("test_path") in [path for path in looked_at if path]
    if not set(own.get("symbols") or ()) & set(other.get("symbols") or ()):
        return False
    start = max(str(own["val_end"]), str(other["train_end"]))
    return start < min(str(data.get("end") or _NO_END) for data in (own, other))


def _scored(result: ResultDir, own: Mapping[str, Any]) -> set[tuple[int, str]] | None:
    """Return what an experiment has scored, None if that was another period.

    One that is damaged, or was written by another version, cannot be counted.
    """
    try:
        if _overlaps(own, result.plan["config"]["data"]):
            return set(_models(result))
    except (AttributeError, KeyError, OSError, TypeError, ValueError):
        return None
    return None


def _models(result: ResultDir) -> Iterator[tuple[int, str]]:
    """Yield horizon and hash of everything that an experiment has scored."""
    done = [name for name, entry in result.cells.items() if "run_dir" in entry]
    refits = {
        f"{task['model']}_h{task['horizon']}": task
        for task in result.plan["tasks"]
        if task["fold"] is None
    }
    for name in done:
        if name in refits:
            yield refits[name]["horizon"], refits[name]["digest"]
        else:
            # An ensemble: another one with every experiment.
            yield int(name.rpartition("_h")[2]), f"{result.path.name}/{name}"


def count_looks(experiment: StoredExperiment) -> Looks:
    """Count the experiments, and the models in them, that saw a test period.

    Parameters
    ----------
    experiment : StoredExperiment
        The experiment whose test period it is.

    Returns
    -------
    looks : Looks
        The counts. What was run in other directories cannot be known.
    """
    own = experiment.plan["config"]["data"]
    scored = {r.path.name: _scored(r, own) for r in ResultDir.all(experiment.base_dir)}
    seen = {name: models for name, models in scored.items() if models is not None}
    models = set().union(*seen.values())
    horizons = [horizon for horizon, _ in models]
    return Looks(
        len(seen),
        len(models),
        {horizon: horizons.count(horizon) for horizon in sorted(set(horizons))},
        tuple(seen),
    )
