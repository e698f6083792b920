"""The way from a run to the entry that takes its model live, and the way back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

from sk_ensemble.exceptions import GateError, PersistenceError, ProductionError
from sk_ensemble.production._checks import promoted_digests, version_numbers
from sk_ensemble.production._event import Event
from sk_ensemble.production._evidence import Evidence, Span
from sk_ensemble.production._gate_outcome import GateOutcome
from sk_ensemble.production._gates import Judgement
from sk_ensemble.production._journal import Journal, now
from sk_ensemble.production._model_store import ModelStore
from sk_ensemble.production._model_version import ModelVersion
from sk_ensemble.production._run_files import RunFiles
from sk_ensemble.production._version_files import write_version
from sk_ensemble.utils.time import format_ns

__all__ = ["blank", "promote", "roll_back"]

#: How often a model is judged anew because another one went live meanwhile.
_ATTEMPTS = 5


class _Overtaken(Exception):
    """Another version went live while a model was judged against the one before."""


def blank(action: str, last: Event | None, **values: Any) -> Event:
    """Return an event that leaves what is live as it is; the journal fills it in."""
    kept = (last.current, last.current_sha256) if last else (None, None)
    event = Event(0, action, "", "", current=kept[0], current_sha256=kept[1])
    return replace(event, **values)


def _overlaps(event: Event, first: int, last: int) -> bool:
    if event.action != "looked":
        return False
    then = event.details
    return bool(then["first_ns"] <= last and first <= then["last_ns"])


def _count_look(journal: Journal, run: str) -> Callable[[Span], int]:
    """Return a function that records a look at data, and counts those before it."""

    def look(span: Span) -> int:
        first, last = span
        details = {
            "first_ns": first,
            "last_ns": last,
            "first": format_ns(first),
            "last": format_ns(last),
        }
        made = journal.append(
            lambda before: blank("looked", before, run=run, details=details)
        )
        events = [entry.event for entry in journal.entries()]
        until_now = (event for event in events if event.number <= made.number)
        return sum(_overlaps(event, first, last) for event in until_now)

    return look


def _refuse_unloadable(evidence: Evidence) -> None:
    """Raise if the saved model cannot be loaded, whatever gates are overridden."""
    try:
        _ = evidence.model
    except PersistenceError as error:
        msg = f"{evidence.run.path}: checkpoints/model: {error}"
        raise ProductionError(msg) from error


def _refuse_failed(
    store: ModelStore, run: RunFiles, outcomes: Sequence[GateOutcome]
) -> None:
    """Record and raise unless all gates are passed or overridden."""
    failed = [str(outcome) for outcome in outcomes if not outcome.may_pass]
    if not failed:
        return
    details = {"gates": [outcome.to_dict() for outcome in outcomes]}
    store.journal.append(
        lambda last: blank("refused", last, run=run.name, details=details)
    )
    lines = "\n".join(f"- {line}" for line in failed)
    msg = (
        f"{run.name} does not become {store.name!r}:\n{lines}\nWhat is live stays "
        "live. A gate can be overridden by name, with a reason."
    )
    raise GateError(msg, outcomes)


def _facts(
    run: RunFiles,
    outcomes: Sequence[GateOutcome],
    replaces: int | None,
    reason: str | None,
) -> dict[str, Any]:
    """Return what is to be known of a version, besides its files."""
    return {
        "run": run.name,
        "model": run.model,
        "horizon": run.horizon,
        "trained_until": format_ns(run.trained_until),
        "trained_until_ns": run.trained_until,
        "promoted": now(),
        "replaces": replaces,
        "gates": [outcome.to_dict() for outcome in outcomes],
        "overridden": [one.gate for one in outcomes if not one.passed],
        "reason": reason,
        "environment": dict(run.environment),
        "metrics": dict(run.metrics),
    }


def _in_brief(outcomes: Iterable[GateOutcome]) -> dict[str, Any]:
    """Return what the history says of the gates; the metadata say all."""
    verdicts = {True: "passed", False: "overridden"}
    return {"gates": {one.gate: verdicts[one.passed] for one in outcomes}}


def _write_next(store: ModelStore, run: RunFiles, facts: Any) -> tuple[int, str]:
    """Write the next version, and return its number and digest.

    A number that another process takes meanwhile is left to it.
    """
    while True:
        number = max(version_numbers(store.root, store.name), default=0) + 1
        try:
            sha256 = write_version(
                store.root, store.name, number, facts, run.config, run.model_files
            )
        except FileExistsError:
            continue
        return number, sha256


def _judge(
    store: ModelStore, run: RunFiles, judgement: Judgement
) -> tuple[int | None, dict[str, Any], dict[str, Any]]:
    """Return the live version, the facts of the new one, and what its entry says."""
    store.journal.continued()
    current = store.live()
    evidence = Evidence(run, current, _count_look(store.journal, run.name))
    _refuse_unloadable(evidence)
    outcomes = list(judgement.outcomes(evidence))
    _refuse_failed(store, run, outcomes)
    replaces = current.number if current else None
    facts = _facts(run, outcomes, replaces, judgement.reason)
    return replaces, facts, _in_brief(outcomes)


def _attempt(store: ModelStore, run: RunFiles, judgement: Judgement) -> ModelVersion:
    """Judge a model, and take it live unless another one was faster."""
    replaces, facts, details = _judge(store, run, judgement)

    def refuse_overtaken(last: Event | None) -> None:
        # A model that no gate has compared with anything cannot be overtaken.
        if judgement.gates and (last.current if last else None) != replaces:
            raise _Overtaken

    def going_live(last: Event | None) -> Event:
        refuse_overtaken(last)
        return blank(
            "promoted",
            last,
            version=number,
            current=number,
            current_sha256=sha256,
            run=run.name,
            reason=judgement.reason,
            details=details,
        )

    with store.locked():
        entry = store.journal.continued()
        refuse_overtaken(entry.event if entry else None)
        number, sha256 = _write_next(store, run, facts)
        store.journal.append(going_live)
    return store.version(number, sha256)


def promote(store: ModelStore, run: RunFiles, judgement: Judgement) -> ModelVersion:
    """Take the model of a run live, if it passes the gates.

    The gates are asked without the lock, so that nobody waits for them to roll back;
    they are asked again if another version has gone live meanwhile.

    Parameters
    ----------
    store : ModelStore
        Where it goes.
    run : RunFiles
        Where it comes from.
    judgement : Judgement
        The gates.

    Raises
    ------
    GateError
        If a gate is not passed.
    ProductionError
        If the model cannot be loaded, or others keep being faster.
    """
    store.make()
    for _ in range(_ATTEMPTS):
        try:
            return _attempt(store, run, judgement)
        except _Overtaken:
            continue
    msg = (
        f"Other versions of {store.name!r} went live {_ATTEMPTS} times while this one "
        "was judged against the one before. Try again."
    )
    raise ProductionError(msg)


def _version_before(name: str, events: Sequence[Event]) -> int:
    """Return the last version that was live before the one that is."""
    live = (events[-1].current if events else None) or 0
    earlier = [number for number in promoted_digests(events) if number < live]
    if not earlier:
        what = f"before v{live}" if live else "yet"
        msg = f"No version of {name!r} was live {what}, so there is no way back."
        raise ProductionError(msg)
    return max(earlier)


def roll_back(store: ModelStore, to: int | None, reason: str | None) -> ModelVersion:
    """Make a version live again that is whole.

    Parameters
    ----------
    store : ModelStore
        Where its versions are.
    to : int or None
        Number of the version; None: the last one before the live one.
    reason : str or None
        For the history.

    Raises
    ------
    ProductionError
        If there is no such version, or it is not whole.
    """
    with store.locked():
        store.journal.continued()
        events = store.events()
        number = _version_before(store.name, events) if to is None else to
        version = store.known(events, number)
        version.verify()

        def going_live(last: Event | None) -> Event:
            return blank(
                "rolled back",
                last,
                version=number,
                current=number,
                current_sha256=version.sha256,
                reason=reason,
            )

        store.journal.append(going_live)
    return version
