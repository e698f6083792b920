"""Prediction of frames, of files in parts, and bar by bar: equal to the last bit."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from families import NAMES, make_frame, make_labels, quick
from sk_ensemble import (
    Panel,
    PurgedSplit,
    PurgedStackingClassifier,
    RowTransformer,
    Windower,
    create,
    save_model,
)
from sk_ensemble.datasets import load_bars
from sk_ensemble.ensemble import SeedEnsembleClassifier
from sk_ensemble.exceptions import DataError, PersistenceError
from sk_ensemble.labeling import fixed_horizon_labels
from sk_ensemble.preprocessing import bar_features
from sk_ensemble.production import OnlinePredictor, predict, predict_file
from sk_ensemble.production._predict_blocks import BLOCK
from sk_ensemble.production._predict_parts import bars_in_reach_of, is_blind_to_others

FRAME = make_frame(0, 250)
X, Y = Panel.from_frame(FRAME).align(make_labels(FRAME))


def fitted(name, window_length=6, **how):
    return make_pipeline(Windower(window_length, **how), quick(name)).fit(X, Y)


@pytest.fixture(scope="module")
def model():
    return fitted("xgboost")


@pytest.fixture(scope="module")
def wide():
    """A matrix product over many columns, which rounds by the number of rows."""
    return fitted("logistic", 40)


def by_bar(online, frame):
    outputs = [online.update(row["symbol"], row) for row in frame.to_dict("records")]
    return [output for output in outputs if output is not None]


def stacked(outputs):
    frames = [output.to_dataframe() for output in outputs]
    return pd.concat(frames, ignore_index=True)


def same(found, expected):
    pd.testing.assert_frame_equal(found, expected, check_exact=True, check_dtype=False)


@pytest.mark.parametrize(
    "name", ["logistic", pytest.param("lstm", marks=pytest.mark.slow)]
)
def test_a_measure_of_its_own_takes_the_place_of_the_entropy(name):
    inner = make_pipeline(Windower(6), quick(name))
    model = SeedEnsembleClassifier(inner, n_seeds=2, random_state=0).fit(X, Y)
    expected = predict(model, FRAME, horizon=3).to_dataframe()
    rows = Panel.from_frame(FRAME).align(make_labels(FRAME), min_history=6)[0]
    keys = pd.MultiIndex.from_frame(expected[["symbol", "datetime"]])
    found = pd.Series(expected["uncertainty"].to_numpy(), index=keys)
    own = pd.Series(model.predict_uncertainty(rows), index=rows.index)
    np.testing.assert_allclose(found[own.index], own, atol=1e-6)
    assert (own > 0).any() == (name == "lstm")
    online = OnlinePredictor(model, horizon=3)
    same(stacked(by_bar(online, FRAME)), expected)


#: One of each kind; the others take longer.
QUICK = ("clock", "logistic", "xgboost", "lstm", "random_forest")


@pytest.mark.parametrize(
    "name",
    [n if n in QUICK else pytest.param(n, marks=pytest.mark.slow) for n in NAMES],
)
def test_bar_by_bar_is_equal_to_the_frame_in_every_family(name):
    model = fitted(name)
    expected = predict(model, FRAME, horizon=3).to_dataframe()
    online = OnlinePredictor(model, horizon=3)
    online.warm_up(FRAME[FRAME["datetime"] < FRAME["datetime"].iloc[180]])
    later = FRAME[FRAME["datetime"] >= FRAME["datetime"].iloc[180]]
    found = stacked(by_bar(online, later))
    known = expected["datetime"] >= FRAME["datetime"].iloc[180]
    same(found, expected[known].reset_index(drop=True))


def test_bar_by_bar_is_equal_in_a_stack_behind_scaled_columns():
    scale = ColumnTransformer([("z", StandardScaler(), ["open", "close"])])
    members = [(name, quick(name)) for name in ("xgboost", "logistic", "lstm")]
    stack = PurgedStackingClassifier(members, cv=PurgedSplit(3))
    model = make_pipeline(RowTransformer(scale), Windower(4, lag=1), stack)
    model.fit(*Panel.from_frame(FRAME).align(make_labels(FRAME), min_history=2))
    expected = predict(model, FRAME, min_history=2).to_dataframe()
    found = stacked(by_bar(OnlinePredictor(model, min_history=2), FRAME[:60]))
    assert len(found) > 50
    same(found, expected[: len(found)])


def test_a_frame_is_predicted_as_by_the_model_itself(model):
    panel = Panel.from_frame(FRAME)
    depth = panel.positions - panel.segment_starts + 1
    samples = panel[depth >= 6]
    output = predict(model, FRAME.sample(frac=1, random_state=0)).to_dataframe()
    table = output.set_index(["symbol", "datetime"])[["p_-1", "p_0", "p_1"]]
    expected = model.predict_proba(samples)
    np.testing.assert_array_equal(table.loc[samples.index].to_numpy(), expected)


def test_rows_come_in_the_order_of_the_frame(model):
    frame = FRAME.sample(frac=1, random_state=3)
    output = predict(model, frame, min_history=1)
    assert output.symbols.tolist() == frame["symbol"].tolist()
    assert len(output) == len(frame)


@settings(max_examples=12, deadline=None)
@given(size=st.integers(9, 520), name=st.sampled_from(["model", "wide"]))
def test_where_a_file_is_cut_makes_no_difference(size, name, cases, request):
    folder, expected = cases
    model = request.getfixturevalue(name)
    out = folder / "out.parquet"
    n_rows = predict_file(model, folder / "new.parquet", out, chunk_size=size)
    assert n_rows == len(expected[name])
    same(pd.read_parquet(out), expected[name])


@pytest.fixture(scope="module")
def cases(tmp_path_factory, model, wide):
    folder = tmp_path_factory.mktemp("files")
    FRAME.assign(note="x").to_parquet(folder / "new.parquet")
    models = {"model": model, "wide": wide}
    return folder, {n: predict(m, FRAME).to_dataframe() for n, m in models.items()}


@settings(max_examples=10, deadline=None)
@given(cuts=st.lists(st.integers(0, len(FRAME)), max_size=6), gap=st.booleans())
def test_history_and_gaps_reach_across_cuts(model, cuts, gap):
    from sk_ensemble.production._predict_chunks import ChunkPredictor
    from sk_ensemble.production._predict_model import served_model

    ordered = FRAME.sort_values("datetime", kind="stable")
    served = served_model(model, max_gap="7min" if gap else None)
    whole = ChunkPredictor(served).predict(ordered).to_dataframe()
    parts = ChunkPredictor(served)
    bounds = [0, *sorted(cuts), len(ordered)]
    outputs = [
        parts.predict(ordered.iloc[first:last])
        for first, last in pairwise(bounds)
        if last > first
    ]
    same(stacked(outputs), whole)
    assert gap == (len(whole) < len(FRAME) - 10)


def test_a_model_that_rounds_by_rows_is_asked_for_blocks(wide):
    """A positive control: such models exist, and they are told apart."""
    asked = []

    class Spy:
        def predict_proba(self, panel):
            asked.append(len(panel))
            return wide.predict_proba(panel)

    from sk_ensemble.production._predict_blocks import predicted

    predicted(Spy().predict_proba, Panel.from_frame(FRAME)[100:190], 40, is_blind=False)
    assert asked == [BLOCK, BLOCK]
    assert not is_blind_to_others(wide)
    assert not is_blind_to_others(LogisticRegression())
    assert is_blind_to_others(fitted("lstm"))


def test_wide_matrix_products_have_equal_bits_bar_by_bar():
    """With 1,240 columns the model itself rounds by the number of rows, as a rule."""
    bars = load_bars(["IF"], start="2021-08")
    features = bar_features(bars)
    X, y = Panel.from_frame(features).align(fixed_horizon_labels(bars, horizon=5))
    model = make_pipeline(Windower(40), create("logistic", max_iter=5, tol=1e9))
    expected = predict(model.fit(X, y), features).probabilities[-100:]
    online = OnlinePredictor(model)
    online.warm_up(features[:-100])
    found = by_bar(online, features[-100:])
    np.testing.assert_array_equal(
        np.concatenate([output.probabilities for output in found]), expected
    )


def test_history_is_reached_into_and_not_predicted(model):
    cut = FRAME["datetime"] < FRAME["datetime"].iloc[100]
    expected = predict(model, FRAME).to_dataframe()
    later = expected["datetime"] >= FRAME["datetime"].iloc[100]
    found = predict(model, FRAME[~cut], history=FRAME[cut]).to_dataframe()
    same(found, expected[later].reset_index(drop=True))
    assert len(predict(model, FRAME[~cut])) < len(found)


def test_columns_are_found_by_name(model):
    shuffled = FRAME[["volume", "datetime", "close", "symbol", "open"]]
    same(
        predict(model, shuffled.assign(label=1)).to_dataframe(),
        predict(model, FRAME).to_dataframe(),
    )


def test_missing_and_wrong_columns_are_named(model):
    with pytest.raises(DataError, match=r"'close' \(is it 'closes'\?\), 'volume'"):
        predict(model, FRAME.rename(columns={"close": "closes"}).drop(columns="volume"))
    with pytest.raises(DataError, match=r"Feature 'close' has dtype"):
        predict(model, FRAME.assign(close="x"))
    with pytest.raises(DataError, match="Feature 'open' has 1 infinite"):
        predict(model, FRAME.assign(open=FRAME["open"].where(FRAME.index != 5, np.inf)))
    with pytest.raises(DataError, match="duplicate"):
        predict(model, pd.concat([FRAME, FRAME[:1]]))
    with pytest.raises(DataError, match="takes a DataFrame"):
        predict(model, FRAME.to_numpy())


def test_files_with_faults_are_named_and_nothing_is_written(model, tmp_path):
    data, out = tmp_path / "new.parquet", tmp_path / "out.parquet"
    out.write_text("older")
    with pytest.raises(DataError, match=r"no file .*new\.parquet"):
        predict_file(model, data, out)
    FRAME[::-1].to_parquet(data)
    with pytest.raises(DataError, match=r"new\.parquet .*counted from row 50.*later"):
        predict_file(model, data, out, chunk_size=50)
    FRAME.drop(columns="close").to_parquet(data)
    with pytest.raises(DataError, match=r"new\.parquet: Features missing: 'close'"):
        predict_file(model, data, out)
    FRAME[:0].to_parquet(data)
    with pytest.raises(DataError, match="no rows"):
        predict_file(model, data, out)
    data.write_bytes(b"PAR1 and nothing")
    with pytest.raises(DataError, match="no readable parquet"):
        predict_file(model, data, out)
    assert out.read_text() == "older"
    assert sorted(path.name for path in tmp_path.iterdir()) == [data.name, out.name]


def test_a_saved_model_knows_its_horizon(model, tmp_path):
    save_model(model, tmp_path / "m", {"horizon": 7})
    output = predict(tmp_path / "m", FRAME)
    assert set(output.horizons) == {7}
    same(output.to_dataframe(), predict(model, FRAME, horizon=7).to_dataframe())
    with pytest.raises(PersistenceError, match="There is no saved model"):
        predict(tmp_path / "other", FRAME)


def test_a_model_without_names_or_with_other_classes_is_refused():
    values = FRAME[["open", "close"]].to_numpy()
    model = quick("xgboost").fit(values, np.sign(values[:, 0]).astype(int))
    with pytest.raises(DataError, match="without names, and none are given"):
        predict(model, FRAME)
    output = predict(model, FRAME, features=["open", "close"])
    assert (output.probabilities[:, 1] == 0).all()
    model = quick("xgboost").fit(values, np.where(values[:, 0] > 0, 5, 6))
    with pytest.raises(DataError, match=r"classes \[5, 6\]"):
        predict(model, FRAME, features=["open", "close"])


def test_the_reach_is_that_of_the_longest_window():
    members = [
        ("a", make_pipeline(Windower(5), quick("xgboost"))),
        ("b", make_pipeline(Windower(9, lag=2), quick("volatility"))),
    ]
    stack = PurgedStackingClassifier(members, cv=PurgedSplit(3))
    assert bars_in_reach_of(stack) == 11


def test_a_file_may_have_categories_and_no_prediction_at_all(model, tmp_path):
    data, out = tmp_path / "new.parquet", tmp_path / "out.parquet"
    FRAME[:4].assign(symbol=FRAME["symbol"].astype("category")).to_parquet(data)
    assert predict_file(model, data, out) == 0
    table = pq.read_table(out)
    assert table.num_rows == 0
    assert str(table.schema.field("symbol").type) in ("string", "large_string")
