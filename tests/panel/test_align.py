from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sk_ensemble import Panel
from sk_ensemble.exceptions import DataError, LabelSpanError

HOUR = pd.Timedelta("1h")


@pytest.fixture
def panel(frame):
    return Panel.from_frame(frame, max_gap="30min")


@pytest.fixture
def labels(frame):
    """Labels of two thirds of the bars, in the order of the frame."""
    table = frame[["symbol", "datetime"]].assign(
        label=np.arange(len(frame)) % 3 - 1.0,
        label_end=frame["datetime"] + HOUR,
    )
    table.loc[::3, ["label"]] = np.nan
    return table.set_index(["symbol", "datetime"])


def as_dict(panel, y):
    keys = zip(panel.symbols, pd.DatetimeIndex(panel.times), strict=True)
    return dict(zip(keys, y.tolist(), strict=True))


def test_samples_are_the_bars_with_a_label(panel, labels):
    X, y = panel.align(labels)
    assert as_dict(X, y) == labels["label"].dropna().astype(int).to_dict()
    assert y.dtype == np.int64
    assert X.history is panel.history
    assert len(X) < len(panel)


def test_label_ends_travel_with_the_samples(panel, labels):
    X, _ = panel.align(labels)
    np.testing.assert_array_equal(X.label_end, X.times + np.timedelta64(1, "h"))
    np.testing.assert_array_equal(X[::-2].label_end, X.label_end[::-2])


def test_keys_may_be_columns_and_time_units_or_zones_may_differ(panel, labels):
    X, y = panel.align(labels)
    table = labels.reset_index()
    table["datetime"] = table["datetime"].dt.as_unit("s").dt.tz_localize("UTC")
    table["label_end"] = table["label_end"].dt.tz_localize("UTC").dt.as_unit("ms")
    other, other_y = panel.align(table.sample(frac=1, random_state=0))
    assert as_dict(other, other_y) == as_dict(X, y)
    np.testing.assert_array_equal(other.label_end, X.label_end)


def test_a_series_has_no_label_ends(panel, labels):
    X, y = panel.align(labels["label"].rename("anything"))
    assert X.label_end is None
    assert as_dict(X, y) == as_dict(*panel.align(labels))


@pytest.mark.parametrize("min_history", [0, 1, 2, 5])
def test_min_history_counts_bars_of_the_same_segment(panel, labels, min_history):
    X, _ = panel.align(labels, min_history=min_history)
    depth = X.positions - X.history.segment_start[X.positions] + 1
    everything, _ = panel.align(labels)
    all_depths = (
        everything.positions - panel.history.segment_start[everything.positions]
    )
    assert len(X) == (all_depths + 1 >= min_history).sum()
    assert depth.min() >= min_history


def test_neutrals_can_be_left_out_and_stay_in_the_history(panel, labels):
    X, y = panel.align(labels, exclude_neutrals=True)
    everything = as_dict(*panel.align(labels))
    assert as_dict(X, y) == {key: v for key, v in everything.items() if v}
    assert X.history is panel.history


def test_labels_that_are_no_numbers_have_no_neutrals(panel, labels):
    table = labels.dropna().assign(label="up")
    X, y = panel.align(table, exclude_neutrals=True)
    assert len(X) == len(table)
    assert set(y) == {"up"}


def test_a_part_of_a_panel_is_aligned_to_its_own_samples(panel, labels):
    everything = as_dict(*panel.align(labels))
    X, y = panel[::-2].align(labels)
    assert as_dict(X, y).items() <= everything.items()
    assert (np.diff(X.times.astype(int)) <= 0).all()


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([1.0, -1.0], np.int64),
        ([True, False], np.bool_),
        ([0.5, 1.0], np.float64),
        (["up", "down"], np.str_),
        (pd.array([1, 2], dtype="Int64"), np.int64),
        (pd.Categorical(["a", "b"]), np.str_),
        (np.array([1, 2], dtype=np.int8), np.int64),
    ],
)
def test_whole_numbers_become_int64_and_other_labels_stay(panel, values, expected):
    keys = [panel.symbols[:2], pd.DatetimeIndex(panel.times[:2])]
    index = pd.MultiIndex.from_arrays(keys, names=["symbol", "datetime"])
    _, y = panel.align(pd.Series(values, index=index))
    assert y.tolist() == list(values)
    assert np.issubdtype(y.dtype, expected)


def test_duplicate_labels_are_refused(panel, labels):
    with pytest.raises(DataError, match=r"2 duplicate .* among the labels.*symbol"):
        panel.align(pd.concat([labels.dropna(), labels.dropna().iloc[:2]]))


@pytest.mark.parametrize(
    ("end", "what"),
    [
        (pd.NaT, "is missing"),
        (pd.Timestamp("2020-01-01"), "is 2020-01-01 00:00:00 UTC"),
    ],
)
def test_a_faulty_label_end_is_refused_with_symbol_and_time(panel, labels, end, what):
    labels.iloc[4, 1] = end
    symbol, time = labels.index[4]
    with pytest.raises(LabelSpanError) as caught:
        panel.align(labels)
    for part in (f"label_end {what}", f"symbol {symbol!r} at {time}"):
        assert part in str(caught.value)


def test_the_end_of_a_missing_label_does_not_matter(panel, labels):
    labels.loc[labels["label"].isna(), "label_end"] = pd.NaT
    assert len(panel.align(labels)[0])


def test_a_label_may_end_at_its_own_bar(panel, labels):
    labels["label_end"] = labels.index.get_level_values("datetime")
    assert len(panel.align(labels)[0])


def test_labels_without_a_bar_are_dropped_with_one_warning_that_counts(panel, labels):
    later = labels.dropna().iloc[:2].reset_index()
    later[["datetime", "label_end"]] += 10_000 * HOUR
    table = pd.concat([labels, later.set_index(["symbol", "datetime"])])
    with pytest.warns(UserWarning, match="^2 of .* labels belong to no bar") as caught:
        X, _ = panel.align(table)
    assert len(caught) == 1
    assert caught[0].filename == __file__
    assert len(X) == labels["label"].notna().sum()


def test_labels_before_the_first_bar_of_their_symbol_are_no_fault(panel, labels):
    warm_up = labels.dropna().groupby("symbol").head(1).reset_index()
    warm_up[["datetime", "label_end"]] -= 10_000 * HOUR
    table = pd.concat([labels, warm_up.set_index(["symbol", "datetime"])])
    assert as_dict(*panel.align(table)) == as_dict(*panel.align(labels))


def test_no_matching_label_is_an_error_that_shows_both_sides(panel, labels):
    labels = labels.rename(index={"A": "X", "B": "Y", "C": "Z"})
    with pytest.raises(
        DataError, match=r"None of the .* labels.*'A'.*first .* '[XYZ]'"
    ):
        panel.align(labels)


def test_no_labels_at_all_are_an_error(panel, labels):
    with pytest.raises(DataError, match="there are no labels"):
        panel.align(labels.assign(label=np.nan))


def test_no_sample_left_is_an_error_with_the_numbers(panel, labels):
    with pytest.raises(DataError, match=r"No sample is left.*min_history=99"):
        panel.align(labels, min_history=99)
    with pytest.raises(DataError, match="a label other than 0"):
        panel.align(labels.assign(label=0), exclude_neutrals=True)


def test_a_bare_array_is_refused(panel):
    with pytest.raises(TypeError, match="has lost the bars"):
        panel.align(np.zeros(len(panel)))


def test_a_frame_without_labels_is_refused(panel, labels):
    with pytest.raises(DataError, match=r"no column 'label'.*'target'"):
        panel.align(labels.rename(columns={"label": "target"}))


def test_lookup_returns_the_values_of_the_samples(frame, panel, labels):
    close = frame.set_index(["symbol", "datetime"])["close"]
    X, _ = panel.align(labels)
    expected = [close[key] for key in as_dict(X, X.positions)]
    assert X.lookup(close).tolist() == expected
    assert X[::-1].lookup(close.sample(frac=1)).tolist() == expected[::-1]


def test_lookup_ignores_bars_outside_of_the_panel(frame, panel):
    close = frame.set_index(["symbol", "datetime"])["close"]
    more = pd.concat([close, close.rename(index={"A": "Q"})])
    more = more[~more.index.duplicated()]
    np.testing.assert_array_equal(panel.lookup(more), panel.lookup(close))


def test_a_sample_without_a_value_is_an_error_that_names_it(frame, panel):
    close = frame.set_index(["symbol", "datetime"])["close"]
    symbol, time = panel.symbols[7], pd.Timestamp(panel.times[7])
    with pytest.raises(DataError, match=f"1 of .* symbol '{symbol}' at {time}"):
        panel.lookup(close.drop((symbol, time)))
    with pytest.raises(DataError, match=r"duplicate .* among the values"):
        panel.lookup(pd.concat([close, close.iloc[:1]]))


@pytest.mark.parametrize("convert", [pd.Series.to_frame, pd.Series.to_numpy])
def test_lookup_takes_a_series_only(frame, panel, convert):
    close = frame.set_index(["symbol", "datetime"])["close"]
    with pytest.raises(TypeError, match="Series with index levels"):
        panel.lookup(convert(close))
