from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from sk_ensemble.exceptions import EmptyFoldError
from sk_ensemble.experiments import ComparisonConfig
from sk_ensemble.experiments._data import load_market, prepare_horizon
from sk_ensemble.utils.time import to_utc_ns


def test_no_development_label_ends_after_development(
    small_config: ComparisonConfig,
) -> None:
    market = load_market(small_config)
    data = prepare_horizon(market, 5, small_config)
    stop = np.datetime64("2021-06-01")
    assert data.X.label_end.max() < stop
    # The control: some bar of the last day has a label that would have passed it.
    everything, _ = market.panel.align(data.outcomes.rename(columns={"y": "label"}))
    assert (everything.times < stop).sum() >= (everything.label_end < stop).sum()


def test_test_period_starts_an_embargo_later_and_has_every_bar(
    small_config: ComparisonConfig,
) -> None:
    market = load_market(small_config)
    data = prepare_horizon(market, 5, small_config)
    stamps = market.panel.history.unique_times
    stop = to_utc_ns(pd.Series(pd.to_datetime(["2021-06-01"])))[0]
    between = (stamps >= stop) & (stamps < market.test_start)
    assert between.sum() == small_config.embargo_size
    assert data.X_test.times_ns.min() == market.test_start
    assert len(data.X_test) == len(market.test_bars)


def test_every_third_time_stamp_is_taken(small_config: ComparisonConfig) -> None:
    market = load_market(small_config)
    thinned = prepare_horizon(market, 5, small_config)
    full = prepare_horizon(market, 5, replace(small_config, stride=1))
    stamps = np.unique(full.X.times)
    np.testing.assert_array_equal(np.unique(thinned.X.times), stamps[::3])


def test_no_test_period_is_refused_with_the_numbers(
    small_config: ComparisonConfig,
) -> None:
    config = replace(small_config, embargo_size=10**6)
    with pytest.raises(EmptyFoldError, match=r"less than 1000000 time stamps"):
        load_market(config)
