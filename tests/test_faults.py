"""Faulty data, and what every family says about them.

Each fault has its own test over all families that it may reach: the type of the error,
the names in its message, the same answer in fit and in predict, and the clean samples
passing through the same code. Columns that differ between fit and predict, targets of
other bars and windows of another length are refused in `test_common`.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.impute import SimpleImputer
from sklearn.model_selection import cross_validate
from sklearn.pipeline import make_pipeline

from families import (
    NAMES,
    NO_NAN,
    OWN,
    make_frame,
    make_labels,
    make_samples,
    quick,
)
from sk_ensemble import Panel, PurgedSplit, RowTransformer, Windower
from sk_ensemble.exceptions import DataError, EmptyFoldError, LabelSpanError
from sk_ensemble.metrics import neg_log_loss_scorer

ROW = 7


@pytest.fixture(scope="module")
def samples() -> tuple[Panel, np.ndarray]:
    """Return samples without label ends, so that nothing is held out."""
    X, y = make_samples()
    return Panel(X.history, X.positions), y


def place(X: Panel) -> str:
    """Name the bar of the spoilt sample as messages do."""
    time = pd.Timestamp(X.times[ROW]).strftime("%Y-%m-%d %H:%M")
    return rf"symbol '{X.symbols[ROW]}' at {time}"


def spoilt(X: Panel, value: float) -> dict[str, tuple[Any, Any, str, str]]:
    """Return clean and spoilt samples of every kind, with the names of the fault.

    The value stands in the second feature of one bar; a window of two bars is spoilt
    with it.
    """
    frame = X.to_frame().astype("float64")
    bad = frame.copy()
    bad.iloc[ROW, 1] = value
    bare, bad_bare = (f.reset_index(drop=True) for f in (frame, bad))
    block = X.history.block.astype("float64")
    block[X.positions[ROW], 1] = value
    bad_panel = Panel(X.history.with_block(block, X.columns), X.positions)
    deep, bad_deep = (f.to_numpy()[:, None].repeat(2, axis=1) for f in (frame, bad))
    by_key, by_row = ("'close' has 1 ", place(X)), ("'close' has 1 ", f"row {ROW}")
    return {
        "panel": (X, bad_panel, *by_key),
        "windows": (
            Windower(1).transform(X),
            Windower(1).transform(bad_panel),
            *by_key,
        ),
        "indexed frame": (frame, bad, *by_key),
        "frame": (bare, bad_bare, *by_row),
        "table": (frame.to_numpy(), bad.to_numpy(), "number 1 has 1 ", f"row {ROW}"),
        "array": (deep, bad_deep, "number 1 has 2 ", f"row {ROW}, bar 0"),
    }


def refused(name: str, kinds: dict[str, Any], y: np.ndarray, words: list[str]) -> None:
    """Check that fit and predict refuse the spoilt samples, and only these."""
    for clean, bad, *names in kinds.values():
        model = quick(name).fit(clean, y)
        messages = []
        for attempt in (lambda b=bad: quick(name).fit(b, y), None):
            with pytest.raises(DataError) as error:
                attempt() if attempt else model.predict_proba(bad)
            messages.append(str(error.value))
        assert messages[0] == messages[1]
        for word in [*names, *words]:
            assert word in messages[0]
        model.predict_proba(clean)


class TestValues:
    @pytest.mark.parametrize("value", [np.inf, -np.inf])
    @pytest.mark.parametrize("name", NAMES)
    def test_infinity_is_refused_by_name(self, name, value, samples):
        X, y = samples
        refused(name, spoilt(X, value), y, ["infinity", "Replace it"])

    @pytest.mark.parametrize("name", NAMES)
    def test_a_value_beyond_float32_is_refused_by_name(self, name, samples):
        X, y = samples
        refused(name, spoilt(X, 1e39), y, ["1e+39, too large for float32", "Rescale"])

    @pytest.mark.parametrize("value", [np.inf, 1e39])
    def test_a_panel_refuses_such_values_before_any_model(self, value):
        frame = make_frame()
        frame.loc[ROW, "close"] = value
        told = rf"'close' has 1 infinite .* row {ROW} \(symbol 'A'"
        with pytest.raises(DataError, match=told):
            Panel.from_frame(frame)
        Panel.from_frame(make_frame())

    @pytest.mark.parametrize("name", NO_NAN)
    def test_nan_is_refused_by_name_where_a_model_cannot_take_it(self, name, samples):
        X, y = samples
        refused(name, spoilt(X, np.nan), y, ["NaN", "RowTransformer(SimpleImputer())"])

    @pytest.mark.parametrize("name", NO_NAN)
    def test_the_imputer_that_the_message_names_does_help(self, name, samples):
        X, y = samples
        _, bad, *_ = spoilt(X, np.nan)["panel"]
        model = make_pipeline(RowTransformer(SimpleImputer()), Windower(2), quick(name))
        assert np.isfinite(model.fit(bad, y).predict_proba(bad)).all()

    @pytest.mark.parametrize("name", sorted(set(NAMES) - set(NO_NAN)))
    def test_nan_is_taken_where_the_registry_says_so(self, name, samples):
        X, y = samples
        for _, bad, *_ in spoilt(X, np.nan).values():
            assert np.isfinite(quick(name).fit(bad, y).predict_proba(bad)).all()

    @pytest.mark.parametrize("name", NAMES)
    def test_a_feature_without_a_value_is_refused_by_name(self, name, samples):
        X, y = samples
        frame = X.to_frame()
        with pytest.raises(DataError, match=r"(without any value|NaN).*'close'"):
            quick(name).fit(frame.assign(close=np.nan), y)
        quick(name).fit(frame, y)

    @pytest.mark.parametrize("name", NAMES)
    def test_constant_features_are_fitted_with_one_warning(self, name, samples):
        X, y = samples
        frame = X.to_frame().assign(close=1.0, volume=2.0)
        with pytest.warns(UserWarning, match=r"constant.*'close', 'volume'") as caught:
            model = quick(name).fit(frame, y)
        assert len(caught) == 1
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert np.isfinite(model.predict_proba(frame)).all()
            quick(name).fit(X.to_frame(), y)


class TestColumns:
    @pytest.mark.parametrize("name", NAMES)
    def test_columns_that_are_no_features_are_refused_by_name(self, name, samples):
        X, y = samples
        frame = X.to_frame()
        model = quick(name).fit(frame, y)
        for bad, told in [
            (frame.assign(close="x"), "'close' has dtype str"),
            (frame.assign(close=pd.Timestamp("2024")), "'close' has dtype datetime64"),
            (frame.set_axis(["open", "close", "open"], axis=1), r"\['open'\] occur"),
        ]:
            for method in (lambda b: quick(name).fit(b, y), model.predict_proba):
                with pytest.raises(DataError, match=told):
                    method(bad)
        model.predict_proba(frame)

    @pytest.mark.parametrize(
        "change", [{"close": "x"}, {"close": pd.Timestamp("2024")}]
    )
    def test_a_panel_refuses_them_too(self, change):
        frame = make_frame()
        with pytest.raises(DataError, match=r"'close' has dtype.*symbol 'A'"):
            Panel.from_frame(frame.assign(**change))
        twice = pd.concat([frame, frame[["close"]]], axis=1)
        with pytest.raises(DataError, match=r"\['close'\] occur more than once"):
            Panel.from_frame(twice)

    @pytest.mark.parametrize("name", NAMES)
    def test_lengths_that_differ_are_told(self, name, samples):
        X, y = samples
        n = len(X)
        for kind in (X, Windower(2).transform(X), X.to_frame(), X.to_numpy()):
            with pytest.raises(ValueError, match=rf"\[{n}, {n - 5}\]"):
                quick(name).fit(kind, y[:-5])
        series = pd.Series(y, index=X.to_frame().index)
        with pytest.raises(DataError, match=rf"y has {n - 5} rows and X has {n}"):
            quick(name).fit(X, series[:-5])


class TestClasses:
    @pytest.mark.parametrize("name", OWN)
    def test_a_fold_of_one_class_is_learnt_as_what_it_is(self, name, samples):
        X, y = samples
        for weights in (None, np.where(y == 1, 1.0, 0.0)):
            targets = np.ones(len(y), dtype=int) if weights is None else y
            model = quick(name).fit(X, targets, sample_weight=weights)
            assert (model.predict(X) == 1).all()
            proba = model.predict_proba(X)
            assert np.array_equal(proba.max(axis=1), np.ones(len(X)))
            assert proba.shape == (len(X), len(model.classes_))

    @pytest.mark.parametrize("name", NAMES)
    def test_a_class_that_a_fold_lacks_does_not_spoil_the_score(self, name):
        X, y = make_samples()
        late = np.where(X.times_ns > np.quantile(X.times_ns, 0.6), y, np.minimum(y, 0))
        assert set(late[: len(y) // 2]) == {-1, 0}
        model = make_pipeline(Windower(2), quick(name))
        cv = [(np.arange(len(y) // 2), np.arange(len(y) // 2, len(y)))]
        found = cross_validate(
            model, X, late, cv=cv, scoring=neg_log_loss_scorer(), error_score="raise"
        )
        assert np.isfinite(found["test_score"]).all()


class TestTimes:
    def bars_and_labels(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        frame = make_frame()
        return frame, make_labels(frame)

    def proba(self, frame: pd.DataFrame, labels: pd.DataFrame, name: str) -> np.ndarray:
        X, y = Panel.from_frame(frame).align(labels)
        return make_pipeline(Windower(3), quick(name)).fit(X, y).predict_proba(X)

    @pytest.mark.parametrize("name", NAMES)
    @pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
    def test_units_of_time_give_identical_bytes(self, name, unit):
        frame, labels = self.bars_and_labels()
        in_unit = frame.assign(datetime=frame["datetime"].dt.as_unit(unit))
        expected = self.proba(frame, labels, name)
        assert self.proba(in_unit, labels, name).tobytes() == expected.tobytes()

    @pytest.mark.parametrize("name", NAMES)
    def test_zones_of_the_same_instants_give_identical_bytes(self, name):
        frame, labels = self.bars_and_labels()
        expected = self.proba(frame, labels, name).tobytes()
        for change in (
            lambda t: t.dt.tz_convert("America/New_York"),
            lambda t: t.dt.tz_localize(None),
        ):
            other = frame.assign(datetime=change(frame["datetime"]))
            assert self.proba(other, labels, name).tobytes() == expected

    def test_the_same_wall_time_in_another_zone_is_another_time(self):
        frame, _ = self.bars_and_labels()
        walls = frame["datetime"].dt.tz_localize(None).dt.tz_localize("Asia/Tokyo")
        moved = Panel.from_frame(frame.assign(datetime=walls))
        assert (
            moved.times + np.timedelta64(9, "h") == Panel.from_frame(frame).times
        ).all()

    @pytest.mark.parametrize("name", NAMES)
    def test_unsorted_bars_are_sorted(self, name):
        frame, labels = self.bars_and_labels()
        expected = self.proba(frame, labels, name)
        mixed = frame.sample(frac=1, random_state=0)
        assert self.proba(mixed, labels, name).tobytes() == expected.tobytes()

    def test_repeated_bars_are_refused_with_the_first_pairs(self):
        frame, _ = self.bars_and_labels()
        with pytest.raises(DataError, match=r"'A'.*2024-01-01"):
            Panel.from_frame(pd.concat([frame, frame[:2]]))

    def test_naive_and_aware_times_together_are_refused(self):
        frame, _ = self.bars_and_labels()
        half = len(frame) // 2
        naive = frame["datetime"][:half].dt.tz_localize(None).astype(object)
        both = pd.concat([naive, frame["datetime"][half:].astype(object)])
        with pytest.raises(DataError, match=r"mixes time zones.*row 0 \(symbol 'A'\)"):
            Panel.from_frame(frame.assign(datetime=both))

    def test_a_repeated_hour_is_kept_apart_in_utc_and_refused_as_wall_time(self):
        aware = pd.date_range(
            "2024-11-03 00:30", periods=6, freq="30min", tz="America/New_York"
        )
        frame = pd.DataFrame({"symbol": "A", "datetime": aware, "close": 1.0})
        panel = Panel.from_frame(frame)
        assert (np.diff(panel.times_ns) == 30 * 60 * 10**9).all()
        wall = frame.assign(datetime=aware.tz_localize(None))
        with pytest.raises(DataError, match="2024-11-03 01:00"):
            Panel.from_frame(wall)


class TestLabelsAndFolds:
    def test_a_fold_that_purging_empties_is_refused_before_any_fit(self):
        X, y = make_samples(n_bars=60)

        class Counting(type(quick("prior"))):
            n_fits = 0

            def fit(self, *args, **kwargs):
                type(self).n_fits += 1
                return super().fit(*args, **kwargs)

        cv = PurgedSplit(3, purged_size=60)
        with pytest.raises(EmptyFoldError, match=r"[Ff]old"):
            cross_validate(Counting(), X, y, cv=cv, error_score="raise")
        assert Counting.n_fits == 0
        cross_validate(Counting(), X, y, cv=PurgedSplit(3, purged_size=2))
        assert Counting.n_fits == 3

    @pytest.mark.parametrize("end", [pd.NaT, pd.Timestamp("2020-01-01", tz="UTC")])
    def test_a_faulty_label_end_is_refused_by_symbol_and_time(self, end):
        frame = make_frame()
        labels = make_labels(frame)
        panel = Panel.from_frame(frame)
        panel.align(labels)
        bad = labels.copy()
        bad.loc[labels.index[9], "label_end"] = end
        symbol, time = labels.iloc[9][["symbol", "datetime"]]
        told = rf"'{symbol}' at {time:%Y-%m-%d %H:%M}"
        with pytest.raises(LabelSpanError, match=told):
            panel.align(bad)

    def test_a_symbol_shorter_than_the_window_is_told_or_left_out(self):
        frame = make_frame()
        short = frame[
            (frame["symbol"] == "A") | (frame.groupby("symbol").cumcount() < 8)
        ]
        panel = Panel.from_frame(short)
        labels = make_labels(short)
        X, y = panel.align(labels)
        with pytest.raises(DataError, match=r"fewer than 20 bars.*min_history=20"):
            make_pipeline(Windower(20, incomplete="error"), quick("prior")).fit(X, y)
        X, y = panel.align(labels, min_history=20)
        assert set(X.symbols) == {"A"}
        make_pipeline(Windower(20, incomplete="error"), quick("prior")).fit(X, y)
        with pytest.raises(DataError, match=r"No sample is left.*min_history=999"):
            panel.align(labels, min_history=999)
