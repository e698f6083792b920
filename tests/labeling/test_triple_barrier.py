from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sk_ensemble.exceptions import DataError
from sk_ensemble.labeling import bar_volatility, triple_barrier_labels

FIVE_MINUTES = pd.Timedelta("5min")
STEPS = [FIVE_MINUTES, pd.Timedelta("2h"), pd.Timedelta("4h"), pd.Timedelta("4h5min")]
OPTIONS = {
    "horizon": st.one_of(
        st.integers(1, 12), st.sampled_from(["5min", "17min", "1h", "5h", "1D"])
    ),
    "upper": st.sampled_from([None, 0.5, 1.0, 2.0, 3.0]),
    "lower": st.sampled_from([None, 0.5, 1.0, 2.0, 3.0]),
    "intrabar": st.booleans(),
    "tie": st.sampled_from(["nearest", "lower", "upper"]),
    "sessions": st.sampled_from(["drop", "close", "across"]),
    "entry_delay": st.integers(0, 3),
    "with_side": st.booleans(),
}


def make_bars(seed: int, n_bars: int = 60, symbols: str = "AB") -> pd.DataFrame:
    """Random prices in half points on a random calendar, in random row order.

    Each bar's target is a whole number of half points as a fraction of its close, so
    that prices often equal barriers.
    """
    rng = np.random.default_rng(seed)
    parts = []
    for symbol in symbols:
        steps = rng.choice(len(STEPS), size=n_bars, p=[0.9, 0.04, 0.03, 0.03])
        times = pd.Timestamp("2021-01-04", tz="UTC") + np.cumsum(
            np.array(STEPS, dtype=object)[steps]
        )
        close = 60 + np.cumsum(rng.integers(-2, 3, size=n_bars))
        before = np.concatenate((close[:1], close[:-1]))
        open_ = before + rng.integers(-1, 2, size=n_bars)
        high = np.maximum(open_, close) + rng.integers(0, 3, size=n_bars)
        low = np.minimum(open_, close) - rng.integers(0, 3, size=n_bars)
        ticks = rng.integers(0, 4, size=n_bars)
        prices = {"open": open_, "high": high, "low": low, "close": close}
        part = pd.DataFrame({name: value / 2 for name, value in prices.items()})
        part["datetime"] = pd.DatetimeIndex(times)
        part["symbol"] = symbol
        part["new_contract"] = rng.random(n_bars) < 0.02
        part["ticks"] = ticks
        part["side"] = rng.choice([-1.0, 0.0, 1.0, np.nan], size=n_bars)
        parts.append(part)
    return pd.concat(parts).sample(frac=1, random_state=seed).reset_index(drop=True)


def by_key(bars: pd.DataFrame, column: str) -> pd.Series:
    return bars.set_index(["symbol", "datetime"])[column]


def targets_of(bars: pd.DataFrame, entry_delay: int = 0) -> pd.Series:
    """Return each bar's ticks as a fraction of the price at its entry, as floats."""
    entry = bars.sort_values("datetime").groupby("symbol")["close"].shift(-entry_delay)
    keyed = bars.assign(target=(bars["ticks"] / 2) / entry)
    return by_key(keyed, "target")


def fraction(value: float) -> Fraction:
    return Fraction(str(value))


def vertical_bar(rows: list, t: int, options: dict) -> int | None:
    """Return the bar of the vertical barrier of bar t, None if it has no label."""
    entry = t + options["entry_delay"]
    breaks = [
        rows[i].new_contract
        or (
            options["sessions"] != "across"
            and rows[i].datetime - rows[i - 1].datetime > pd.Timedelta("4h")
        )
        for i in range(1, len(rows))
    ]
    next_break = next((i for i in range(t + 1, len(rows)) if breaks[i - 1]), None)
    if entry >= len(rows):
        return None
    if isinstance(options["horizon"], int):
        end = entry + options["horizon"]
        end = end if end < len(rows) else None
    else:
        due = rows[entry].datetime + pd.Timedelta(options["horizon"])
        end = next(
            (i for i in range(entry, len(rows)) if rows[i].datetime >= due), None
        )
    if next_break is not None and (end is None or end >= next_break):
        if options["sessions"] != "close":
            return None
        end = next_break - 1
    return end if end is not None and end > entry else None


def slow_outcome(rows: list, entry: int, end: int, ticks: int, side: int, options):
    """Return the bar that ends a bet, its outcome for the bet, and its gain."""
    price = fraction(rows[entry].close)
    size = Fraction(ticks, 2)
    levels = {}
    for name, sign in (("upper", side), ("lower", -side)):
        if options[name] is not None:
            levels[name] = price + sign * fraction(options[name]) * size
    for i in range(entry + 1, end + 1):
        row = rows[i]
        touched = {}
        for name, sign in (("upper", side), ("lower", -side)):
            best = row.high if sign > 0 else row.low
            seen = fraction(best if options["intrabar"] else row.close)
            if name in levels and (seen - levels[name]) * sign >= 0:
                touched[name] = sign
        if not touched:
            continue
        opened = fraction(row.open)
        name = next(iter(touched))
        if len(touched) == 2:
            gapped = [n for n, s in touched.items() if (opened - levels[n]) * s >= 0]
            distance = {n: abs(levels[n] - opened) for n in touched}
            if gapped:
                name = gapped[0]
            elif options["tie"] == "nearest":
                is_up = distance["upper"] < distance["lower"]
                name = "upper" if is_up else "lower"
            else:
                name = options["tie"]
        sign = touched[name]
        out = fraction(row.close)
        if options["intrabar"]:
            beyond = (opened - levels[name]) * sign > 0
            out = opened if beyond else levels[name]
        return i, name, side * (out / price - 1)
    return end, "vertical", side * (fraction(rows[end].close) / price - 1)


def slow_labels(bars: pd.DataFrame, options: dict) -> dict:
    found = {}
    for symbol, of_symbol in bars.groupby("symbol"):
        rows = list(of_symbol.sort_values("datetime").itertuples())
        for t, row in enumerate(rows):
            end = vertical_bar(rows, t, options)
            side = row.side if options["with_side"] else 1
            if end is None or row.ticks == 0 or math.isnan(side) or side == 0:
                continue
            entry = t + options["entry_delay"]
            exit_, barrier, gain = slow_outcome(
                rows, entry, end, row.ticks, int(side), options
            )
            label = {"upper": 1, "lower": -1, "vertical": 0}[barrier]
            if options["with_side"]:
                label = int(gain > 0)
            found[symbol, row.datetime] = (
                label,
                rows[exit_].datetime,
                barrier,
                pytest.approx(float(gain), abs=1e-12),
            )
    return found


def as_dict(labels: pd.DataFrame) -> dict:
    columns = (labels[name] for name in ("label", "label_end", "barrier", "return"))
    values = zip(*columns, strict=True)
    return dict(zip(labels.index, values, strict=True))


def make_labels(bars: pd.DataFrame, options: dict) -> pd.DataFrame:
    return triple_barrier_labels(
        bars,
        options["horizon"],
        upper=options["upper"],
        lower=options["lower"],
        target=targets_of(bars, options["entry_delay"]),
        side=by_key(bars, "side") if options["with_side"] else None,
        intrabar=options["intrabar"],
        tie=options["tie"],
        across_sessions=options["sessions"] == "across",
        close_at_session_end=options["sessions"] == "close",
        entry_delay=options["entry_delay"],
    )


@settings(max_examples=60)
@given(seed=st.integers(0, 10_000), options=st.fixed_dictionaries(OPTIONS))
def test_labels_equal_those_of_exact_arithmetic(seed, options):
    if options["upper"] is None and options["lower"] is None:
        options["upper"] = 1.0
    bars = make_bars(seed)
    assert as_dict(make_labels(bars, options)) == slow_labels(bars, options)


def one_symbol(**prices) -> pd.DataFrame:
    n_bars = len(prices["close"])
    times = pd.date_range("2021-01-04 01:35", periods=n_bars, freq="5min", tz="UTC")
    return pd.DataFrame({"symbol": "A", "datetime": times, **prices})


def closes_only(close: list[float], horizon: int, **options) -> pd.DataFrame:
    return triple_barrier_labels(
        one_symbol(close=close), horizon, intrabar=False, **options
    )


def first(labels: pd.DataFrame) -> tuple:
    row = labels.iloc[0]
    minutes = (row["label_end"] - labels.index[0][1]) // FIVE_MINUTES
    return int(row["label"]), minutes, row["barrier"]


def test_a_price_that_equals_a_barrier_touches_it():
    assert first(closes_only([100, 101, 100], 2, target=0.01)) == (1, 1, "upper")
    assert first(closes_only([100, 99, 100], 2, target=0.01)) == (-1, 1, "lower")
    assert first(closes_only([100, 100.999, 100], 2, target=0.01))[0] == 0


# Neither is exact in binary: 3 * 1.1 is above 3.3, and 1.1 * 1.1 above 1.21.
@pytest.mark.parametrize("close", [[3.0, 3.3, 3.0], [1.1, 1.21, 1.1]])
def test_rounding_does_not_hide_a_touch(close):
    assert close[0] * (1 + 0.1) > close[1]
    assert first(closes_only(close, 2, target=0.1)) == (1, 1, "upper")


@pytest.mark.parametrize("multiple", [0.5, 2.0, 3.0])
def test_a_touched_barrier_is_never_labelled_zero(multiple):
    # 3 * log(1.01) is less than log(1.03): a test in log returns may disagree.
    top, bottom = 100 * (1 + multiple / 100), 100 * (1 - multiple / 100)
    options = {"target": 0.01, "upper": multiple, "lower": multiple}
    assert first(closes_only([100, top, 100], 2, **options)) == (1, 1, "upper")
    assert first(closes_only([100, bottom, 100], 2, **options)) == (-1, 1, "lower")


def test_barriers_keep_their_own_distances_without_a_side():
    close = [100, 98.5, 97, 103, 100]
    labels = closes_only(close, 4, target=0.01, upper=3, lower=1)
    assert first(labels) == (-1, 1, "lower")
    labels = closes_only(close, 4, target=0.01, upper=3, lower=3)
    assert first(labels) == (-1, 2, "lower")
    labels = closes_only(close, 4, target=0.01, upper=1, lower=4)
    assert first(labels) == (1, 3, "upper")


def book_labels(close: pd.Series, horizon: int, target: float, upper, lower) -> list:
    """Snippets 3.2, 3.6, 3.7 and 3.9 for one bar, as other libraries run them.

    Without a side the lower multiple is replaced by the upper one when barriers are
    looked for, and is itself again when the label is made.
    """
    path = close.iloc[: horizon + 1] / close.iloc[0] - 1
    touches = [
        path[path > upper * target].index.min(),
        path[path < -upper * target].index.min(),
        path.index[-1],
    ]
    end = min(t for t in touches if not pd.isna(t))
    change = math.log(close[end] / close.iloc[0])
    if change > 0 and change > math.log(1 + target) * upper:
        return [1, end]
    if change < 0 and change < -math.log(1 + target) * lower:
        return [-1, end]
    return [0, end]


@pytest.mark.parametrize(
    ("close", "target", "upper", "lower", "theirs", "ours"),
    [
        # The lower barrier stands at 1 % and is looked for at 3 %.
        ([100.0, 98.5, 97.5, 96.5], 0.01, 3, 1, (-1, 3), (-1, 1)),
        # It stands at 3 % and is looked for at 1 %: a label of 0 before the end.
        ([100.0, 98.5, 97.5, 96.5], 0.01, 1, 3, (0, 1), (-1, 3)),
        # 10.1 % is beyond 2 * 5 %, but its logarithm is not beyond 2 log(1.05).
        ([100.0, 110.1, 100.0, 100.0], 0.05, 2, 2, (0, 1), (1, 1)),
        # Equality does not count.
        ([100.0, 125.0, 100.0, 100.0], 0.25, 1, 1, (0, 3), (1, 1)),
    ],
)
def test_faults_of_the_published_snippets_are_absent(
    close, target, upper, lower, theirs, ours
):
    found = book_labels(pd.Series(close), 3, target, upper, lower)
    labels = closes_only(close, 3, target=target, upper=upper, lower=lower)
    assert tuple(found) == theirs
    assert first(labels)[:2] == ours


def test_labels_agree_with_the_snippets_where_these_are_sound():
    rng = np.random.default_rng(0)
    close = 100 * np.exp(np.cumsum(rng.normal(scale=0.004, size=300)))
    labels = closes_only(list(close), 10, target=0.01)
    place = {time: i for i, time in enumerate(one_symbol(close=close)["datetime"])}
    for (_, time), label, end in zip(
        labels.index, labels["label"], labels["label_end"], strict=True
    ):
        path = pd.Series(close[place[time] :])
        expected = book_labels(path, 10, 0.01, 1, 1)
        assert [label, place[end] - place[time]] == expected


def test_one_sided_barriers_leave_the_other_side_open():
    close = [100, 95, 99, 101, 100]
    assert first(closes_only(close, 4, target=0.01, lower=None)) == (1, 3, "upper")
    assert first(closes_only(close, 4, target=0.01, upper=None)) == (-1, 1, "lower")
    assert first(closes_only(close, 2, target=0.01, lower=None))[2] == "vertical"
    with pytest.raises(ValueError, match="upper and lower are both None"):
        closes_only(close, 4, target=0.01, upper=None, lower=None)


def test_the_vertical_barrier_in_time_is_the_first_bar_late_enough():
    bars = one_symbol(close=[100.0] * 7)
    bars = bars.drop(index=3)
    labels = triple_barrier_labels(bars, "13min", target=0.01, intrabar=False)
    minutes = labels.index.get_level_values("datetime").strftime("%H:%M").tolist()
    ends = labels["label_end"].dt.strftime("%H:%M").tolist()
    assert minutes == ["01:35", "01:40", "01:45"]
    assert ends == ["01:55", "01:55", "02:00"]
    duration = pd.Timedelta(minutes=13)
    for same in (duration, duration.to_pytimedelta(), duration.to_numpy()):
        again = triple_barrier_labels(bars, same, target=0.01, intrabar=False)
        pd.testing.assert_frame_equal(again, labels)


def test_the_default_target_is_the_volatility_over_the_horizon():
    bars = make_bars(3)
    volatility = bar_volatility(bars, span=20)
    default = triple_barrier_labels(bars, 9, volatility_span=20)
    given = triple_barrier_labels(bars, 9, target=3 * volatility)
    pd.testing.assert_frame_equal(default, given)
    assert len(default) > 30


def test_the_default_target_fits_the_bars_that_are_left_of_a_session():
    close = np.tile([100.0, 100.1], 20)
    bars = one_symbol(close=close)
    late = bars.index >= 30
    bars.loc[late, "datetime"] += pd.Timedelta("10h")
    labels = triple_barrier_labels(bars, 16, intrabar=False, close_at_session_end=True)
    # From bar 26 on, 4, 3, 2 and 1 bars are left; one step of 0.1 % is a barrier of
    # one volatility at the last.
    at = {time: label for (_, time), label in labels["barrier"].items()}
    assert at[bars["datetime"][28]] == "vertical"
    narrow = triple_barrier_labels(
        bars, 16, upper=0.9, lower=0.9, intrabar=False, close_at_session_end=True
    )
    assert narrow.loc[("A", bars["datetime"][28]), "barrier"] == "upper"
    assert narrow.loc[("A", bars["datetime"][20]), "barrier"] == "vertical"


def test_bars_with_too_small_a_target_have_no_label():
    bars = make_bars(4)
    target = targets_of(bars)
    kept = triple_barrier_labels(bars, 3, target=target, min_target=0.02)
    everything = triple_barrier_labels(bars, 3, target=target)
    assert kept.index.equals(everything.index[target[everything.index] > 0.02])
    assert 0 < len(kept) < len(everything)


def test_a_flat_price_has_no_label_by_default():
    assert closes_only([100.0] * 20, 3).empty


@pytest.mark.parametrize("tie", ["nearest", "lower", "upper"])
def test_a_bar_that_opens_beyond_a_barrier_touched_that_one_first(tie):
    prices = {"high": [100, 102], "low": [100, 98], "close": [100, 100]}
    for open_, expected in ((101.5, 1), (101, 1), (98.5, -1), (99, -1)):
        bars = one_symbol(open=[100, open_], **prices)
        labels = triple_barrier_labels(bars, 1, target=0.01, tie=tie)
        assert first(labels)[0] == expected


def test_the_tie_rule_decides_where_the_order_is_unknown():
    prices = {"high": [100, 102], "low": [100, 98], "close": [100, 100]}
    found = {}
    for tie in ("nearest", "lower", "upper"):
        for open_ in (99.9, 100, 100.1):
            bars = one_symbol(open=[100, open_], **prices)
            labels = triple_barrier_labels(bars, 1, target=0.01, tie=tie)
            found.setdefault(tie, []).append(first(labels)[0])
    assert found == {"nearest": [-1, -1, 1], "lower": [-1] * 3, "upper": [1] * 3}


def test_for_a_short_bet_the_losing_barrier_is_the_lower_one():
    bars = one_symbol(open=[100, 100], high=[100, 102], low=[100, 98], close=[100, 100])
    side = by_key(bars.assign(side=-1), "side")
    for tie, won in (("lower", 0), ("nearest", 0), ("upper", 1)):
        labels = triple_barrier_labels(bars, 1, target=0.01, tie=tie, side=side)
        assert labels["label"].tolist() == [won]
        assert labels["return"].tolist() == pytest.approx([0.01 if won else -0.01])


def test_a_meta_label_says_whether_the_bet_made_money():
    close = [100, 100.5, 99.8, 100.2, 100]
    bars = one_symbol(close=close)
    for side, won in ((1, [1, 0, 1, 0]), (-1, [0, 1, 0, 1])):
        sides = by_key(bars.assign(side=side), "side")
        labels = triple_barrier_labels(bars, 1, target=0.01, side=sides, intrabar=False)
        assert labels["label"].tolist() == won
        assert (labels["barrier"] == "vertical").all()


def test_a_short_bet_sees_the_mirror_image_of_a_long_one():
    bars = make_bars(5)
    mirrored = bars.assign(
        open=120 - bars["open"],
        close=120 - bars["close"],
        high=120 - bars["low"],
        low=120 - bars["high"],
    )
    # In fractions of the price, the same distance in points.
    width = 1 / by_key(bars, "close")
    mirrored_width = 1 / by_key(mirrored, "close")
    sides = by_key(bars.assign(side=1), "side")
    long = triple_barrier_labels(bars, 6, upper=2, target=width, side=sides)
    short = triple_barrier_labels(
        mirrored, 6, upper=2, target=mirrored_width, side=-sides
    )
    columns = ["label", "label_end", "barrier"]
    pd.testing.assert_frame_equal(long[columns], short[columns])


def test_intrabar_touches_come_no_later_than_those_of_closes():
    bars = make_bars(6)
    target = targets_of(bars)
    within = triple_barrier_labels(bars, 8, target=target)
    closes = triple_barrier_labels(bars, 8, target=target, intrabar=False)
    assert within.index.equals(closes.index)
    assert (within["label_end"] <= closes["label_end"]).all()
    assert (within["label_end"] < closes["label_end"]).any()


def test_the_bar_of_the_entry_touches_nothing():
    bars = one_symbol(
        open=[100, 100, 100], high=[105, 105, 100], low=[95, 95, 100], close=[100] * 3
    )
    assert first(triple_barrier_labels(bars, 1, target=0.01, entry_delay=1)) == (
        0,
        2,
        "vertical",
    )


@settings(max_examples=40)
@given(
    seed=st.integers(0, 10_000),
    cut=st.floats(0.1, 0.9),
    sessions=st.sampled_from(["drop", "close", "across"]),
)
def test_prices_after_label_end_do_not_matter(seed, cut, sessions):
    options = {
        "across_sessions": sessions == "across",
        "close_at_session_end": sessions == "close",
        "volatility_span": 10,
    }
    bars = make_bars(seed)
    labels = triple_barrier_labels(bars, 6, **options)
    time = bars["datetime"].quantile(cut)
    later = bars["datetime"] > time
    noise = np.random.default_rng(seed).uniform(0.5, 2, len(bars))
    changed = bars.copy()
    for name in ("open", "high", "low", "close"):
        changed[name] = bars[name].where(~later, bars[name] * noise)
    after = triple_barrier_labels(changed, 6, **options)
    known = labels[labels["label_end"] <= time]
    pd.testing.assert_frame_equal(after.loc[known.index], known)


def test_prices_before_label_end_do_matter():
    bars = make_bars(1, symbols="A").sort_values("datetime", ignore_index=True)
    bars["new_contract"] = False
    options = {"across_sessions": True, "target": 0.1}
    labels = triple_barrier_labels(bars, 4, **options)
    time = bars["datetime"][30]
    changed = bars.copy()
    prices = ["open", "high", "low", "close"]
    changed.loc[bars["datetime"] > time, prices] *= 0.5
    after = triple_barrier_labels(changed, 4, **options)
    crossing = labels.index[27:31]
    assert (after.loc[crossing, "label"] == -1).all()
    assert (labels.loc[crossing, "label"] == 0).all()


@settings(max_examples=40)
@given(seed=st.integers(0, 10_000), sessions=st.sampled_from(["drop", "close"]))
def test_whether_a_bar_has_a_label_does_not_depend_on_prices(seed, sessions):
    options = {"target": 0.01, "close_at_session_end": sessions == "close"}
    bars = make_bars(seed)
    calm = bars.assign(open=100.0, high=100.0, low=100.0, close=100.0)
    wild = triple_barrier_labels(bars, 5, **options)
    assert wild.index.equals(triple_barrier_labels(calm, 5, **options).index)


def test_a_session_end_takes_labels_or_ends_them():
    bars = one_symbol(close=[100.0, 100.0, 102.0, 100.0, 100.0, 100.0, 100.0])
    bars.loc[4:, "datetime"] += pd.Timedelta("10h")
    options = {"target": 0.01, "intrabar": False}
    times = bars["datetime"]
    drop = triple_barrier_labels(bars, 2, **options)
    assert drop.index.get_level_values(1).tolist() == [times[0], times[1], times[4]]
    close = triple_barrier_labels(bars, 2, close_at_session_end=True, **options)
    assert close.index.get_level_values(1).tolist() == times[[0, 1, 2, 4]].tolist()
    assert close["label_end"].tolist() == times[[2, 2, 3, 6]].tolist()
    across = triple_barrier_labels(bars, 2, across_sessions=True, **options)
    assert across.index.get_level_values(1).tolist() == times[:5].tolist()
    with pytest.raises(ValueError, match="close_at_session_end=True ends every label"):
        triple_barrier_labels(
            bars, 2, close_at_session_end=True, across_sessions=True, **options
        )


def test_a_contract_change_takes_labels_or_ends_them():
    bars = one_symbol(close=[100.0] * 4 + [200.0] * 4)
    bars["new_contract"] = bars.index == 4
    options = {"target": 0.01, "intrabar": False}
    times = bars["datetime"]
    for sessions in ({"across_sessions": True}, {}):
        labels = triple_barrier_labels(bars, 2, **options, **sessions)
        assert labels.index.get_level_values(1).tolist() == times[[0, 1, 4, 5]].tolist()
    labels = triple_barrier_labels(bars, 2, close_at_session_end=True, **options)
    assert labels.loc[("A", times[2]), "label_end"] == times[3]
    assert (labels["label"] == 0).all()


def test_symbols_do_not_touch_each_other():
    bars = make_bars(7, symbols="ABC")
    together = triple_barrier_labels(bars, 5, volatility_span=10)
    for symbol in "ABC":
        alone = triple_barrier_labels(
            bars[bars["symbol"] == symbol], 5, volatility_span=10
        )
        pd.testing.assert_frame_equal(
            together.xs(symbol, drop_level=False), alone, check_index_type=False
        )


def test_frame_has_the_agreed_form_and_the_row_order_of_the_bars():
    bars = make_bars(8)
    labels = triple_barrier_labels(bars, 4)
    assert list(labels.columns) == ["label", "label_end", "barrier", "return"]
    assert labels.index.names == ["symbol", "datetime"]
    assert labels["label"].dtype == np.int64
    assert labels["label_end"].dtype == "datetime64[ns, UTC]"
    keys = pd.MultiIndex.from_frame(bars[["symbol", "datetime"]])
    assert labels.index.tolist() == keys[keys.isin(labels.index)].tolist()


def test_zones_units_and_index_levels_do_not_matter():
    bars = make_bars(9)
    target, side = targets_of(bars), by_key(bars, "side")
    expected = triple_barrier_labels(bars, 4, target=target, side=side)
    local = bars.assign(datetime=bars["datetime"].dt.tz_convert("Asia/Shanghai"))
    naive = bars.assign(datetime=bars["datetime"].dt.tz_localize(None).dt.as_unit("us"))
    for other in (local, naive, bars.set_index(["symbol", "datetime"])):
        keyed = {"target": target, "side": side}
        found = triple_barrier_labels(other, 4, **keyed)
        pd.testing.assert_frame_equal(found, expected)
    shifted = target.reset_index().assign(datetime=local["datetime"])
    shifted = shifted.set_index(["symbol", "datetime"])["target"].sample(frac=1)
    found = triple_barrier_labels(bars, 4, target=shifted, side=side)
    pd.testing.assert_frame_equal(found, expected)


@pytest.mark.parametrize("name", ["open", "high", "low"])
def test_prices_within_the_bar_are_needed_for_intrabar_touches_only(name):
    bars = make_bars(10).drop(columns=name)
    with pytest.raises(DataError, match=f"no column {name!r}.*intrabar=False"):
        triple_barrier_labels(bars, 4)
    assert len(triple_barrier_labels(bars, 4, intrabar=False))


@pytest.mark.parametrize(
    ("column", "value"),
    [("high", 1.0), ("low", 99.0), ("open", np.nan), ("high", np.inf), ("low", -1.0)],
)
def test_prices_that_contradict_each_other_are_refused(column, value):
    bars = make_bars(11)
    bars.loc[17, column] = value
    stamp = bars.loc[17, "datetime"].tz_localize(None)
    pattern = f"1 bars contradict.*{bars.loc[17, 'symbol']!r} at {stamp} UTC"
    with pytest.raises(DataError, match=pattern):
        triple_barrier_labels(bars, 4)


def test_unusable_targets_and_sides_are_refused_with_symbol_and_time():
    bars = make_bars(12)
    target, side = targets_of(bars), by_key(bars, "side")
    stamp = bars.loc[5, "datetime"].tz_localize(None)
    where = f"{bars.loc[5, 'symbol']!r} at {stamp} UTC"
    for wrong in (-0.1, np.inf):
        changed = target.copy()
        changed.iloc[5] = wrong
        with pytest.raises(DataError, match=f"not negative, got {wrong}.*{where}"):
            triple_barrier_labels(bars, 4, target=changed)
    changed = side.copy()
    changed.iloc[5] = 0.5
    with pytest.raises(DataError, match=f"side must be -1, 0 or 1, got 0.5.*{where}"):
        triple_barrier_labels(bars, 4, side=changed)
    doubled = pd.concat([target, target.iloc[5:6]])
    with pytest.raises(DataError, match=f"target has 2 values.*{where}"):
        triple_barrier_labels(bars, 4, target=doubled)
    strange = target.rename(index={"A": "X", "B": "Y"}, level="symbol")
    with pytest.raises(DataError, match="None of the 120 values of target belongs"):
        triple_barrier_labels(bars, 4, target=strange)
    with pytest.raises(DataError, match=r"side must be a Series of numbers.*ndarray"):
        triple_barrier_labels(bars, 4, side=side.to_numpy())


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"horizon": 0}, ValueError),
        ({"horizon": 1.5}, TypeError),
        ({"horizon": "-5min"}, ValueError),
        ({"horizon": "soon"}, ValueError),
        ({"horizon": 4, "entry_delay": -1}, ValueError),
        ({"horizon": 4, "upper": 0}, ValueError),
        ({"horizon": 4, "lower": -1.0}, ValueError),
        ({"horizon": 4, "min_target": -0.1}, ValueError),
        ({"horizon": 4, "volatility_span": 0}, ValueError),
        ({"horizon": 4, "tie": "first"}, ValueError),
    ],
)
def test_parameters_out_of_range_are_refused(options, error):
    with pytest.raises(error, match=list(options)[-1]):
        triple_barrier_labels(make_bars(13), **options)
