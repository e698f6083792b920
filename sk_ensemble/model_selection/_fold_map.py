"""What a notebook shows of a splitter: its folds as a sketch, without any data."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby, islice, pairwise
from typing import Any, Protocol, TypeAlias

from sk_ensemble.utils.colours import COLOURS
from sk_ensemble.utils.html import facts_html, text_html

__all__ = ["FoldSketch", "fold_map_html"]

#: Beyond these a sketch would show nothing.
_MOST_LANES, _MOST_BLOCKS = 12, 60

_WIDTH, _LANE, _GAP = 600.0, 10.0, 4.0
#: Widths of what is purged and embargoed, which without data have no scale.
_PURGED, _EMBARGOED = 4.0, 10.0
#: Half transparent, where a picture on white has a grey.
_UNUSED = "#8884"

#: Blocks that a fold tests, and those it trains on where it does not test them.
Fold: TypeAlias = tuple[Container[int], Container[int]]


@dataclass(frozen=True)
class FoldSketch:
    """Say which blocks of time each fold tests and trains on.

    Attributes
    ----------
    n_blocks : int
        Number of blocks, drawn equally long.
    folds : iterable of (container of int, container of int)
        Blocks tested, and those trained on where they are not tested, fold by fold.
    """

    n_blocks: int
    folds: Iterable[Fold]


class _Splitter(Protocol):
    """A splitter of this package."""

    purged_size: int | None
    embargo_size: Any
    align_to: Any

    def get_n_splits(self) -> int: ...

    def _check_parameters(self) -> None: ...

    def _fold_sketch(self) -> FoldSketch: ...


def _kinds(sketch: FoldSketch, fold: Fold) -> Iterator[str]:
    """Yield what becomes of each block."""
    test, train = fold
    for block in range(sketch.n_blocks):
        yield "test" if block in test else "train" if block in train else "unused"


def _fill(kind: str) -> str:
    return f'fill="{_UNUSED if kind == "unused" else COLOURS[kind]}"'


def _rect(kind: str, x: float, y: float, width: float) -> str:
    return (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{_LANE:.0f}" '
        f"{_fill(kind)}/>"
    )


def _lane(cv: _Splitter, sketch: FoldSketch, fold: Fold, y: float) -> Iterator[str]:
    """Yield the pieces of one fold: blocks, then what is lost around those tested."""
    size = _WIDTH / sketch.n_blocks
    runs, place = [], 0
    for kind, group in groupby(_kinds(sketch, fold)):
        stop = place + len(list(group))
        runs.append((kind, place * size, stop * size))
        place = stop
    for kind, left, right in runs:
        yield _rect(kind, left, y, right - left)
    for (kind, start, _), (after, edge, end) in pairwise(runs):
        if (kind, after) == ("train", "test") and cv.purged_size != 0:
            width = min(_PURGED, (edge - start) / 2)
            yield _rect("purged", edge - width, y, width)
        if (kind, after) == ("test", "train"):
            yield from _after_test(cv, edge, end, y)


def _after_test(cv: _Splitter, edge: float, end: float, y: float) -> Iterator[str]:
    """Yield what is lost behind a tested block."""
    purged = min(_PURGED, (end - edge) / 3) if cv.purged_size != 0 else 0.0
    if purged:
        yield _rect("purged", edge, y, purged)
    if cv.embargo_size:
        width = min(_EMBARGOED, (end - edge) / 3)
        yield _rect("embargoed", edge + purged, y, width)


def _legend(drawn: str) -> str:
    """Name the colours that are there."""
    marks = "".join(
        f'<span style="white-space:nowrap;margin-right:14px"><svg width="10" '
        f'height="10"><rect width="10" height="10" {fill}/></svg> {kind}</span>'
        for kind in COLOURS
        if (fill := _fill(kind)) in drawn
    )
    return f'<p style="margin:4px 0">{marks}</p>'


def _drawing(cv: _Splitter, sketch: FoldSketch) -> str:
    """Return the first folds as lanes, time from left to right."""
    lanes = list(islice(sketch.folds, _MOST_LANES))
    height = len(lanes) * (_LANE + _GAP) - _GAP
    drawn = "".join(
        piece
        for number, fold in enumerate(lanes)
        for piece in _lane(cv, sketch, fold, number * (_LANE + _GAP))
    )
    return (
        f'<svg role="img" aria-label="Folds, time from left to right" '
        f'viewBox="0 0 {_WIDTH:.0f} {height:.0f}" style="width:100%;max-width:600px">'
        f"{drawn}</svg>{_legend(drawn)}"
    )


def _purging(cv: _Splitter) -> str:
    if cv.purged_size is None:
        return "labels that overlap with tested ones, by their ends"
    return f"as if labels lasted {cv.purged_size} bars, or longer by their ends"


def _embargo(cv: _Splitter) -> str:
    size = cv.embargo_size
    if not size:
        return "none"
    if isinstance(size, float):
        return f"{size:.2%} of the time stamps after a tested block"
    unit = "" if not isinstance(size, int) else " time stamps"
    return f"{size}{unit} after a tested block"


def _title(cv: _Splitter) -> str:
    return " ".join(repr(cv).split())


def _facts(cv: _Splitter, n_shown: int) -> Iterator[tuple[str, str]]:
    n_folds = cv.get_n_splits()
    more = f", the first {n_shown} are shown" if 0 < n_shown < n_folds else ""
    yield "Folds", f"{n_folds:,}{more}"
    if hasattr(cv, "n_paths"):
        yield "Paths", f"{cv.n_paths:,}"
    yield "Purged", _purging(cv)
    if "embargo_size" in vars(cv):
        yield "Embargo", _embargo(cv)
    if cv.align_to is not None:
        pause = f"after a pause of all symbols longer than {cv.align_to}"
        yield "Blocks begin", "with a UTC date" if cv.align_to == "day" else pause


def _described(cv: _Splitter, sketch: FoldSketch) -> str:
    """Return facts and, where there are not too many blocks, the drawing."""
    is_drawn = sketch.n_blocks <= _MOST_BLOCKS
    facts = facts_html(_title(cv), _facts(cv, _MOST_LANES if is_drawn else 0))
    if not is_drawn:
        return facts
    hint = "A sketch, not to scale: plot_splits(cv, X) draws the folds of samples."
    small = f'<p style="margin:0;opacity:.75"><small>{text_html(hint)}</small></p>'
    return facts + _drawing(cv, sketch) + small


def fold_map_html(cv: _Splitter) -> str:
    """Return what a notebook shows of a splitter.

    Parameters
    ----------
    cv : PurgedSplit, CombinatorialPurgedSplit or WalkForwardSplit
        The splitter. One with a wrong parameter is shown with what is wrong.
    """
    try:
        cv._check_parameters()
        return _described(cv, cv._fold_sketch())
    except (TypeError, ValueError) as error:
        return facts_html(_title(cv), [("Cannot split", error)])
