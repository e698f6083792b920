from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import sklearn
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.model_selection import KFold, TimeSeriesSplit, cross_validate
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils._param_validation import InvalidParameterError

from sk_ensemble import Panel, PurgedSplit, RowTransformer, Windower, Windows
from sk_ensemble.exceptions import DataError


@pytest.fixture
def frame():
    times = pd.date_range("2024-01-01", periods=40, freq="5min")
    index = pd.MultiIndex.from_product(
        [["B", "A"], times], names=["symbol", "datetime"]
    )
    values = np.random.default_rng(0).normal(size=(len(index), 2))
    return pd.DataFrame(values, index=index, columns=["close", "volume"])


@pytest.fixture
def panel(frame):
    return Panel.from_frame(frame)


@pytest.fixture
def labelled(frame, panel):
    labels = pd.DataFrame({"label": (frame["close"] > 0).astype(int)})
    labels["label_end"] = labels.index.get_level_values("datetime")
    return panel.align(labels.iloc[::2])


def test_a_panel_becomes_lazy_windows_of_its_samples(panel):
    windows = Windower(4, lag=1).fit_transform(panel[10:30])
    assert isinstance(windows, Windows)
    assert windows.shape == (20, 4, 2)
    assert (windows.window_length, windows.lag) == (4, 1)
    assert windows.history is panel.history


def test_the_window_ends_lag_bars_before_the_sample():
    bars = np.arange(10.0)[:, None]
    panel = Panel.from_frame(
        pd.DataFrame(
            {
                "symbol": "A",
                "datetime": pd.date_range("2024", periods=10),
                "close": bars[:, 0],
            }
        )
    )
    assert Windower(3).transform(panel[[9]]).gather().ravel().tolist() == [7, 8, 9]
    lagged = Windower(3, lag=1).transform(panel[[9]])
    assert lagged.gather().ravel().tolist() == [6, 7, 8]


def test_flattened_windows_are_the_windows_row_by_row(panel):
    windows = Windower(4).transform(panel)
    matrix = Windower(4, flatten=True).fit_transform(panel)
    assert isinstance(matrix, np.ndarray)
    np.testing.assert_array_equal(matrix.reshape(windows.shape), windows.gather())


def test_flattened_columns_are_named_by_feature_and_age(panel):
    windower = Windower(3, lag=1, flatten=True).set_output(transform="pandas")
    table = windower.fit_transform(panel[10:])
    assert table.columns.tolist() == [
        "close[t-3]",
        "volume[t-3]",
        "close[t-2]",
        "volume[t-2]",
        "close[t-1]",
        "volume[t-1]",
    ]
    ages = Windower(2).fit(panel).get_feature_names_out().tolist()
    assert ages == ["close", "volume"]
    unnamed = Windower(2, flatten=True).fit(np.zeros((3, 1)))
    assert unnamed.get_feature_names_out().tolist() == ["x0[t-1]", "x0[t]"]


def test_padding_repeats_the_earliest_bar_of_the_symbol(panel):
    first = Windower(5).transform(panel[:2]).gather()
    np.testing.assert_array_equal(first, np.repeat(panel[:2].to_numpy()[:, None], 5, 1))


def test_incomplete_windows_are_refused_on_request(panel):
    windower = Windower(5, lag=2, incomplete="error")
    with pytest.raises(DataError) as caught:
        windower.fit_transform(panel[4:])
    for part in (
        "8 of 76 samples",
        "fewer than 7 bars",
        "symbol 'A' at 2024-01-01 00:10:00 UTC",
        "min_history=7",
    ):
        assert part in str(caught.value)
    assert windower.fit_transform(panel[12:]).complete.all()


def test_a_lag_before_the_first_bar_is_refused_since_padding_would_leak(panel):
    with pytest.raises(DataError) as caught:
        Windower(3, lag=1).transform(panel)
    for part in ("2 of 80 samples", "symbol 'A' at 2024-01-01 00:00", "min_history=2"):
        assert part in str(caught.value)
    assert len(Windower(3, lag=1).transform(panel[2:])) == 78


def test_a_lag_before_the_first_row_of_an_array_is_refused_by_row():
    with pytest.raises(DataError, match=r"1 of 4 samples .* row 0.* Panel"):
        Windower(2, lag=1).transform(np.zeros((4, 1)))


def test_windows_do_not_cross_a_gap(frame):
    gap = frame.drop(frame.index[5:10])
    windows = Windower(3).transform(Panel.from_frame(gap, max_gap="10min"))
    crossing = Windower(3).transform(Panel.from_frame(gap))
    differ = (windows.gather() != crossing.gather()).any(axis=(1, 2))
    assert windows.symbols[differ].tolist() == ["B", "B"]
    expected = frame.index[10:12].get_level_values("datetime")
    np.testing.assert_array_equal(windows.times[differ], expected)


def test_an_indexed_frame_is_windowed_like_its_panel_in_its_own_row_order(frame, panel):
    mixed = frame.sample(frac=1, random_state=0)
    windows = Windower(4).transform(mixed)
    expected = Windower(4).transform(Panel.from_frame(frame, dtype="float64"))
    order = windows.time_order()
    np.testing.assert_array_equal(windows[order].gather(), expected.gather())
    np.testing.assert_array_equal(windows.gather()[:, -1], mixed.to_numpy())
    assert windows.symbols.tolist() == mixed.index.get_level_values("symbol").tolist()


def test_a_time_index_is_one_symbol_in_time_order(frame):
    bars = frame.loc["A"]
    windows = Windower(4).transform(bars[::-1])
    expected = Windower(4).transform(bars.to_numpy())
    np.testing.assert_array_equal(windows.gather()[::-1], expected.gather())


@pytest.mark.parametrize("kind", [np.asarray, list, pd.DataFrame])
def test_rows_without_an_index_are_bars_in_order(kind):
    bars = kind(np.arange(6.0).reshape(3, 2).tolist())
    windows = Windower(2).transform(bars)
    assert windows.gather()[2].tolist() == [[2, 3], [4, 5]]
    assert windows.times is None


def test_several_symbols_without_a_symbol_index_are_refused(frame):
    with pytest.raises(DataError, match="repeated stamps"):
        Windower(2).fit(frame.droplevel("symbol"))
    for levels in (["symbol", "datetime"], ["symbol"], ["datetime"]):
        with pytest.raises(DataError, match=rf"the columns \[.*'{levels[0]}'"):
            Windower(2).fit(frame.reset_index(levels))
    with pytest.raises(DataError, match="duplicate"):
        Windower(2).transform(pd.concat([frame, frame[:1]]))
    with pytest.raises(DataError, match="1 missing stamps"):
        Windower(2).transform(
            frame.loc["A"].rename(index=lambda t: t if t.minute else pd.NaT)[:5]
        )


def test_infinite_bars_of_an_array_are_refused_and_nan_is_kept():
    assert np.isnan(Windower(2).transform([[np.nan], [1.0]]).gather()).sum() == 3
    with pytest.raises(ValueError, match="infinity"):
        Windower(2).transform([[np.inf], [1.0]])


def test_windows_are_not_windowed_again(panel):
    with pytest.raises(TypeError, match="windowed already"):
        Windower(2).fit(Windower(2).transform(panel))


@pytest.mark.parametrize(
    "parameters",
    [
        {"window_length": 0},
        {"window_length": 2.0},
        {"lag": -1},
        {"incomplete": "drop"},
        {"flatten": "yes"},
    ],
)
@pytest.mark.parametrize("method", ["fit", "transform"])
def test_parameters_are_checked_in_fit_and_in_transform(panel, parameters, method):
    with pytest.raises(InvalidParameterError, match=next(iter(parameters))):
        getattr(Windower(**parameters), method)(panel)


def test_features_are_recorded_and_compared(frame, panel):
    windower = Windower(2).fit(panel)
    assert windower.n_features_in_ == 2
    assert windower.feature_names_in_.tolist() == ["close", "volume"]
    for other, message in [
        (
            frame.rename(columns={"close": "open"}),
            r"missing: \['close'\]; not seen.*op",
        ),
        (frame[["volume", "close"]], "in another order"),
        (frame.assign(extra=1.0), r"not seen in fit: \['extra'\]"),
        (frame[["close"]], r"missing: \['volume'\]"),
    ]:
        with pytest.raises(DataError, match=message):
            windower.transform(Panel.from_frame(other))
    unnamed = Windower(2).fit(frame.to_numpy())
    with pytest.raises(ValueError, match=r"1 features.*Windower is expecting 2"):
        unnamed.transform(Panel.from_frame(frame[["close"]]))


@pytest.mark.parametrize("output", ["default", "pandas"])
def test_set_output_leaves_windows_alone_and_wraps_matrices(panel, frame, output):
    windower = Windower(2).set_output(transform=output)
    assert isinstance(windower.fit_transform(panel), Windows)
    with sklearn.config_context(transform_output=output):
        assert isinstance(Windower(2).fit_transform(panel), Windows)
        matrix = Windower(2, flatten=True).fit_transform(frame)
    wrapped = isinstance(matrix, pd.DataFrame)
    assert wrapped == (output == "pandas")
    if wrapped:
        assert matrix.index.equals(frame.index)


class Recorder(ClassifierMixin, BaseEstimator):
    """Remember what was seen; a window is found again by its sample."""

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        return self

    def predict(self, X):
        seen = {}
        for position, window in zip(X.positions, np.asarray(X), strict=True):
            seen[int(position)] = window
        self.seen_ = seen
        return np.resize(self.classes_, len(X))


SPLITTERS = [
    KFold(3, shuffle=True, random_state=0),
    TimeSeriesSplit(3),
    PurgedSplit(3, purged_size=4, embargo_size=2),
]


@pytest.mark.parametrize("cv", SPLITTERS, ids=lambda cv: type(cv).__name__)
def test_a_test_sample_sees_the_window_it_has_on_the_whole_panel(labelled, cv):
    X, y = labelled
    whole = dict(zip(X.positions, Windower(6).transform(X).gather(), strict=True))
    model = make_pipeline(Windower(6), Recorder())
    result = cross_validate(model, X, y, cv=cv, return_estimator=True)
    n_seen = 0
    for fitted in result["estimator"]:
        for position, window in fitted[-1].seen_.items():
            np.testing.assert_array_equal(window, whole[position])
            n_seen += 1
    assert n_seen >= len(X) // 2


def test_an_array_is_spliced_in_the_same_cross_validation(labelled):
    bars = labelled[0].to_numpy()
    whole = Windower(6).transform(bars).gather()
    test = np.arange(0, len(bars), 3)
    assert not np.array_equal(Windower(6).transform(bars[test]).gather(), whole[test])


def test_clone_keeps_the_parameters():
    windower = Windower(7, lag=2, incomplete="error", flatten=True)
    assert clone(windower).get_params() == windower.get_params()
    assert repr(Windower(7)) == "Windower(window_length=7)"


def test_the_html_of_a_pipeline_can_be_drawn(panel):
    model = Pipeline(
        [("row", RowTransformer(StandardScaler())), ("window", Windower())]
    )
    assert "StandardScaler" in model.fit(panel)._repr_html_()
