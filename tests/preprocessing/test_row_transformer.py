from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
import sklearn
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA
from sklearn.exceptions import NotFittedError
from sklearn.feature_selection import SelectKBest
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    OneHotEncoder,
    RobustScaler,
    StandardScaler,
)

from sk_ensemble import Panel, RowTransformer, Windower
from sk_ensemble.exceptions import DataError
from sk_ensemble.preprocessing import _row_transformer


@pytest.fixture
def frame():
    times = pd.date_range("2024-01-01", periods=30, freq="5min")
    index = pd.MultiIndex.from_product(
        [["B", "A"], times], names=["symbol", "datetime"]
    )
    values = np.random.default_rng(0).normal(5, 3, size=(len(index), 3))
    values[:30] += 100
    return pd.DataFrame(values, index=index, columns=["open", "close", "volume"])


@pytest.fixture
def panel(frame):
    return Panel.from_frame(frame, dtype="float64")


@pytest.fixture
def y(panel):
    return (np.arange(len(panel)) % 3 == 0).astype(int)


def test_the_result_is_the_transform_done_by_hand(panel):
    rows = np.array([40, 3, 17, 22])
    scaled = RowTransformer(StandardScaler()).fit_transform(panel[rows])
    expected = StandardScaler().fit_transform(panel.to_numpy()[rows])
    assert isinstance(scaled, Panel)
    np.testing.assert_allclose(scaled.to_numpy(), expected)
    np.testing.assert_array_equal(scaled.positions, panel.positions[rows])


def test_only_training_samples_are_fitted_on_though_the_history_is_transformed(panel):
    train, test = panel[:40], panel[40:]
    row = RowTransformer(StandardScaler()).fit(train)
    np.testing.assert_allclose(row.transformer_.mean_, train.to_numpy().mean(axis=0))
    by_hand = StandardScaler().fit(train.to_numpy())
    windows = Windower(5).transform(row.transform(test)).gather()
    expected = Windower(5).transform(test).gather()
    expected = by_hand.transform(expected.reshape(-1, 3)).reshape(expected.shape)
    np.testing.assert_allclose(windows, expected)
    everything = StandardScaler().fit(panel.to_numpy())
    assert not np.allclose(row.transformer_.mean_, everything.mean_)


def test_bars_after_the_last_sample_of_a_symbol_are_not_touched(panel):
    rows = np.flatnonzero((panel.symbols == "A") & (np.arange(60) < 20))
    seen = []
    spy = FunctionTransformer(lambda bars: seen.append(len(bars)) or bars)
    changed = RowTransformer(spy).fit(panel).transform(panel[rows]).history
    touched = np.isfinite(changed.block).all(axis=1)
    assert np.flatnonzero(touched).tolist() == list(
        range(panel.positions[rows].max() + 1)
    )
    assert sum(seen) == touched.sum() < panel.history.n_bars


def test_bars_of_an_earlier_segment_are_not_touched(frame):
    panel = Panel.from_frame(frame.drop(frame.index[10:15]), max_gap="10min")
    last = panel[-1:]
    changed = RowTransformer(StandardScaler()).fit(panel).transform(last).history
    touched = np.flatnonzero(np.isfinite(changed.block[:, 0]))
    start = panel.history.segment_start[last.positions[0]]
    assert touched.tolist() == list(range(start, last.positions[0] + 1))


def test_long_histories_are_transformed_in_chunks_with_equal_result(panel, monkeypatch):
    row = RowTransformer(PCA(2)).fit(panel)
    whole = row.transform(panel)
    monkeypatch.setattr(_row_transformer, "_CHUNK", 7)
    np.testing.assert_allclose(row.transform(panel).to_numpy(), whole.to_numpy())


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_result_has_the_type_of_the_panel(frame, dtype):
    panel = Panel.from_frame(frame, dtype=dtype)
    result = RowTransformer(SimpleImputer()).fit_transform(panel)
    assert result.dtype == dtype
    assert result.history.block.flags.c_contiguous


def test_columns_are_chosen_by_name(panel):
    columns = ColumnTransformer(
        [("scale", StandardScaler(), ["close"])], remainder="passthrough"
    )
    result = RowTransformer(columns).fit_transform(panel)
    assert result.columns == ("scale__close", "remainder__open", "remainder__volume")
    np.testing.assert_array_equal(result.to_numpy()[:, 1], panel.to_numpy()[:, 0])
    np.testing.assert_allclose(result.to_numpy()[:, 0].mean(), 0, atol=1e-12)


def test_the_number_of_columns_may_change(panel):
    row = RowTransformer(PCA(2)).fit(panel)
    assert row.transform(panel).shape == (60, 2)
    assert row.transform(panel).columns == ("pca0", "pca1")
    assert row.n_features_in_ == 3
    assert row.feature_names_in_.tolist() == ["open", "close", "volume"]


def double(bars):
    return bars * 2


NAMELESS = {
    "function on a frame": (FunctionTransformer(double), ("open", "close", "volume")),
    "array of equal width": (
        FunctionTransformer(lambda bars: bars.to_numpy() * 2),
        ("open", "close", "volume"),
    ),
    "array of another width": (
        FunctionTransformer(lambda bars: bars.to_numpy()[:, :2] * 2),
        ("x0", "x1"),
    ),
    "pipeline with a nameless step": (
        make_pipeline(SimpleImputer(), FunctionTransformer(double)),
        ("open", "close", "volume"),
    ),
}


@pytest.mark.parametrize(("transformer", "names"), NAMELESS.values(), ids=NAMELESS)
def test_a_transformer_without_names_keeps_or_numbers_the_columns(
    panel, transformer, names
):
    result = RowTransformer(transformer).fit_transform(panel)
    assert result.columns == names
    expected = panel.to_numpy()[:, : len(names)] * 2
    np.testing.assert_allclose(result.to_numpy(), expected)


def test_sparse_results_are_taken(panel):
    coarse = Panel.from_frame(panel.to_frame().round(-1)[["open"]])
    encoder = OneHotEncoder(handle_unknown="ignore")
    result = RowTransformer(encoder).fit_transform(coarse)
    assert (result.to_numpy().sum(axis=1) == 1).all()


def test_targets_are_passed_on(panel, y):
    chosen = RowTransformer(SelectKBest(k=1)).fit(panel, y).transformer_
    by_hand = SelectKBest(k=1).fit(panel.to_numpy(), y)
    np.testing.assert_allclose(chosen.scores_, by_hand.scores_)


WEIGHTS = np.linspace(0, 1, 60)


def weighted_mean(panel):
    return np.average(panel.to_numpy(), axis=0, weights=WEIGHTS)


def test_weights_are_passed_on(panel, y):
    row = RowTransformer(StandardScaler()).fit(panel, y, sample_weight=WEIGHTS)
    np.testing.assert_allclose(row.transformer_.mean_, weighted_mean(panel))
    assert not np.allclose(panel.to_numpy().mean(axis=0), weighted_mean(panel))


def pipeline(by=None):
    return make_pipeline(
        RowTransformer(StandardScaler(), by=by),
        Windower(2, flatten=True),
        LogisticRegression(),
    )


def test_weights_pass_through_a_pipeline(panel, y):
    model = pipeline().fit(panel, y, rowtransformer__sample_weight=WEIGHTS)
    np.testing.assert_allclose(model[0].transformer_.mean_, weighted_mean(panel))


@pytest.mark.parametrize("requested", [True, False])
def test_weights_pass_through_metadata_routing_if_requested(panel, y, requested):
    with sklearn.config_context(enable_metadata_routing=True):
        scaler = StandardScaler().set_fit_request(sample_weight=requested)
        model = make_pipeline(
            RowTransformer(scaler),
            Windower(2, flatten=True),
            LogisticRegression().set_fit_request(sample_weight=True),
        )
        model.fit(panel, y, sample_weight=WEIGHTS)
    mean = weighted_mean(panel) if requested else panel.to_numpy().mean(axis=0)
    np.testing.assert_allclose(model[0].transformer_.mean_, mean)


def test_by_symbol_fits_one_transformer_per_symbol(panel, frame):
    row = RowTransformer(StandardScaler(), by="symbol")
    result = row.fit_transform(panel)
    assert list(row.transformers_) == ["A", "B"]
    for symbol in "AB":
        own = frame.loc[symbol]
        expected = StandardScaler().fit_transform(own.to_numpy())
        np.testing.assert_allclose(
            result.to_numpy()[result.symbols == symbol], expected
        )
    assert not hasattr(row, "transformer_")


def test_by_symbol_cuts_targets_and_weights(panel):
    row = RowTransformer(StandardScaler(), by="symbol")
    row.fit(panel, np.arange(60), sample_weight=WEIGHTS)
    own = panel.symbols == "A"
    expected = np.average(panel.to_numpy()[own], axis=0, weights=WEIGHTS[own])
    np.testing.assert_allclose(row.transformers_["A"].mean_, expected)


def test_by_symbol_takes_an_indexed_frame_in_any_order(panel, frame):
    mixed = frame.sample(frac=1, random_state=0)
    result = RowTransformer(StandardScaler(), by="symbol").fit_transform(mixed)
    expected = RowTransformer(StandardScaler(), by="symbol").fit_transform(panel)
    table = pd.DataFrame(result, index=mixed.index, columns=mixed.columns)
    np.testing.assert_allclose(
        Panel.from_frame(table).to_numpy(), expected.to_numpy(), rtol=1e-5
    )


def test_by_symbol_refuses_what_has_no_symbols(frame):
    with pytest.raises(DataError, match="got ndarray without symbols"):
        RowTransformer(StandardScaler(), by="symbol").fit(frame.to_numpy())


def test_an_unseen_symbol_is_refused_by_name(panel):
    row = RowTransformer(StandardScaler(), by="symbol").fit(panel[panel.symbols == "A"])
    with pytest.raises(DataError, match=r"Symbol 'B' was not .*\['A'\]"):
        row.transform(panel)
    assert len(row.transform(panel[panel.symbols == "A"])) == 30


def test_by_symbol_refuses_other_features_per_symbol(panel):
    row = RowTransformer(PCA(0.6), by="symbol").fit(panel)
    row.transformers_["B"] = PCA(1).fit(panel.to_frame())
    row.transformers_["A"] = PCA(2).fit(panel.to_frame())
    with pytest.raises(DataError, match=r"1 features .* symbol 'B' and 2 features"):
        row.transform(panel)


def test_refitting_with_another_by_forgets_the_first_fit(panel):
    row = RowTransformer(StandardScaler()).fit(panel)
    row.set_params(by="symbol").fit(panel)
    assert not hasattr(row, "transformer_")
    assert row.set_params(by=None).fit(panel).transformer_ is not None
    assert not hasattr(row, "transformers_")


def test_the_given_transformer_stays_unfitted(panel):
    scaler = StandardScaler()
    RowTransformer(scaler).fit(panel)
    assert not hasattr(scaler, "mean_")


@pytest.mark.parametrize("output", ["default", "pandas"])
def test_panels_are_never_wrapped_and_arrays_follow_the_options(panel, frame, output):
    expected = RowTransformer(StandardScaler()).fit_transform(panel).to_numpy()
    with sklearn.config_context(transform_output=output):
        result = RowTransformer(StandardScaler()).fit_transform(panel)
    assert isinstance(result, Panel)
    np.testing.assert_array_equal(result.to_numpy(), expected)
    row = RowTransformer(StandardScaler()).set_output(transform=output)
    assert isinstance(row.fit_transform(panel), Panel)
    table = row.fit_transform(frame)
    assert isinstance(table, pd.DataFrame) == (output == "pandas")
    if output == "pandas":
        assert table.columns.tolist() == frame.columns.tolist()
        assert table.index.equals(frame.index)


def test_label_ends_survive(panel, frame):
    labels = pd.DataFrame({"label": 1}, index=frame.index)
    labels["label_end"] = frame.index.get_level_values("datetime")
    X, _ = panel.align(labels)
    changed = RowTransformer(StandardScaler()).fit_transform(X[::-1])
    np.testing.assert_array_equal(changed.label_end, X.label_end[::-1])


class DropRows(TransformerMixin, BaseEstimator):
    def fit(self, X, y=None):
        return self

    def transform(self, X):
        return np.asarray(X)[1:]


REFUSED = {
    "dropped rows": (DropRows(), r"DropRows turned 60 rows into .*59"),
    "text": (FunctionTransformer(lambda bars: bars.astype(str)), "needs numbers"),
    "infinity": (
        FunctionTransformer(lambda bars: bars.mask(bars > 100, np.inf)),
        r"infinite value\(s\), the first in 'open' of symbol 'B' at 2024-01-01",
    ),
}


@pytest.mark.parametrize(("transformer", "message"), REFUSED.values(), ids=REFUSED)
def test_unusable_results_are_refused(panel, transformer, message):
    with pytest.raises(DataError, match=message):
        RowTransformer(transformer).fit_transform(panel)


def test_a_result_too_large_for_float32_is_refused(frame):
    panel = Panel.from_frame(frame)
    square = FunctionTransformer(lambda bars: bars.astype(float) * 1e39)
    with pytest.raises(DataError, match=r"60 |180 .*infinite"):
        RowTransformer(square).fit_transform(panel)


def test_nan_is_left_to_the_transformer(frame):
    frame.iloc[7, 1] = np.nan
    panel = Panel.from_frame(frame)
    assert np.isnan(
        RowTransformer(RobustScaler()).fit_transform(panel).to_numpy()
    ).any()
    filled = RowTransformer(SimpleImputer()).fit_transform(panel)
    assert np.isfinite(filled.to_numpy()).all()


def test_windows_are_refused(panel):
    windows = Windower(2).transform(panel)
    row = RowTransformer(StandardScaler()).fit(panel)
    for action in (row.fit, row.transform):
        with pytest.raises(TypeError, match="before the Windower"):
            action(windows)


def test_other_features_than_in_fit_are_refused(panel, frame):
    row = RowTransformer(StandardScaler()).fit(panel)
    with pytest.raises(DataError, match="in another order"):
        row.transform(Panel.from_frame(frame[["close", "open", "volume"]]))
    with pytest.raises(DataError, match=r"missing: \['open'\]"):
        row.transform(Panel.from_frame(frame[["close", "volume"]]))


def test_other_lengths_are_refused(panel, y):
    with pytest.raises(ValueError, match=r"\[60, 55\]"):
        RowTransformer(StandardScaler()).fit(panel, y[:-5])
    row = RowTransformer(StandardScaler(), by="symbol")
    with pytest.raises(ValueError, match=r"\[60, 60, 55\]"):
        row.fit(panel, y, sample_weight=WEIGHTS[5:])


def test_targets_and_weights_of_other_bars_are_refused(panel, frame):
    by_symbol = pd.Series(WEIGHTS, index=frame.index)
    row = RowTransformer(StandardScaler())
    for given in ({"y": by_symbol}, {"sample_weight": by_symbol}):
        with pytest.raises(DataError, match=r"indexed by other bars.*lookup"):
            row.fit(panel, **given)
    row.fit(panel, sample_weight=panel.lookup(by_symbol))


def test_an_unfitted_transformer_says_so(panel):
    with pytest.raises(NotFittedError):
        RowTransformer(StandardScaler()).transform(panel)


def test_an_empty_panel_is_refused(panel):
    row = RowTransformer(StandardScaler()).fit(panel)
    with pytest.raises(DataError, match="no samples"):
        row.transform(panel[[]])


def test_clone_and_nested_parameters(panel):
    row = RowTransformer(StandardScaler(with_mean=False), by="symbol")
    copy = clone(row).set_params(transformer__with_mean=True)
    assert copy.transformer.with_mean
    assert not row.transformer.with_mean


def test_no_warning_is_raised_by_fitting_and_predicting(panel, y):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        pipeline(by="symbol").fit(panel, y).predict_proba(panel[[3]])
