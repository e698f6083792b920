from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sk_ensemble.exceptions import DataError
from sk_ensemble.labeling import sequential_bootstrap, uniqueness_weights
from sk_ensemble.labeling._sequential_bootstrap import (
    _draw,
    _Draws,
    uniqueness_if_drawn,
)
from sk_ensemble.labeling._spans import LabelSpans

# AFML section 4.5.3: labels of the returns r(0, 3), r(2, 4) and r(4, 6).
BOOK_SPANS = [(0, 3), (2, 4), (4, 6)]


def bars_of(n_bars: int, symbol: str = "A") -> pd.DataFrame:
    times = pd.date_range("2021-01-04", periods=n_bars, freq="5min", tz="UTC")
    return pd.DataFrame({"symbol": symbol, "datetime": times, "close": 100.0})


def labels_of(bars: pd.DataFrame, spans: list[tuple[int, int]]) -> pd.DataFrame:
    starts, ends = zip(*spans, strict=True)
    times = pd.DatetimeIndex(bars["datetime"])
    keys = bars[["symbol", "datetime"]].iloc[list(starts)]
    return keys.assign(label_end=times[list(ends)])


def book_case() -> tuple[pd.DataFrame, pd.DataFrame]:
    bars = bars_of(7)
    return labels_of(bars, BOOK_SPANS), bars


def random_case(seed: int, n_bars: int = 60) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Labels of two symbols with spans of random length, in random row order."""
    rng = np.random.default_rng(seed)
    bars, labels = [], []
    for symbol in "AB":
        part = bars_of(n_bars, symbol)
        starts = rng.choice(n_bars - 10, size=20, replace=False)
        spans = [(start, start + rng.integers(1, 10)) for start in starts]
        bars.append(part)
        labels.append(labels_of(part, spans))
    return pd.concat(labels).sample(frac=1, random_state=seed), pd.concat(bars)


def spans_of(labels: pd.DataFrame, bars: pd.DataFrame) -> LabelSpans:
    return LabelSpans.from_labels(labels, bars, closed="right", entry_delay=0)


def indicator_matrix(labels: pd.DataFrame, bars: pd.DataFrame) -> np.ndarray:
    """Return a row per bar and a column per label, by comparing times."""
    symbols, times = bars["symbol"], bars["datetime"]
    columns = [
        (symbols == label.symbol)
        & (times > label.datetime)
        & (times <= label.label_end)
        for label in labels.itertuples()
    ]
    return np.column_stack(columns).astype(float)


def slow_chances(matrix: np.ndarray, drawn: list[int]) -> np.ndarray:
    """Snippet 4.5: the uniqueness of each label if it were the next one drawn."""
    values = []
    for label in range(matrix.shape[1]):
        counts = matrix[:, [*drawn, label]].sum(axis=1)
        own = matrix[:, label] > 0
        values.append((1 / counts[own]).mean())
    return np.array(values) / sum(values)


@pytest.mark.parametrize(
    ("drawn", "chances"),
    [
        ([], [1 / 3, 1 / 3, 1 / 3]),
        # AFML section 4.5.3.
        ([1], [5 / 14, 3 / 14, 6 / 14]),
        # The next two are printed in mlfinlab's documentation of the same example.
        ([1, 2], [0.45454545, 0.27272727, 0.27272727]),
        ([1, 2, 0], [0.32653061, 0.30612245, 0.36734694]),
    ],
)
def test_published_chances_are_found_again(drawn, chances):
    labels, bars = book_case()
    n_drawn = indicator_matrix(labels, bars)[:, drawn].sum(axis=1).astype(int)
    found = uniqueness_if_drawn(spans_of(labels, bars), n_drawn)
    np.testing.assert_allclose(found / found.sum(), chances, atol=1e-8)


@pytest.mark.parametrize("n_proposals", [2, 32])
def test_draws_have_the_chances_of_the_definition(n_proposals):
    labels, bars = book_case()
    matrix = indicator_matrix(labels, bars)
    expected = {}
    for a, chance_a in enumerate(slow_chances(matrix, [])):
        for b, chance_b in enumerate(slow_chances(matrix, [a])):
            for c, chance_c in enumerate(slow_chances(matrix, [a, b])):
                expected[a, b, c] = chance_a * chance_b * chance_c
    n_samples, rng = 4000, np.random.RandomState(0)
    counts, spans = dict.fromkeys(expected, 0), spans_of(labels, bars)
    for _ in range(n_samples):
        rows = _draw(spans, 3, n_proposals, rng)
        counts[tuple(rows.tolist())] += 1
    # Chi-square with 26 degrees of freedom: 54.1 has a chance of 0.1 %.
    distance = sum(
        (counts[key] - n_samples * p) ** 2 / (n_samples * p)
        for key, p in expected.items()
    )
    assert distance < 54.1


def slow_accept(matrix, labels, ceilings) -> list[int]:
    """Decide one proposal after the other."""
    counts, accepted = np.zeros(len(matrix)), []
    for label, ceiling in zip(labels, ceilings, strict=True):
        own = matrix[:, label] > 0
        if (1 / (1 + counts[own])).mean() > ceiling:
            counts += matrix[:, label]
            accepted.append(label)
    return accepted


@settings(max_examples=60)
@given(seed=st.integers(0, 10_000), n_proposals=st.integers(1, 200))
def test_deciding_many_proposals_at_once_is_deciding_them_in_turn(seed, n_proposals):
    labels, bars = random_case(seed)
    rng = np.random.default_rng(seed)
    proposals = rng.integers(0, len(labels), size=n_proposals)
    ceilings = rng.uniform(size=n_proposals)
    draws = _Draws(spans_of(labels, bars))
    found = draws.accept(proposals, ceilings)
    matrix = indicator_matrix(labels, bars)
    assert found.tolist() == slow_accept(matrix, proposals, ceilings)
    assert draws.n_drawn.tolist() == matrix[:, found].sum(axis=1).tolist()


def mean_uniqueness(matrix: np.ndarray, rows: np.ndarray) -> float:
    counts = matrix[:, rows].sum(axis=1)
    shares = np.divide(1, counts, out=np.zeros(len(counts)), where=counts > 0)
    return float((matrix[:, rows].T @ shares / matrix[:, rows].sum(axis=0)).mean())


def test_draws_overlap_less_than_those_of_an_ordinary_bootstrap():
    labels, bars = random_case(0)
    matrix, rng = indicator_matrix(labels, bars), np.random.RandomState(1)
    ours, ordinary = [], []
    for _ in range(200):
        rows = sequential_bootstrap(labels, bars, random_state=rng)
        ours.append(mean_uniqueness(matrix, rows))
        ordinary.append(mean_uniqueness(matrix, rng.choice(len(rows), len(rows))))
    assert np.mean(ours) > np.mean(ordinary) + 0.02


@pytest.mark.parametrize("n_draws", [1, 5, 40, 1000])
def test_the_number_of_draws_is_the_one_asked_for(n_draws):
    labels, bars = random_case(1)
    rows = sequential_bootstrap(labels, bars, n_draws, random_state=0)
    assert rows.shape == (n_draws,)
    assert rows.dtype == np.int64
    assert rows.min() >= 0
    assert rows.max() < len(labels)


def test_there_are_as_many_draws_as_labels_by_default():
    labels, bars = random_case(2)
    assert len(sequential_bootstrap(labels, bars)) == len(labels)


def test_a_seed_gives_the_same_draws_and_leaves_the_global_generator_alone():
    labels, bars = random_case(3)
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    rows = sequential_bootstrap(labels, bars, random_state=7)
    again = sequential_bootstrap(labels, bars, random_state=7)
    other = sequential_bootstrap(labels, bars, random_state=8)
    assert rows.tolist() == again.tolist() != other.tolist()
    assert (np.random.get_state()[1] == before).all()  # noqa: NPY002


def test_fewer_draws_are_the_beginning_of_more():
    labels, bars = random_case(4)
    few = sequential_bootstrap(labels, bars, 5, random_state=0)
    many = sequential_bootstrap(labels, bars, 300, random_state=0)
    assert few.tolist() == many[:5].tolist()


def test_labels_alone_are_drawn_with_equal_chances():
    bars = bars_of(400)
    labels = labels_of(bars, [(2 * i, 2 * i + 1) for i in range(200)])
    assert (uniqueness_weights(labels, bars) == 1).all()
    counts = np.bincount(
        sequential_bootstrap(labels, bars, 20_000, random_state=0), minlength=200
    )
    # Far less spread than the sqrt(100) of independent draws.
    assert counts.mean() == 100
    assert counts.std() < 8


def test_closed_and_entry_delay_decide_which_bars_count():
    bars = bars_of(60)
    spans = [(start, start + 3 + start % 5) for start in range(2, 50)]
    rows = {
        (closed, shift, delay): sequential_bootstrap(
            labels_of(bars, [(start + shift, end) for start, end in spans]),
            bars,
            closed=closed,
            entry_delay=delay,
            random_state=0,
        ).tolist()
        for closed in ("right", "both")
        for shift in (-1, 0, 1)
        for delay in (0, 1)
    }
    assert rows["both", 0, 0] == rows["right", -1, 0] != rows["right", 0, 0]
    assert rows["right", 0, 1] == rows["right", 1, 0] != rows["right", 0, 0]


def test_wrong_arguments_are_refused():
    labels, bars = random_case(5)
    for wrong in (0, -3):
        with pytest.raises(ValueError, match="n_draws"):
            sequential_bootstrap(labels, bars, wrong)
    with pytest.raises(TypeError, match="n_draws"):
        sequential_bootstrap(labels, bars, 2.5)
    with pytest.raises(DataError, match="no labels to draw from"):
        sequential_bootstrap(labels[:0], bars)
