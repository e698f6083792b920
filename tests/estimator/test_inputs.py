from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sk_ensemble import Panel, RowTransformer, Windower
from sk_ensemble.exceptions import DataError


def kinds_of(windows):
    """Return the same windows lazily and as an array."""
    return {"Windows": windows, "3-D array": windows.gather()}


@pytest.mark.parametrize("kind", ["Windows", "3-D array"])
def test_windows_and_their_array_are_the_same_input(recorder, samples, windows, kind):
    _, y = samples
    model = recorder().fit(kinds_of(windows)[kind], y)
    assert np.array_equal(model.training.windows.gather(), windows.gather())
    assert model.n_features_in_ == 2
    assert model.window_length_ == 4
    model.predict(kinds_of(windows)[kind])
    assert np.array_equal(model.predicted.gather(), windows.gather())


def test_a_matrix_is_windows_of_one_bar(recorder):
    X, y = np.arange(8.0).reshape(4, 2), [0, 1, 0, 1]
    model = recorder().fit(X, y)
    assert np.array_equal(model.training.windows.gather(), X[:, None, :])
    assert (model.n_features_in_, model.window_length_) == (2, 1)


def test_flattened_windows_have_the_values_of_the_windows(recorder, samples):
    X, y = samples
    flat = recorder().fit(Windower(4, flatten=True).transform(X), y)
    lazy = recorder().fit(Windower(4).transform(X), y)
    assert np.array_equal(
        flat.training.windows.gather().ravel(), lazy.training.windows.gather().ravel()
    )
    assert flat.n_features_in_ == 8


def test_a_panel_and_its_frame_are_the_same_input(recorder, samples):
    X, y = samples
    model = recorder().fit(X, y)
    same = recorder().fit(X.to_frame(), y)
    assert np.array_equal(
        model.training.windows.gather(), same.training.windows.gather()
    )
    assert np.array_equal(model.training.windows.times, same.training.windows.times)
    assert list(model.feature_names_in_) == list(same.feature_names_in_)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda f: f.drop(columns="volume"), r"missing: \['volume'\]"),
        (lambda f: f.assign(extra=1.0), r"not seen in fit: \['extra'\]"),
        (lambda f: f.rename(columns={"close": "open"}), r"missing: \['close'\]"),
        (
            lambda f: f[["symbol", "datetime", "volume", "close"]],
            "in another order",
        ),
    ],
)
@pytest.mark.parametrize("length", [1, 4])
def test_other_features_in_predict_are_refused(
    recorder, frame, frame_labels, change, told, length
):
    X, y = Panel.from_frame(frame).align(frame_labels)
    model = recorder().fit(Windower(length).transform(X), y)
    other, _ = Panel.from_frame(change(frame)).align(frame_labels)
    with pytest.raises(DataError, match=told):
        model.predict(Windower(length).transform(other))
    model.predict(Windower(length).transform(X))


def test_another_number_of_unnamed_features_is_refused(recorder):
    model = recorder().fit(np.ones((4, 3, 2)), [0, 1, 0, 1])
    with pytest.raises(DataError, match="X has 5 features"):
        model.predict(np.ones((4, 3, 5)))


def test_windows_of_another_length_are_refused(recorder, samples):
    X, y = samples
    model = recorder().fit(Windower(4).transform(X), y)
    with pytest.raises(DataError, match=r"windows of 3 bars.*windows of 4"):
        model.predict(Windower(3).transform(X))
    with pytest.raises(DataError, match=r"windows of 1 bars.*windows of 4"):
        model.predict(X)


def spoil(frame, symbol, number, value):
    """Put a value into one bar of a symbol and return the bar's time."""
    row = frame.index[frame["symbol"] == symbol][number]
    frame.loc[row, "volume"] = value
    return frame.loc[row, "datetime"]


def test_nan_is_refused_by_feature_symbol_and_time(recorder, frame, frame_labels):
    time = spoil(frame, "B", 10, np.nan)
    X, y = Panel.from_frame(frame).align(frame_labels)
    windows = Windower(4).transform(X)
    told = rf"NaN.*'volume' has 1 in .* 'B' at {time:%Y-%m-%d %H:%M}.*SimpleImputer"
    with pytest.raises(DataError, match=told):
        recorder().fit(windows, y)
    model = recorder(nan=True).fit(windows, y)
    model.set_params(nan=False)
    with pytest.raises(DataError, match=told):
        model.predict(windows)


def test_nan_outside_of_all_windows_is_none_of_a_models_business(
    recorder, frame, frame_labels
):
    spoil(frame, "B", 10, np.nan)
    X, y = Panel.from_frame(frame).align(frame_labels)
    bar = int(np.flatnonzero(np.isnan(X.history.block).any(axis=1))[0])
    last_in_reach = Windower(4).transform(X).first_bars + 3
    reached = (last_in_reach >= bar) & (last_in_reach - 3 <= bar)
    kept = np.flatnonzero(~reached)
    assert 0 < len(kept) < len(X)
    model = recorder().fit(Windower(4).transform(X)[kept], y[kept])
    assert not np.isnan(model.training.windows.gather()).any()


def test_an_imputer_before_the_windower_is_the_advice_that_works(
    recorder, frame, frame_labels
):
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline

    spoil(frame, "B", 10, np.nan)
    X, y = Panel.from_frame(frame).align(frame_labels)
    imputer = RowTransformer(SimpleImputer())
    make_pipeline(imputer, Windower(4), recorder()).fit(X, y)


@pytest.mark.parametrize("nan_is_fine", [False, True])
@pytest.mark.parametrize(
    ("value", "told"),
    [(np.inf, "infinity"), (-np.inf, "infinity"), (1e39, "1e.39, too large for float")],
)
def test_infinite_values_are_refused_in_fit_and_predict(
    recorder, nan_is_fine, value, told
):
    rng = np.random.default_rng(0)
    good, y = rng.normal(size=(6, 3, 2)), [0, 1, 0, 1, 0, 1]
    bad = good.copy()
    bad[4, 1, 1] = value
    place = f"{told}.*number 1 has 1 .*row 4, bar 1"
    with pytest.raises(DataError, match=place):
        recorder(nan=nan_is_fine).fit(bad, y)
    model = recorder(nan=nan_is_fine).fit(good, y)
    with pytest.raises(DataError, match=place):
        model.predict(bad)
    model.predict(good)


def test_the_largest_float32_is_not_too_large(recorder):
    largest = float(np.finfo(np.float32).max)
    recorder().fit([[largest], [1.0]], [0, 1]).predict([[-largest]])


def test_an_infinite_value_in_an_indexed_frame_is_named_by_its_key(recorder, samples):
    X, y = samples
    frame = X.to_frame().astype("float64")
    frame.iloc[5, 0] = np.inf
    symbol, time = frame.index[5]
    told = rf"'close' has 1 .*'{symbol}' at {time:%Y-%m-%d %H:%M}"
    with pytest.raises(DataError, match=told):
        recorder().fit(frame, y)


def test_a_feature_without_any_value_is_refused_by_name(recorder, frame, frame_labels):
    X, y = Panel.from_frame(frame.assign(empty=np.nan)).align(frame_labels)
    with pytest.raises(DataError, match=r"without any value.*'empty'"):
        recorder(nan=True).fit(Windower(2).transform(X), y)
    nearly = frame.assign(empty=np.nan)
    nearly.loc[nearly.index[5:7], "empty"] = [1.0, 2.0]
    X, y = Panel.from_frame(nearly).align(frame_labels)
    recorder(nan=True).fit(Windower(2).transform(X), y)


def test_constant_features_are_named_in_one_warning(recorder, frame, frame_labels):
    flat = frame.assign(flat=1.0, level=2.0)
    X, y = Panel.from_frame(flat).align(frame_labels)
    with pytest.warns(UserWarning, match=r"constant.*'flat', 'level'") as caught:
        recorder().fit(X, y)
    assert len(caught) == 1
    assert "test_inputs" in caught[0].filename


def test_a_feature_that_varies_outside_of_the_windows_only_is_constant(
    recorder, frame, frame_labels
):
    late = (frame["datetime"] > frame["datetime"].quantile(0.7)).astype(float)
    X, y = Panel.from_frame(frame.assign(late=late)).align(frame_labels)
    half = slice(0, len(X) // 2)
    with pytest.warns(UserWarning, match=r"constant.*'late'"):
        recorder().fit(X[half], y[half])
    recorder().fit(X, y)


def test_no_samples_are_refused(recorder, samples):
    X, y = samples
    with pytest.raises(DataError, match=r"0 sample\(s\)"):
        recorder().fit(X[:0], y[:0])
    with pytest.raises(ValueError, match=r"0 sample\(s\)"):
        recorder().fit(np.ones((0, 2)), [])
    with pytest.raises(ValueError, match=r"0 sample\(s\)"):
        recorder().fit(np.ones((0, 3, 2)), [])
    with pytest.raises(DataError, match="at least one bar"):
        recorder().fit(np.ones((3, 0, 2)), [0, 1, 0])


def test_columns_of_text_and_repeated_names_are_refused(recorder):
    good = pd.DataFrame({"a": [1.0, 4.0], "b": [5.0, 2.0]})
    text = good.assign(b=["x", "y"])
    stamps = good.assign(b=pd.to_datetime(["2024-01-02", "2024-01-03"]))
    mixed = good.assign(b=pd.Series([1.0, "y"], dtype=object))
    for bad, told in [
        (text, r"'b' has dtype str, .* row 0 holds 'x'"),
        (stamps, r"'b' has dtype datetime64.* row 0 holds Timestamp"),
        (mixed, r"'b' has dtype object, .* row 1 holds 'y'"),
        (good.set_axis(["a", "a"], axis=1), r"Columns \['a'\] occur more than once"),
    ]:
        with pytest.raises(DataError, match=told):
            recorder().fit(bad, [0, 1])
    for fine in (good, good.astype(object), good > 3, good.astype("Float64")):
        recorder().fit(fine, [0, 1])


@pytest.mark.parametrize("n_bars", [1, 15, 16, 17, 33])
@pytest.mark.parametrize("value", [np.nan, 1e39, -1e39])
def test_a_bad_value_is_found_in_every_row(recorder, n_bars, value):
    X = np.zeros((n_bars, 2))
    model = recorder().fit(np.zeros((4, 2)), [0, 1, 0, 1])
    model.predict(X)
    for row in range(n_bars):
        bad = X.copy()
        bad[row, 1] = value
        with pytest.raises(DataError, match=f"number 1 has 1 .*first is row {row}"):
            model.predict(bad)
