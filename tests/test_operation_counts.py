"""No loop of Python over rows, and no more memory than said: counted, not timed.

What is slow shows as work that grows with the rows. Each action is done with two
thousand and with twenty thousand bars; the lines of Python that it executes must be
about as many, and what it allocates must stay within bytes per row that stand here.
"""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pytest
from counting import Action, peak_bytes, python_steps
from sklearn.preprocessing import StandardScaler

from sk_ensemble import (
    CombinatorialPurgedSplit,
    Panel,
    PurgedSplit,
    RowTransformer,
    WalkForwardSplit,
    Windower,
)
from sk_ensemble.backtest import backtest
from sk_ensemble.labeling import (
    bar_volatility,
    cusum_events,
    fixed_horizon_labels,
    label_shares,
    return_attribution_weights,
    sequential_bootstrap,
    time_decay_weights,
    triple_barrier_labels,
    uniqueness_weights,
)
from sk_ensemble.panel import history_of_array
from sk_ensemble.preprocessing import bar_features

FEW, MANY = 2_000, 20_000


class Data(NamedTuple):
    """Bars of two symbols with labels, as frames and as samples."""

    bars: pd.DataFrame
    labels: pd.DataFrame
    panel: Panel
    X: Panel
    y: np.ndarray


@cache
def data_of(n_bars: int) -> Data:
    rng, n_own = np.random.default_rng(0), n_bars // 2
    close = 100 * np.exp(np.cumsum(rng.normal(scale=1e-3, size=n_bars)))
    times = pd.date_range("2021", periods=n_own, freq="5min", tz="UTC")
    bars = pd.DataFrame(
        {
            "symbol": np.repeat(["A", "B"], n_own),
            "datetime": np.tile(times, 2),
            "open": close,
            "high": close * 1.001,
            "low": close / 1.001,
            "close": close,
            "volume": 1.0 + np.arange(n_bars) % 7,
        }
    )
    labels = fixed_horizon_labels(bars, 5, across_sessions=True)
    panel = Panel.from_frame(bars)
    return Data(bars, labels, panel, *panel.align(labels))


def folds_of(cv: Any, data: Data) -> None:
    for _ in cv.split(data.X):
        pass


def folds_of_shuffled(cv: Any, data: Data) -> None:
    order = np.random.default_rng(0).permutation(len(data.labels))
    mixed = data.labels.iloc[order]
    for _ in cv.split(mixed, label_end=mixed["label_end"]):
        pass


SPLITTERS = {
    "combinatorial": CombinatorialPurgedSplit(6, 2, embargo_size=20),
    "purged": PurgedSplit(3, embargo_size="2h", align_to="day"),
    "walk forward": WalkForwardSplit(5, max_train_size=400),
}

#: What is done with data of any size.
ACTIONS: dict[str, Any] = {
    "Panel.from_frame": lambda data: Panel.from_frame(data.bars),
    "Panel.from_frame, shuffled": lambda data: Panel.from_frame(
        data.bars.iloc[np.random.default_rng(0).permutation(len(data.bars))]
    ),
    "Panel.align": lambda data: data.panel.align(data.labels),
    "Panel.lookup": lambda data: data.X.lookup(data.labels["label"]),
    "Windower": lambda data: Windower(20).fit_transform(data.panel),
    "Windows[...]": lambda data: Windower(20).transform(data.panel)[::3].bar_rows(),
    "Windows.gather": lambda data: Windower(20).transform(data.panel).gather(),
    "bar_features": lambda data: bar_features(data.bars),
    "RowTransformer": lambda data: RowTransformer(StandardScaler()).fit_transform(
        data.panel
    ),
    "fixed_horizon_labels": lambda data: fixed_horizon_labels(data.bars, 5),
    "triple_barrier_labels": lambda data: triple_barrier_labels(data.bars, 16),
    "triple_barrier_labels, time": lambda data: triple_barrier_labels(data.bars, "1h"),
    # Every event begins a new sum, so that Python steps from one to the next: no event.
    "cusum_events": lambda data: cusum_events(data.bars, threshold=1e6),
    "bar_volatility": lambda data: bar_volatility(data.bars),
    "label_shares": lambda data: label_shares(data.labels),
    "uniqueness_weights": lambda data: uniqueness_weights(data.labels, data.bars),
    "return_attribution_weights": lambda data: return_attribution_weights(
        data.labels, data.bars
    ),
    "time_decay_weights": lambda data: time_decay_weights(
        pd.Series(1.0, index=data.labels.index)
    ),
    "sequential_bootstrap": lambda data: sequential_bootstrap(
        data.labels, data.bars, 20, random_state=0
    ),
    "backtest": lambda data: backtest(
        pd.Series(1.0, pd.MultiIndex.from_frame(data.bars[["symbol", "datetime"]])),
        data.bars,
        costs=1e-4,
    ),
    **{
        f"{name} split{how}": lambda data, cv=cv, folds=folds: folds(cv, data)
        for name, cv in SPLITTERS.items()
        for how, folds in {"": folds_of, ", shuffled": folds_of_shuffled}.items()
    },
}


def growth(action: Any) -> float:
    """Return how many times the steps are with ten times the rows."""
    few, many = data_of(FEW), data_of(MANY)
    action(few)  # what is done only once, such as imports
    return python_steps(lambda: action(many)) / python_steps(lambda: action(few))


@pytest.mark.parametrize("name", ACTIONS)
def test_python_does_not_step_through_rows(name: str) -> None:
    assert growth(ACTIONS[name]) < 1.1


def loop_without_calls(data: Data) -> None:
    total, close = 0.0, data.bars["close"].to_numpy()
    for price in close:
        total += price


@pytest.mark.parametrize(
    "naive",
    [
        loop_without_calls,
        lambda data: [row for row in data.bars["close"]],  # noqa: C416
        lambda data: data.bars["close"].map(lambda price: price > 100),
        lambda data: np.stack([data.y[row : row + 1] for row in range(len(data.y))]),
    ],
)
def test_a_loop_over_rows_is_found(naive: Any) -> None:
    assert growth(naive) > 2


def test_cusum_steps_from_event_to_event_only() -> None:
    data = data_of(MANY)
    n_events, n_steps = [], []
    for threshold in (2.0, 9.0):
        n_events.append(len(cusum_events(data.bars, threshold=threshold)))
        n_steps.append(
            python_steps(lambda t=threshold: cusum_events(data.bars, threshold=t))
        )
    assert n_events[0] > 3 * n_events[1]
    assert n_steps[0] - n_steps[1] < 200 * (n_events[0] - n_events[1])


# --- bytes per row --------------------------------------------------------------------


def bytes_per_row(action: Any) -> float:
    """Return the peak of an action on rows of an array, per row."""
    n_rows = 50_000
    panel = Panel(history_of_array(np.zeros((n_rows, 3), np.float32)), range(n_rows))
    return peak_bytes(lambda: action(panel)) / n_rows


def all_folds(cv: Any) -> Action:
    return lambda panel: [None for _ in cv.split(panel)]


def with_masks(panel: Panel) -> None:
    """Hold a mask per fold, as splitters do that make all folds at once."""
    cv = CombinatorialPurgedSplit(10, 2, purged_size=5)
    masks = []
    for train, _ in cv.split(panel):
        masks.append(np.isin(np.arange(len(panel)), train))


#: Integers of 8 bytes: times and ends, what is counted from them, and one fold.
SPLIT_BYTES = 12 * 8


def test_folds_take_the_same_memory_however_many_there_are() -> None:
    few = CombinatorialPurgedSplit(4, 1, purged_size=5)
    many = CombinatorialPurgedSplit(10, 2, purged_size=5)
    assert bytes_per_row(all_folds(few)) < SPLIT_BYTES
    assert bytes_per_row(all_folds(many)) < SPLIT_BYTES
    assert bytes_per_row(with_masks) > bytes_per_row(all_folds(many)) + 20


def test_windows_take_numbers_of_rows_and_no_bars() -> None:
    window = 60
    made = bytes_per_row(lambda panel: Windower(window).transform(panel)[::2])
    assert made < 6 * 8
    assert bytes_per_row(lambda p: Windower(window).transform(p).gather()) > 60 * 3 * 4
