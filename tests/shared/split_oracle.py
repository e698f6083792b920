"""What splitters must do, in plain loops over samples and whole minutes."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import strategies as st

from sk_ensemble.panel import Panel

EPOCH = pd.Timestamp("2024-01-01")
HALF = 0.5  # less than a minute, the grain of every calendar below
DAY = 1440


@dataclass(frozen=True)
class Calendar:
    """Bars and samples as (symbol, minute); `ends` are minutes, one per sample."""

    bars: tuple[tuple[str, int], ...]
    samples: tuple[tuple[str, int], ...]
    ends: tuple[int, ...] | None

    def stamps(self):
        return sorted({minute for _, minute in self.bars})

    def sample_stamps(self):
        return sorted({minute for _, minute in self.samples})


def minutes_of(duration):
    return int(duration.removesuffix("min"))


def counted_end(calendar, symbol, minute, size):
    """Minute of the bar `size` own bars later, counting on in all stamps at the end."""
    own = sorted(m for s, m in calendar.bars if s == symbol and m >= minute)
    if size < len(own):
        return own[size]
    missing = size - (len(own) - 1)
    further = [m for m in calendar.stamps() if m > own[-1]]
    return further[missing - 1] if missing <= len(further) else math.inf


def spans_overlap(start, end, other_start, other_end, closed):
    if closed == "both":
        return start <= other_end and other_start <= end
    return start < other_end and other_start < end


def is_embargoed(calendar, minute, last, anchor, embargo, closed):
    """Whether a minute after a block's last one is under its embargo."""
    if isinstance(embargo, str) and embargo.endswith("trading days"):
        return is_within_days(
            calendar, minute, last, anchor, int(embargo.split()[0]), closed
        )
    if isinstance(embargo, str):
        if closed == "both":
            return minute <= anchor + minutes_of(embargo)
        return minute < max(anchor, last + HALF) + minutes_of(embargo)
    if isinstance(embargo, float):
        stamps = calendar.sample_stamps()
        embargo = int(embargo * len(stamps))
    else:
        stamps = calendar.stamps()
    after = [
        m
        for m in stamps
        if m > last and (m > anchor or (closed == "left" and m == anchor))
    ]
    return embargo > 0 and bool(after) and minute <= after[:embargo][-1]


def is_within_days(calendar, minute, last, anchor, n_days, closed):
    """Whether a minute is on the anchor's day or the next n days with bars."""
    instant = anchor if closed == "both" else max(anchor - HALF, last)
    later = sorted({m // DAY for m in calendar.stamps() if m // DAY > instant // DAY})
    return len(later) < n_days or minute // DAY <= later[n_days - 1]


def taken_by_block(calendar, block, purged_size, embargo, closed):
    """Samples that one block of stamps takes from training, its own included."""
    kinds = [] if calendar.ends is None else [list(calendar.ends)]
    if purged_size is not None:
        kinds.append([counted_end(calendar, *s, purged_size) for s in calendar.samples])
    minutes = [minute for _, minute in calendar.samples]
    tested = [i for i, minute in enumerate(minutes) if minute in block]
    anchor = max(kinds[0][j] for j in tested)
    taken = set(tested)
    for i, minute in enumerate(minutes):
        overlapping = any(
            spans_overlap(minute, ends[i], minutes[j], ends[j], closed)
            for ends in kinds
            for j in tested
        )
        late = minute > max(block)
        if overlapping or (
            late and is_embargoed(calendar, minute, max(block), anchor, embargo, closed)
        ):
            taken.add(i)
    return taken, set(tested)


def unit_of(calendar, minute, align_to):
    """What a minute belongs to that no block may cut: itself, a day, a session."""
    if align_to is None:
        return minute
    if align_to == "day":
        return minute // DAY
    stamps = [m for m in calendar.stamps() if m <= minute]
    pauses = [b - a for a, b in pairwise(stamps)]
    return sum(pause > minutes_of(align_to) for pause in pauses)


def units_of(calendar, align_to):
    """Sample stamps by the unit they belong to, in order of time."""
    units = {}
    for minute in calendar.sample_stamps():
        units.setdefault(unit_of(calendar, minute, align_to), set()).add(minute)
    return list(units.values())


def blocks_of(calendar, n_blocks, align_to):
    """Sets of stamps, or None where there are fewer units than blocks."""
    units = units_of(calendar, align_to)
    if len(units) < n_blocks:
        return None
    parts = np.array_split(np.arange(len(units)), n_blocks)
    return [set.union(*(units[i] for i in part)) for part in parts]


def expected_folds(calendar, blocks, purged_size, embargo, closed, folds=None):
    """Folds as pairs of sets of samples."""
    parts = [
        taken_by_block(calendar, block, purged_size, embargo, closed)
        for block in blocks
    ]
    everything = set(range(len(calendar.samples)))
    result = []
    for fold in folds or [(block,) for block in range(len(blocks))]:
        taken = set.union(*(parts[block][0] for block in fold))
        tested = set.union(*(parts[block][1] for block in fold))
        result.append((names(calendar, everything - taken), names(calendar, tested)))
    return result


def names(calendar, rows):
    return {calendar.samples[row] for row in rows}


# --- the same calendars as the input a user would give ----------------------------


def at(minutes):
    return EPOCH + pd.to_timedelta(np.asarray(minutes), unit="min")


def as_panel(calendar):
    symbols, minutes = zip(*calendar.bars, strict=True)
    bars = pd.DataFrame({"symbol": symbols, "datetime": at(minutes), "close": 1.0})
    symbols, minutes = zip(*calendar.samples, strict=True)
    labels = pd.DataFrame({"symbol": symbols, "datetime": at(minutes), "label": 0})
    if calendar.ends is not None:
        labels["label_end"] = at(calendar.ends)
    X, _ = Panel.from_frame(bars).align(labels)
    return X


def as_frame(calendar, order):
    symbols, minutes = zip(*[calendar.samples[i] for i in order], strict=True)
    index = pd.MultiIndex.from_arrays(
        [symbols, at(minutes)], names=["symbol", "datetime"]
    )
    return pd.DataFrame({"close": 1.0}, index=index)


def keys_of(X):
    if isinstance(X, pd.DataFrame):
        symbols, times = X.index.get_level_values(0), X.index.get_level_values(1)
    else:
        symbols, times = X.symbols, pd.DatetimeIndex(X.times)
    minutes = (times - EPOCH) // pd.Timedelta("1min")
    return list(zip(symbols, minutes, strict=True))


def folds_of(cv, X, **kwargs):
    keys = keys_of(X)
    return [
        ({keys[i] for i in train}, {keys[i] for i in test})
        for train, test in cv.split(X, **kwargs)
    ]


def assert_folds(cv, X, expected, **kwargs):
    """Compare folds; None, or a fold without training samples, must be refused."""
    if expected and all(train for train, _ in expected):
        assert folds_of(cv, X, **kwargs) == expected
    else:
        with pytest.raises(ValueError, match=r"is more than|no training rows|need"):
            cv.split(X, **kwargs)


# --- random calendars -------------------------------------------------------------

EMBARGOES = st.one_of(
    st.integers(0, 6),
    st.floats(0, 0.5, allow_nan=False),
    st.integers(1, 9).map("{}min".format),
    st.integers(1, 2).map("{} trading days".format),
)
ALIGNMENTS = st.sampled_from([None, None, "day", "2min", "1000min"])


def some_minute(slot):
    """Minutes of several days of five bars each, in order of the slots."""
    return slot // 5 * DAY + slot % 5


@st.composite
def calendars(draw, *, every_bar=False, ends=None):
    """Several symbols with gaps; samples on some bars; ends in no particular order."""
    place = draw(st.sampled_from([int, some_minute]))
    slots = [
        (symbol, slot)
        for symbol in "ABC"[: draw(st.integers(1, 3))]
        for slot in draw(st.sets(st.integers(0, 24), min_size=3, max_size=14))
    ]
    bars = [(symbol, place(slot)) for symbol, slot in slots]
    kept = [True] * len(bars)
    if not every_bar:
        kept = draw(st.lists(st.booleans(), min_size=len(bars), max_size=len(bars)))
        n_times = len(
            {slot for (_, slot), keep in zip(slots, kept, strict=True) if keep}
        )
        kept = kept if n_times >= 5 else [True] * len(bars)
    chosen = [row for row, keep in enumerate(kept) if keep]
    samples = tuple(bars[row] for row in chosen)
    with_ends = draw(st.booleans()) if ends is None else ends
    sizes = {"min_size": len(chosen), "max_size": len(chosen)}
    lengths = draw(st.lists(st.integers(0, 8), **sizes))
    label_ends = tuple(
        place(slots[row][1] + length)
        for row, length in zip(chosen, lengths, strict=True)
    )
    return Calendar(tuple(bars), samples, label_ends if with_ends else None)
