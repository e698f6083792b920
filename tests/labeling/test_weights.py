from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sk_ensemble import Panel
from sk_ensemble.exceptions import DataError, LabelSpanError
from sk_ensemble.labeling import (
    fixed_horizon_labels,
    return_attribution_weights,
    time_decay_weights,
    triple_barrier_labels,
    uniqueness_weights,
)

BOTH = {"closed": "both"}

# Labels on the dollar bars that mlfinlab ships with its tests: first and last bar. Its
# tests state, for these, uniqueness 1, 0.5 and (with the eighth label) 0.85,
# return weights 0.781807 and 1.627944, and 0.582191 as the oldest weight decayed to
# 0.5 (mlfinlab 1.6, tests/test_sampling.py and test_sample_weights.py).
DOLLAR_SPANS = [
    (217, 317),
    (330, 456),
    (408, 557),
    (572, 629),
    (623, 629),
    (733, 821),
    (879, 998),
]
EIGHTH_SPAN = (963, 999)
# Between two of these bars concurrency does not change, so other closes do not matter.
DOLLAR_CLOSES = {
    0: 2055.0,
    216: 2021.5,
    317: 2035.5,
    329: 2022.75,
    407: 2013.5,
    456: 1997.25,
    557: 1992.5,
    571: 1986.0,
    622: 2011.5,
    629: 2018.0,
    732: 2039.75,
    821: 2028.75,
    878: 2025.75,
    998: 1988.75,
    999: 1984.0,
}


def bars_of(close, symbol: str = "A") -> pd.DataFrame:
    times = pd.date_range("2021-01-04", periods=len(close), freq="5min", tz="UTC")
    return pd.DataFrame({"symbol": symbol, "datetime": times, "close": close})


def labels_of(bars: pd.DataFrame, spans: list[tuple[int, int]]) -> pd.DataFrame:
    times = bars["datetime"]
    ends = [times.iloc[end] for _, end in spans]
    keys = bars.iloc[[start for start, _ in spans]][["symbol", "datetime"]]
    return keys.assign(label_end=ends, label=1)


def dollar_bars() -> pd.DataFrame:
    places, closes = zip(*DOLLAR_CLOSES.items(), strict=True)
    return bars_of(np.interp(np.arange(1000), places, closes))


def make_case(seed: int, n_bars: int = 40, symbols: str = "AB"):
    """Random bars and labels with random spans, both in random row order."""
    rng = np.random.default_rng(seed)
    bars, labels = [], []
    for symbol in symbols:
        moves = rng.normal(scale=0.01, size=n_bars)
        part = bars_of(100 * np.exp(np.cumsum(moves)), symbol)
        part["new_contract"] = rng.random(n_bars) < 0.05
        starts = np.flatnonzero(rng.random(n_bars - 4) < 0.6)
        ends = [rng.integers(start + 3, n_bars) for start in starts]
        bars.append(part)
        labels.append(labels_of(part, list(zip(starts, ends, strict=True))))
    shuffle = {"frac": 1, "random_state": seed}
    bars = pd.concat(bars).sample(**shuffle).reset_index(drop=True)
    return bars, pd.concat(labels).sample(**shuffle).reset_index(drop=True)


def slow_spans(bars, labels, closed, delay) -> list[set]:
    """Return the bars of each label as (symbol, bar number)."""
    spans = []
    for label in labels.itertuples():
        times = sorted(bars.loc[bars["symbol"] == label.symbol, "datetime"])
        first = times.index(label.datetime) + delay + (closed == "right")
        last = times.index(label.label_end)
        spans.append({(label.symbol, i) for i in range(first, last + 1)})
    return spans


def slow_steps(bars) -> dict:
    steps = {}
    for symbol, part in bars.groupby("symbol"):
        rows = list(part.sort_values("datetime").itertuples())
        for i, row in enumerate(rows):
            known = i > 0 and not row.new_contract
            steps[symbol, i] = math.log(row.close / rows[i - 1].close) if known else 0
    return steps


CASES = {
    "seed": st.integers(0, 10_000),
    "closed": st.sampled_from(["right", "both"]),
    "delay": st.integers(0, 2),
}


@settings(max_examples=50)
@given(**CASES)
def test_uniqueness_is_the_mean_share_of_the_bars_of_a_label(seed, closed, delay):
    bars, labels = make_case(seed)
    spans = slow_spans(bars, labels, closed, delay)
    found = uniqueness_weights(labels, bars, closed=closed, entry_delay=delay)
    for span, value in zip(spans, found, strict=True):
        shares = [Fraction(1, sum(bar in other for other in spans)) for bar in span]
        assert value == pytest.approx(float(sum(shares) / len(shares)), abs=1e-12)


@settings(max_examples=50)
@given(**CASES)
def test_return_attribution_sums_the_shares_of_the_returns(seed, closed, delay):
    bars, labels = make_case(seed)
    spans, steps = slow_spans(bars, labels, closed, delay), slow_steps(bars)
    sizes = np.array(
        [
            abs(sum(steps[bar] / sum(bar in other for other in spans) for bar in span))
            for span in spans
        ]
    )
    symbols = labels["symbol"].to_numpy()
    for symbol in "AB":
        sizes[symbols == symbol] /= sizes[symbols == symbol].mean()
    found = return_attribution_weights(labels, bars, closed=closed, entry_delay=delay)
    np.testing.assert_allclose(found, sizes, atol=1e-9)


@settings(max_examples=50)
@given(seed=st.integers(0, 10_000), oldest_weight=st.floats(-0.99, 1))
def test_decay_is_that_of_the_published_snippet_per_symbol(seed, oldest_weight):
    bars, labels = make_case(seed)
    uniqueness = uniqueness_weights(labels, bars)
    weights = time_decay_weights(uniqueness, oldest_weight=oldest_weight)
    for symbol in "AB":
        # Snippet 4.11, with clfLastW=oldest_weight.
        running = uniqueness.xs(symbol, drop_level=False).sort_index().cumsum()
        total, c = running.iloc[-1], oldest_weight
        slope = (1 - c) / total if c >= 0 else 1 / ((c + 1) * total)
        expected = (1 - slope * total + slope * running).clip(lower=0)
        found = weights.xs(symbol, drop_level=False).sort_index()
        np.testing.assert_allclose(found, expected, atol=1e-9)


def test_the_example_of_the_book_has_its_uniqueness():
    # AFML section 4.5.3: labels of the returns r(0, 3), r(2, 4) and r(4, 6).
    bars = bars_of([100.0] * 7)
    labels = labels_of(bars, [(0, 3), (2, 4), (4, 6)])
    found = uniqueness_weights(labels, bars)
    np.testing.assert_allclose(found, [5 / 6, 3 / 4, 1], rtol=1e-12)
    # Over labels, not over the cells of the matrix, whose mean is 6 / 7.
    assert found.mean() == pytest.approx(31 / 36)


def test_published_uniqueness_is_found_again():
    bars = dollar_bars()
    labels = labels_of(bars, [*DOLLAR_SPANS, EIGHTH_SPAN])
    found = uniqueness_weights(labels, bars, **BOTH).to_numpy()
    np.testing.assert_allclose(found[[0, 4, 6]], [1, 0.5, 0.85], atol=1e-12)


def test_published_return_weights_are_found_again():
    bars = dollar_bars()
    labels = labels_of(bars, DOLLAR_SPANS)
    found = return_attribution_weights(labels, bars, **BOTH).to_numpy()
    np.testing.assert_allclose(found[[0, 3]], [0.781807, 1.627944], atol=1e-6)


def test_published_decay_is_found_again():
    bars = dollar_bars()
    uniqueness = uniqueness_weights(labels_of(bars, DOLLAR_SPANS), bars, **BOTH)
    decayed = time_decay_weights(uniqueness, oldest_weight=0.5)
    assert decayed.iloc[0] == pytest.approx(0.582191, abs=1e-6)
    assert decayed.iloc[-1] == 1
    assert (time_decay_weights(uniqueness, oldest_weight=1) == 1).all()
    assert (time_decay_weights(uniqueness, oldest_weight=-0.5) == 0).sum() == 3


@pytest.mark.parametrize("horizon", [1, 5, 20])
def test_labels_on_every_bar_have_one_over_the_horizon(horizon):
    bars = bars_of(100 + np.arange(200) % 3)
    labels = fixed_horizon_labels(bars, horizon)
    inner = slice(horizon, -horizon)
    right = uniqueness_weights(labels, bars)
    np.testing.assert_allclose(right[inner], 1 / horizon, rtol=1e-12)
    both = uniqueness_weights(labels, bars, **BOTH)
    np.testing.assert_allclose(both[inner], 1 / (horizon + 1), rtol=1e-12)


def test_the_return_into_the_labelled_bar_is_not_the_labels_own():
    bars = bars_of([100.0, 200.0, 200.0, 201.0, 201.0, 202.0])
    labels = labels_of(bars, [(1, 2), (3, 5)])
    assert return_attribution_weights(labels, bars).tolist() == [0, 2]
    both = return_attribution_weights(labels, bars, **BOTH)
    assert both.iloc[0] > both.iloc[1]


def test_a_step_into_a_new_contract_has_no_weight():
    bars = bars_of([100.0, 101.0, 100.0, 300.0, 303.0, 300.0])
    bars["new_contract"] = bars.index == 3
    labels = labels_of(bars, [(0, 1), (3, 4)])
    found = return_attribution_weights(labels, bars, **BOTH)
    assert found.tolist() == pytest.approx([1, 1])
    blind = bars.drop(columns="new_contract")
    assert return_attribution_weights(labels, blind, **BOTH).iloc[1] > 1.9


def test_a_price_that_never_moved_gives_zero_weights():
    bars = bars_of([100.0] * 10)
    labels = labels_of(bars, [(0, 3), (2, 6)])
    assert return_attribution_weights(labels, bars).tolist() == [0, 0]


def test_the_bars_before_the_entry_are_not_the_labels_own():
    bars = bars_of([100.0] * 10)
    labels = labels_of(bars, [(0, 5), (2, 7)])
    assert uniqueness_weights(labels, bars).tolist() == pytest.approx([0.7, 0.7])
    delayed = uniqueness_weights(labels, bars, entry_delay=3)
    assert delayed.tolist() == [1, 1]


@pytest.mark.parametrize("weigh", [uniqueness_weights, return_attribution_weights])
def test_symbols_do_not_touch_each_other(weigh):
    bars, labels = make_case(1, symbols="ABC")
    together = weigh(labels, bars)
    for symbol in "ABC":
        of_symbol = bars[bars["symbol"] == symbol]
        alone = weigh(labels[labels["symbol"] == symbol], of_symbol)
        assert together.xs(symbol, drop_level=False).to_dict() == alone.to_dict()


def test_a_short_series_beside_a_long_one_keeps_its_own_ages():
    bars, labels = make_case(2)
    uniqueness = uniqueness_weights(labels, bars)
    together = time_decay_weights(uniqueness)
    alone = time_decay_weights(uniqueness.xs("A", drop_level=False))
    assert together.xs("A", drop_level=False).to_dict() == alone.to_dict()


def test_weights_keep_the_row_order_and_index_of_the_labels():
    bars, labels = make_case(3)
    indexed = labels.set_index(["symbol", "datetime"])
    for weigh in (uniqueness_weights, return_attribution_weights):
        from_columns, from_levels = weigh(labels, bars), weigh(indexed, bars)
        assert from_levels.index is indexed.index
        assert from_columns.to_list() == from_levels.to_list()
        assert from_columns.to_dict() == from_levels.to_dict()
        ordered = weigh(labels.sort_values(["symbol", "datetime"]), bars)
        assert ordered.to_dict() == from_levels.to_dict()


def test_weights_of_made_labels_fit_a_panel():
    bars, _ = make_case(4)
    bars["new_contract"] = False
    for labels in (
        fixed_horizon_labels(bars, 5),
        triple_barrier_labels(bars, 5, intrabar=False),
    ):
        panel = Panel.from_frame(bars, features=["close"])
        X, y = panel.align(labels)
        uniqueness = uniqueness_weights(labels, bars)
        weights = uniqueness * time_decay_weights(uniqueness)
        weights *= return_attribution_weights(labels, bars)
        found = X.lookup(weights)
        assert len(found) == len(y) == len(labels)
        assert found[0] == weights[X.symbols[0], pd.Timestamp(X.times[0], tz="UTC")]


def test_zones_and_units_do_not_matter():
    bars, labels = make_case(5)
    expected = uniqueness_weights(labels, bars).to_list()
    local = labels.assign(label_end=labels["label_end"].dt.tz_convert("Asia/Tokyo"))
    naive = labels.assign(datetime=labels["datetime"].dt.tz_localize(None))
    coarse = bars.assign(datetime=bars["datetime"].dt.as_unit("s"))
    for other in (local, naive):
        assert uniqueness_weights(other, coarse).to_list() == expected


def test_labels_that_do_not_fit_the_bars_are_refused_with_symbol_and_time():
    bars, labels = make_case(6)
    row = labels.iloc[4]
    where = f"{row['symbol']!r} at {row['datetime'].tz_localize(None)} UTC"
    bar = (bars["symbol"] == row["symbol"]) & (bars["datetime"] == row["datetime"])
    end = (bars["symbol"] == row["symbol"]) & (bars["datetime"] == row["label_end"])
    for missing, what in ((bar, "There is no bar"), (end, "label_end is no bar")):
        others = labels[~labels.index.isin([4])]
        kept = others[
            (others["symbol"] != row["symbol"])
            | ~others[["datetime", "label_end"]]
            .isin(bars.loc[missing, "datetime"].tolist())
            .any(axis=1)
        ]
        few = pd.concat([labels.iloc[[4]], kept])
        with pytest.raises(LabelSpanError, match=f"{what}.* 1 of .*{where}"):
            uniqueness_weights(few, bars[~missing])
    for wrong in (pd.NaT, row["datetime"] + pd.Timedelta("1s")):
        changed = labels.copy()
        changed.loc[4, "label_end"] = wrong
        with pytest.raises(LabelSpanError, match=f"label_end is no bar.*{where}"):
            uniqueness_weights(changed, bars)
    for wrong in (row["datetime"], row["datetime"] - pd.Timedelta("5min")):
        changed = labels.copy()
        changed.loc[4, "label_end"] = wrong
        with pytest.raises(LabelSpanError, match="label_end"):
            uniqueness_weights(changed, bars)
    doubled = pd.concat([labels, labels.iloc[[4]]])
    with pytest.raises(LabelSpanError, match=f"earlier label of the same bar.*{where}"):
        uniqueness_weights(doubled, bars)


def test_a_label_that_ends_where_it_starts_has_no_bars_after_it():
    bars = bars_of([100.0] * 5)
    labels = labels_of(bars, [(2, 2)])
    assert uniqueness_weights(labels, bars, **BOTH).tolist() == [1]
    with pytest.raises(LabelSpanError, match="No bar lies between"):
        uniqueness_weights(labels, bars)
    with pytest.raises(LabelSpanError, match="No bar lies between"):
        uniqueness_weights(labels_of(bars, [(1, 3)]), bars, entry_delay=2)


def test_a_symbol_without_bars_is_refused():
    bars, labels = make_case(7)
    with pytest.raises(LabelSpanError, match=r"There is no bar.*'B'"):
        uniqueness_weights(labels, bars[bars["symbol"] == "A"])


def test_other_wrong_arguments_are_refused():
    bars, labels = make_case(8)
    with pytest.raises(ValueError, match="closed must be one of"):
        uniqueness_weights(labels, bars, closed="left")
    with pytest.raises(ValueError, match="entry_delay"):
        uniqueness_weights(labels, bars, entry_delay=-1)
    with pytest.raises(DataError, match=r"column 'label_end'.*DataFrame"):
        uniqueness_weights(labels.drop(columns="label_end"), bars)
    with pytest.raises(DataError, match=r"column 'label_end'.*ndarray"):
        uniqueness_weights(labels.to_numpy(), bars)


def test_wrong_uniqueness_and_decay_are_refused():
    bars, labels = make_case(9)
    uniqueness = uniqueness_weights(labels, bars)
    for wrong in (-1, -1.5, 1.1):
        with pytest.raises(ValueError, match="oldest_weight"):
            time_decay_weights(uniqueness, oldest_weight=wrong)
    for wrong in (0.0, -0.1, np.nan, np.inf):
        changed = uniqueness.copy()
        changed.iloc[3] = wrong
        with pytest.raises(DataError, match=f"positive, got {wrong} for symbol"):
            time_decay_weights(changed)
    with pytest.raises(DataError, match="duplicate"):
        time_decay_weights(pd.concat([uniqueness, uniqueness.iloc[:1]]))
    with pytest.raises(DataError, match="must be a Series"):
        time_decay_weights(uniqueness.to_numpy())
