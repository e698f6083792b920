"""Change the bars after some moment: nothing before it may move."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from sk_ensemble._typing import BoolArray, IntArray
from sk_ensemble.inspection._finding import Finding
from sk_ensemble.inspection._perturb import (
    redraw_bars,
    remove_bars,
    replace_history,
    without_values,
)
from sk_ensemble.inspection._session import Session
from sk_ensemble.inspection._trace import Moved, Stage, first_move, trace

__all__ = ["check_future"]

#: More features than this are not told apart one by one.
_MOST_FEATURES = 64


class _Cut(NamedTuple):
    """Samples around a moment; those up to it are watched."""

    time: int
    rows: IntArray
    watched: BoolArray


class _Hit(NamedTuple):
    """A change of the future that moved something."""

    cut: _Cut
    change: str
    moved: Moved


def _cuts(session: Session) -> Iterator[_Cut]:
    """Yield moments spread over the samples, with the samples next to each."""
    order = np.argsort(session.times, kind="stable")
    times = session.times[order]
    half = max(session.max_samples // 2, 1)
    shares = session.rng(1).uniform(size=session.n_cuts)
    places = (np.arange(session.n_cuts) + shares) / session.n_cuts
    stamps = np.unique(times)[:-1]
    for place in places:
        cut = stamps[int(place * len(stamps))]
        stop = int(np.searchsorted(times, cut, side="right"))
        rows = order[max(stop - half, 0) : stop + half]
        yield _Cut(int(cut), rows, session.times[rows] <= cut)


def _traced(session: Session, model: Any, X: Any, watched: BoolArray) -> list[Stage]:
    return list(trace(model, X, watched))


def _noisy(
    session: Session, cut: _Cut, *, chosen: Any = True, column: int | None = None
) -> Any:
    """Return the samples of a cut with later bars redrawn."""
    history = session.X.history
    later = (history.stamps > cut.time) & chosen
    noisy = redraw_bars(history, later, session.rng(2), column)
    return replace_history(session.X[cut.rows], noisy)


def _move_without_values(
    session: Session, model: Any, cut: _Cut, base: list[Stage]
) -> Moved | None:
    """Put NaN into later bars; a model that refuses NaN is not asked."""
    history = session.X.history
    known = cut.rows[cut.watched]
    blank = without_values(history, history.stamps > cut.time)
    X = replace_history(session.X[known], blank)
    try:
        changed = _traced(session, model, X, np.ones(len(known), dtype=bool))
    except ValueError:
        return None
    return first_move(base, changed)


def _move_without_bars(
    session: Session, model: Any, cut: _Cut, base: list[Stage]
) -> Moved | None:
    """Take later bars and samples away."""
    history = session.X.history
    known = cut.rows[cut.watched]
    shorter, new_rows = remove_bars(history, history.stamps > cut.time)
    X = replace_history(session.X[known], shorter, new_rows[session.X.positions[known]])
    changed = _traced(session, model, X, np.ones(len(known), dtype=bool))
    return first_move(base, changed)


def _hits(session: Session, model: Any, cut: _Cut) -> Iterator[_Hit]:
    """Yield what moves at one cut."""
    base = _traced(session, model, session.X[cut.rows], cut.watched)
    noisy = _traced(session, model, _noisy(session, cut), cut.watched)
    moves = {
        "replaced": first_move(base, noisy),
        "missing": _move_without_values(session, model, cut, base),
        "removed": _move_without_bars(session, model, cut, base),
    }
    for change, moved in moves.items():
        if moved is not None:
            yield _Hit(cut, change, moved)


def _features_to_blame(session: Session, model: Any, cut: _Cut) -> tuple[str, ...]:
    """Return the features whose future moves the prediction, one by one."""
    columns = session.X.columns
    if columns is None or len(columns) > _MOST_FEATURES:
        return ()
    base = _traced(session, model, session.X[cut.rows], cut.watched)
    moves = {}
    for place, name in enumerate(columns):
        noisy = _noisy(session, cut, column=place)
        moved = first_move(base, _traced(session, model, noisy, cut.watched))
        if moved is not None:
            moves[name] = moved.amount
    return tuple(sorted(moves, key=lambda name: -moves[name])[:5])


def _whose_future(session: Session, model: Any, hit: _Hit) -> str:
    """Say whether a sample's own symbol or another one's future moves it."""
    cut = hit.cut
    known = np.flatnonzero(cut.watched)
    sample = 0 if hit.moved.sample is None else hit.moved.sample
    code = session.X.symbol_codes[cut.rows[known[sample]]]
    if len(session.X.history.symbol_names) == 1:
        return "its own symbol"
    mine = cut.watched & (session.X.symbol_codes[cut.rows] == code)
    own = session.X.history.symbol_codes == code
    base = _traced(session, model, session.X[cut.rows], mine)
    parts = []
    for whose, chosen in (("its own symbol", own), ("other symbols", ~own)):
        changed = _traced(session, model, _noisy(session, cut, chosen=chosen), mine)
        if first_move(base, changed) is not None:
            parts.append(whose)
    return " and ".join(parts) or "all symbols together"


def _finding(session: Session, model: Any, fold: int, hits: list[_Hit]) -> Finding:
    """Describe what the future moves in one step."""
    hit = hits[0]
    cut, moved = hit.cut, hit.moved
    features = moved.features
    whose = ""
    if hit.change == "replaced":
        features = features or _features_to_blame(session, model, cut)
        whose = f" of {_whose_future(session, model, hit)}"
    what = "predictions" if moved.is_prediction else "values"
    n_cuts = len({one.cut.time for one in hits})
    changes = " or ".join(dict.fromkeys(one.change for one in hits))
    message = (
        f"Its {what} up to t change, by up to {moved.amount:.3g}, when the bars{whose} "
        f"after t are {changes} ({n_cuts} of {session.n_cuts} moments t)."
    )
    known = cut.rows[cut.watched]
    sample = 0 if moved.sample is None else moved.sample
    return session.finding(
        "future",
        message,
        known[sample],
        step=moved.step,
        features=features,
        fold=fold,
        amount=moved.amount,
    )


def check_future(session: Session) -> list[Finding]:
    """Find steps of the fitted model that see bars after the sample."""
    fold = session.audited[-1]
    model = session.fitted(fold)
    by_step: dict[str, list[_Hit]] = {}
    for number, cut in enumerate(_cuts(session)):
        session.report(f"change the future, moment {number + 1} of {session.n_cuts}")
        for hit in _hits(session, model, cut):
            by_step.setdefault(hit.moved.step, []).append(hit)
    return [_finding(session, model, fold.number, hits) for hits in by_step.values()]
