from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sk_ensemble import Panel, Windower
from sk_ensemble.exceptions import DataError
from sk_ensemble.panel import refuse_other_index


@pytest.fixture
def panel(frame):
    return Panel.from_frame(frame)


@pytest.fixture
def weights(panel):
    return pd.Series(np.ones(len(panel)), index=panel.to_frame().index)


@pytest.mark.parametrize("window", [False, True])
def test_values_of_the_same_bars_in_the_same_order_are_taken(panel, weights, window):
    X = Windower(2).transform(panel) if window else panel
    refuse_other_index(X, weights, name="weights")
    refuse_other_index(X[::-1], weights[::-1], name="weights")


def test_values_without_keys_are_not_compared(panel, weights):
    refuse_other_index(panel, weights.to_numpy()[:3], name="weights")
    refuse_other_index(panel, weights.reset_index(drop=True), name="weights")
    refuse_other_index(panel.to_numpy(), weights[::-1], name="weights")


def test_another_order_is_refused_with_both_bars(panel, weights):
    mixed = weights.sort_index()
    with pytest.raises(DataError) as caught:
        refuse_other_index(panel, mixed, name="weights")
    row = int(np.argmax(mixed.index != weights.index))
    for symbol, _ in (mixed.index[row], weights.index[row]):
        assert f"symbol {symbol!r}" in str(caught.value)
    assert f"row {row} of weights" in str(caught.value)
    assert "panel.lookup" in str(caught.value)


def test_other_symbols_or_another_length_are_refused(panel, weights):
    with pytest.raises(DataError, match="indexed by other bars"):
        refuse_other_index(panel, weights.rename(index={"A": "Q"}), name="y")
    with pytest.raises(DataError, match="y has 5 rows and X has"):
        refuse_other_index(panel, weights[:5], name="y")


def test_a_plain_time_index_is_compared_by_time(panel, weights):
    by_time = weights.droplevel("symbol")
    refuse_other_index(panel, by_time, name="y")
    with pytest.raises(DataError, match="indexed by other bars"):
        refuse_other_index(panel, by_time[::-1], name="y")
