"""What PurgedSplit refuses, and that it refuses nothing beside it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sk_ensemble.exceptions import DataError, EmptyFoldError, LabelSpanError
from sk_ensemble.model_selection import PurgedSplit
from sk_ensemble.panel import Panel

N_TIMES = 20
TIMES = pd.date_range("2024-01-01", periods=N_TIMES, freq="5min")


def frame_of(symbols):
    """Index by (symbol, datetime), symbol by symbol."""
    index = pd.MultiIndex.from_product([symbols, TIMES], names=["symbol", "datetime"])
    return pd.DataFrame({"close": np.arange(float(len(index)))}, index=index)


@pytest.fixture
def frame():
    return frame_of(["A", "B"])


@pytest.fixture
def label_end(frame):
    ends = frame.index.get_level_values("datetime") + pd.Timedelta("10min")
    return pd.Series(ends, index=frame.index)


@pytest.fixture
def panel(frame, label_end):
    labels = pd.DataFrame({"label": 1, "label_end": label_end})
    return Panel.from_frame(frame).align(labels)[0]


def n_folds(cv, X, **kwargs):
    return len(list(cv.split(X, **kwargs)))


# --- label ends -------------------------------------------------------------------


def test_without_label_ends_purged_size_is_asked_for(frame, label_end, panel):
    for X in (frame, np.zeros((20, 1)), frame.reset_index(drop=True)):
        with pytest.raises(ValueError, match="Nothing says when the labels end"):
            PurgedSplit(3).split(X)
        assert n_folds(PurgedSplit(3, purged_size=0), X) == 3
    assert n_folds(PurgedSplit(3), frame, label_end=label_end) == 3
    assert n_folds(PurgedSplit(3), panel) == 3


@pytest.mark.parametrize(
    ("value", "match"),
    [
        (pd.NaT, "NaT for symbol 'B' at 2024-01-01 00:25:00 UTC .1 missing, 0 before"),
        ("2024-01-01 00:20", "00:20:00 UTC for symbol 'B' at 2024-01-01 00:25:00 UTC"),
    ],
)
def test_missing_and_backward_label_ends_are_named(frame, label_end, value, match):
    label_end.iloc[N_TIMES + 5] = pd.Timestamp(value)
    with pytest.raises(LabelSpanError, match=match):
        PurgedSplit(3).split(frame, label_end=label_end)
    label_end.iloc[N_TIMES + 5] = TIMES[5]
    assert n_folds(PurgedSplit(3), frame, label_end=label_end) == 3


def test_faulty_label_ends_of_a_panel_are_named(panel):
    ends = panel.label_end_ns.copy()
    ends[3] = np.iinfo(np.int64).min
    faulty = Panel(panel.history, panel.positions, ends)
    with pytest.raises(LabelSpanError, match="NaT for symbol 'B' at 2024-01-01 00:05"):
        PurgedSplit(3).split(faulty)


def test_faulty_label_ends_of_a_frame_without_symbols_name_the_row():
    X = pd.DataFrame({"close": 1.0}, index=TIMES)
    ends = pd.Series(TIMES + pd.Timedelta("5min"))
    ends[7] = TIMES[0]
    with pytest.raises(LabelSpanError, match="for row 7 at 2024-01-01 00:35:00 UTC"):
        PurgedSplit(3).split(X, label_end=ends)


@pytest.mark.parametrize(
    "X",
    [
        np.zeros((N_TIMES, 2)),
        [[0.0]] * N_TIMES,
        pd.DataFrame({"close": np.zeros(N_TIMES)}),
    ],
    ids=["array", "list", "frame of row numbers"],
)
def test_label_ends_are_refused_for_rows_without_times(X):
    with pytest.raises(DataError, match="row numbers mean nothing in an inner fold"):
        PurgedSplit(3).split(X, label_end=TIMES)
    assert n_folds(PurgedSplit(3, purged_size=2), X) == 3


def test_label_ends_are_one_per_row_and_times(frame, label_end):
    with pytest.raises(DataError, match="label_end has 39 values for 40 rows"):
        PurgedSplit(3).split(frame, label_end=label_end.to_numpy()[1:])
    with pytest.raises(DataError, match="label_end must hold time stamps"):
        PurgedSplit(3).split(frame, label_end=np.arange(40))


def test_label_ends_and_y_in_another_order_are_refused(frame, label_end, panel):
    shuffled = label_end.sample(frac=1, random_state=0)
    with pytest.raises(DataError, match="label_end and X have different rows"):
        PurgedSplit(3).split(frame, label_end=shuffled)
    y = pd.Series(1, index=frame.index)  # symbol by symbol; a panel is time by time
    with pytest.raises(DataError, match="X has symbol 'B' at 2024-01-01 00:00:00 UTC"):
        PurgedSplit(3).split(panel, y)
    with pytest.raises(DataError, match="y has 39 values for 40 rows"):
        PurgedSplit(3).split(panel, y.iloc[1:])
    in_order = pd.Series(1, index=frame.index).sort_index(level=["datetime", "symbol"])
    assert n_folds(PurgedSplit(3), panel, y=in_order) == 3
    assert n_folds(PurgedSplit(3), panel, y=in_order.to_numpy()) == 3
    assert n_folds(PurgedSplit(3), panel, y=in_order.reset_index(drop=True)) == 3
    assert n_folds(PurgedSplit(3), frame, y=y, label_end=label_end) == 3


# --- parameters -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("params", "error", "match"),
    [
        ({"n_splits": 1}, ValueError, "n_splits must be at least 2, got 1"),
        ({"n_splits": 2.0}, TypeError, "n_splits must be a whole number, got 2.0"),
        ({"n_splits": True}, TypeError, "n_splits must be a whole number"),
        ({"purged_size": -1}, ValueError, "purged_size must be at least 0, got -1"),
        ({"purged_size": 1.5}, TypeError, "purged_size must be a whole number"),
        ({"purged_size": "20"}, TypeError, "purged_size must be a whole number"),
        ({"closed": "right"}, ValueError, "closed must be 'both' or 'left'"),
        ({"embargo_size": -1}, ValueError, "none of them negative. Got -1"),
        ({"embargo_size": -0.1}, ValueError, "Got -0.1"),
        ({"embargo_size": 1.0}, ValueError, "fraction .* below 1 .* Got 1.0"),
        ({"embargo_size": float("nan")}, ValueError, "Got nan"),
        ({"embargo_size": None}, TypeError, "Got None of type NoneType"),
        ({"embargo_size": True}, TypeError, "Got True of type bool"),
        ({"embargo_size": [5]}, TypeError, "Got .5. of type list"),
        ({"embargo_size": "5 lightyears"}, ValueError, "must be a duration"),
        ({"embargo_size": "-5min"}, ValueError, "must be a positive duration"),
        ({"embargo_size": "1440"}, ValueError, "'1440' has no unit"),
        ({"embargo_size": "-5 trading days"}, ValueError, "must be a duration"),
        ({"embargo_size": "2.5 trading days"}, ValueError, "must be a duration"),
    ],
    ids=str,
)
def test_bad_parameters_are_refused_before_any_fold(panel, params, error, match):
    cv = PurgedSplit(3).set_params(**params)
    with pytest.raises(error, match=match):
        cv.split(panel)


def test_get_n_splits_refuses_what_split_refuses():
    assert PurgedSplit(7).get_n_splits() == 7
    assert PurgedSplit(np.int64(7)).get_n_splits(None, None, None, None) == 7
    with pytest.raises(ValueError, match="at least 2"):
        PurgedSplit(1).get_n_splits()


def test_more_folds_than_times_are_refused(panel):
    match = "n_splits=21 is more than the 20 different times of the samples"
    with pytest.raises(ValueError, match=match):
        PurgedSplit(21).split(panel)
    assert n_folds(PurgedSplit(20, closed="left"), panel) == 20


def test_no_rows_are_refused(panel):
    with pytest.raises(ValueError, match="the 0 different times"):
        PurgedSplit(2).split(panel[:0])
    with pytest.raises(ValueError, match="the 0 different times"):
        PurgedSplit(2, purged_size=1).split(np.zeros((0, 1)))


def test_a_time_span_is_refused_for_rows_without_times(frame):
    cv = PurgedSplit(3, purged_size=1, embargo_size="10min")
    with pytest.raises(
        DataError, match="embargo_size='0 days 00:10:00' is a time span"
    ):
        cv.split(np.zeros((20, 1)))
    assert n_folds(cv, frame) == 3


def test_trading_days_are_refused_for_rows_without_times(frame):
    cv = PurgedSplit(3, purged_size=1, embargo_size="1 trading day")
    with pytest.raises(DataError, match="embargo_size='1 trading days' is a time span"):
        cv.split(np.zeros((20, 1)))
    with pytest.raises(EmptyFoldError, match="under embargo"):
        cv.split(frame)  # all of its bars are on one day
    assert n_folds(cv.set_params(embargo_size="0 trading days"), frame) == 3


def test_groups_are_ignored_with_a_warning(panel):
    with pytest.warns(UserWarning, match="ignores groups"):
        assert len(list(PurgedSplit(3).split(panel, groups=np.zeros(40)))) == 3


# --- empty folds ------------------------------------------------------------------


def test_an_empty_fold_is_refused_with_its_numbers_before_any_fold():
    X = np.zeros((12, 1))
    cv = PurgedSplit(3, purged_size=3, embargo_size=5)
    match = (
        r"Fold 0 of 3 .* no training rows: of 12 rows, 4 are tested, 3 purged and 5 "
        r"under embargo, with PurgedSplit\(embargo_size=5, n_splits=3, purged_size=3\)"
    )
    with pytest.raises(EmptyFoldError, match=match):
        cv.split(X)
    assert n_folds(PurgedSplit(3, purged_size=3, embargo_size=4), X) == 3


def test_a_later_empty_fold_is_refused_before_the_first():
    X = pd.DataFrame({"close": 1.0}, index=TIMES)
    ends = pd.Series(TIMES)
    ends[:7] = TIMES[7]
    ends[13] = TIMES[-1]
    with pytest.raises(EmptyFoldError, match="Fold 1 of 3"):
        PurgedSplit(3).split(X, label_end=ends)


# --- what X can be ----------------------------------------------------------------


def test_frames_of_row_numbers_are_bars_of_one_symbol():
    X = pd.DataFrame({"close": np.zeros(30)})
    cv = PurgedSplit(3, purged_size=2, embargo_size=1)
    expected = list(cv.split(np.zeros((30, 1))))
    for rows in (X, X["close"], X.iloc[5:].set_axis(range(7, 32))):
        folds = list(cv.split(rows))
        assert len(folds) == 3
        if len(rows) == 30:
            np.testing.assert_array_equal(folds[1][0], expected[1][0])


def test_keys_hidden_in_columns_are_refused(frame):
    cv = PurgedSplit(3, purged_size=2)
    with pytest.raises(DataError, match=r"X.set_index\(\['symbol', 'datetime'\]\)"):
        cv.split(frame.reset_index())
    with pytest.raises(DataError, match=r"X.set_index\(\['datetime'\]\)"):
        cv.split(frame_of(["A"]).reset_index("datetime").reset_index(drop=True))
    assert n_folds(cv, frame) == 3


@pytest.mark.parametrize(
    "index",
    [
        pd.Index([f"row {i}" for i in range(N_TIMES)]),
        pd.Index(np.arange(N_TIMES) / 2),
        TIMES.to_period("D"),
        pd.MultiIndex.from_product([["A", "B"], range(N_TIMES // 2)]),
    ],
    ids=["text", "float", "period", "levels"],
)
def test_an_index_of_neither_times_nor_row_numbers_is_refused(index):
    X = pd.DataFrame({"close": np.zeros(N_TIMES)}, index=index)
    with pytest.raises(DataError, match="neither times nor row numbers"):
        PurgedSplit(3, purged_size=1).split(X)


def test_object_times_are_read():
    X = pd.DataFrame({"close": 1.0}, index=pd.Index(list(TIMES), dtype=object))
    assert n_folds(PurgedSplit(3, purged_size=1, embargo_size="5min"), X) == 3


def test_mixed_time_zones_are_refused():
    stamps = [TIMES[0], *TIMES[1:].tz_localize("Asia/Shanghai")]
    X = pd.DataFrame({"close": 1.0}, index=pd.Index(stamps, dtype=object))
    with pytest.raises(DataError, match="mixes time zones"):
        PurgedSplit(3, purged_size=1).split(X)


def test_repeated_times_without_symbols_are_refused_only_for_counting(frame, label_end):
    X = frame.reset_index("symbol", drop=True)
    match = (
        "holds 20 times more than once and no symbols, first 2024-01-01 00:00:00 UTC"
    )
    with pytest.raises(DataError, match=f"{match} in rows 0 and 20"):
        PurgedSplit(3, purged_size=2).split(X)
    assert n_folds(PurgedSplit(3, purged_size=0), X) == 3
    ends = label_end.to_numpy()
    alike = zip(
        PurgedSplit(3).split(X, label_end=ends),
        PurgedSplit(3).split(frame, label_end=ends),
        strict=True,
    )
    for one, other in alike:
        np.testing.assert_array_equal(one[0], other[0])


def test_repeated_bars_of_a_symbol_are_named(frame):
    twice = pd.concat([frame, frame.iloc[[25]]])
    match = r"symbol 'B' at 2024-01-01 00:25:00 UTC \(rows 25 and 40\)"
    with pytest.raises(DataError, match=match):
        PurgedSplit(3, purged_size=2).split(twice)


def test_repeated_samples_of_a_panel_are_allowed(panel):
    rows = np.repeat(np.arange(40), 2)
    once = PurgedSplit(3, purged_size=2).split(panel)
    for one, both in zip(
        once, PurgedSplit(3, purged_size=2).split(panel[rows]), strict=True
    ):
        np.testing.assert_array_equal(np.unique(rows[both[0]]), one[0])


@pytest.mark.parametrize(
    ("index", "match"),
    [
        (TIMES.insert(4, pd.NaT).delete(5), "time is missing in 1 rows .* first row 4"),
        (
            pd.MultiIndex.from_arrays([["A"] * 19 + [None], TIMES]),
            "symbol is missing in 1 rows .* first row 19",
        ),
        (
            pd.MultiIndex.from_arrays([["A"] * N_TIMES, [*TIMES[:-1], pd.NaT]]),
            "time is missing in 1 rows .* first row 19",
        ),
        (
            pd.MultiIndex.from_arrays([["A"] * N_TIMES, TIMES, range(N_TIMES)]),
            "which one holds the symbols",
        ),
    ],
    ids=["no time", "no symbol", "no time in levels", "three levels"],
)
def test_faulty_indices_are_refused(index, match):
    X = pd.DataFrame({"close": np.zeros(N_TIMES)}, index=index)
    with pytest.raises(DataError, match=match):
        PurgedSplit(3, purged_size=1).split(X)


def test_a_third_level_is_allowed_where_one_is_called_symbol():
    index = pd.MultiIndex.from_arrays(
        [["A"] * N_TIMES, TIMES, range(N_TIMES)], names=["symbol", "datetime", "row"]
    )
    X = pd.DataFrame({"close": np.zeros(N_TIMES)}, index=index)
    assert n_folds(PurgedSplit(3, purged_size=1), X) == 3


def test_no_input_is_refused():
    with pytest.raises(TypeError, match="split needs X"):
        PurgedSplit(3, purged_size=1).split(None)
