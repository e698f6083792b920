from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sk_ensemble.exceptions import DataError
from sk_ensemble.labeling import label_shares


def labels_of(symbols, labels):
    times = pd.date_range("2021-01-04", periods=len(labels), freq="5min", tz="UTC")
    index = pd.MultiIndex.from_arrays([symbols, times], names=["symbol", "datetime"])
    return pd.DataFrame({"label": labels, "label_end": times}, index=index)


def test_shares_are_counts_over_rows():
    rng = np.random.default_rng(0)
    symbols, classes = rng.choice(list("AB"), 50), rng.choice([-1, 0, 1], 50)
    shares = label_shares(labels_of(symbols, classes))
    for symbol in "AB":
        for label in (-1, 0, 1):
            expected = np.mean(classes[symbols == symbol] == label)
            assert shares.loc[symbol, label] == pytest.approx(expected)
    assert shares.loc["all", 0] == pytest.approx(np.mean(classes == 0))


def test_rows_add_up_to_one_and_absent_classes_are_zero():
    shares = label_shares(labels_of(["A", "A", "B"], [0, 1, 1]))
    assert shares.sum(axis=1).tolist() == [1, 1, 1]
    assert shares.loc["B", 0] == 0


def test_no_labels_are_refused():
    with pytest.raises(DataError, match="no labels: 0 rows"):
        label_shares(labels_of([], []))
    with pytest.raises(DataError, match="'label_end'"):
        label_shares(labels_of(["A"], [1]).drop(columns="label"))
