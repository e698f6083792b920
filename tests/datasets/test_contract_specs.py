from __future__ import annotations

import numpy as np
import pandas as pd

from sk_ensemble.datasets import contract_specs, load_bars


def test_specs_cover_exactly_the_shipped_symbols():
    assert set(contract_specs().index) == set(load_bars(start="2021-10")["symbol"])


def test_prices_are_whole_ticks():
    bars = load_bars(start="2021")
    ticks = bars["symbol"].map(contract_specs()["tick"])
    for name in ("open", "high", "low", "close"):
        steps = bars[name] / ticks
        np.testing.assert_allclose(steps, steps.round(), atol=1e-6)


def test_fees_are_fractions_of_the_notional_below_one_basis_point():
    assert contract_specs()["fee"].between(1e-6, 1e-4).all()


def test_no_step_of_the_real_bars_is_near_the_session_gap():
    specs = contract_specs()
    for symbol, bars in load_bars().groupby("symbol"):
        steps = bars["datetime"].diff()
        gap = pd.Timedelta(specs.loc[symbol, "session_gap"])
        assert not steps.between(gap * 0.65, gap * 1.5).any()
        assert (steps < gap).mean() > 0.95


def test_each_call_returns_its_own_frame():
    specs = contract_specs()
    specs.loc["IF", "fee"] = 1.0
    assert contract_specs().loc["IF", "fee"] < 1e-4
