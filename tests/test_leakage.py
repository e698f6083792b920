"""Nothing that lies ahead reaches a model, from bars to predictions.

Bars are changed where a model must not look, everything is computed again from them,
and no bit of what is predicted may differ. Each such test has a partner in which a
leak is put in on purpose and is seen.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.model_selection import cross_val_predict, cross_val_score
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from families import MODELS, NAMES, costly_ones_slow, quick
from sk_ensemble import Panel, PurgedSplit, RowTransformer, Windower
from sk_ensemble.datasets import load_bars, make_bars
from sk_ensemble.labeling import fixed_horizon_labels, forward_returns
from sk_ensemble.preprocessing import bar_features

SOURCES = ["synthetic", "real"]
PRICES = ["open", "high", "low", "close"]
LENGTH = 5
HORIZON = 5


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Keep histogram boosting from waiting for cores that others use."""
    with threadpool_limits(1):
        yield


@cache
def bars_of(source: str) -> pd.DataFrame:
    """Return a few hundred bars of each of two symbols."""
    if source == "synthetic":
        return make_bars(800, 2, signal=0.6, random_state=0).bars
    return load_bars(["IF", "AG"], start="2020-05-06", end="2020-05-19")


class Samples(NamedTuple):
    """Every bar as a sample, and those that have a label."""

    panel: Panel
    X: Panel
    y: np.ndarray


def features_of(bars: pd.DataFrame) -> pd.DataFrame:
    """Return features, but for the one that synthetic prices keep at zero."""
    return bar_features(bars).drop(columns="unchanged_48")


def samples_of(bars: pd.DataFrame, leak: bool = False) -> Samples:
    """Compute features and labels from bars, with a look ahead if asked for."""
    features = features_of(bars)
    if leak:
        keys = ["symbol", "datetime"]
        ahead = bars.groupby("symbol")["close"].shift(-HORIZON) / bars["close"] - 1
        ahead = bars[keys].assign(ahead=100 * ahead.fillna(0))
        features = features.merge(ahead, on=keys)
    panel = Panel.from_frame(features)
    return Samples(panel, *panel.align(fixed_horizon_labels(bars, HORIZON)))


def replaced(bars: pd.DataFrame, chosen: Any) -> pd.DataFrame:
    """Return the bars with other prices and volumes where chosen."""
    rng = np.random.default_rng(5)
    changed = bars.copy()
    factors = np.exp(rng.normal(scale=0.02, size=(len(bars), 1)))
    changed[PRICES] = np.where(
        np.asarray(chosen)[:, None], bars[PRICES] * factors, bars[PRICES]
    )
    volume = rng.integers(1, 10_000, size=len(bars))
    changed["volume"] = np.where(chosen, volume, bars["volume"])
    return changed


def pipeline(name: str, **params: Any) -> Pipeline:
    return make_pipeline(
        RowTransformer(StandardScaler()), Windower(LENGTH), quick(name, **params)
    )


def cut_of(bars: pd.DataFrame, share: float = 0.6) -> np.datetime64:
    times = np.sort(bars["datetime"].unique().tz_convert("UTC").tz_localize(None))
    return np.datetime64(times[int(share * len(times))])


def known_proba(name: str, samples: Samples, cut: np.datetime64) -> np.ndarray:
    """Train on labels known at a time, and predict every bar up to it."""
    X, y = samples.X, samples.y
    known = X.label_end <= cut
    assert 100 < known.sum() < len(X)
    model = pipeline(name).fit(X[known], y[known])
    return model.predict_proba(samples.panel[samples.panel.times <= cut])


@cache
def true_proba(name: str, source: str, leak: bool = False) -> np.ndarray:
    bars = bars_of(source)
    return known_proba(name, samples_of(bars, leak), cut_of(bars))


@cache
def other_future(source: str, leak: bool = False) -> Samples:
    """Return samples of bars that are replaced after the time of the cut."""
    bars = bars_of(source)
    times = bars["datetime"].dt.tz_convert("UTC").dt.tz_localize(None).to_numpy()
    return samples_of(replaced(bars, times > cut_of(bars)), leak)


class TestTheFuture:
    @pytest.mark.parametrize("source", SOURCES)
    @pytest.mark.parametrize("name", costly_ones_slow(NAMES))
    def test_does_not_move_what_is_learnt_and_predicted_before(self, name, source):
        found = known_proba(name, other_future(source), cut_of(bars_of(source)))
        assert found.tobytes() == true_proba(name, source).tobytes()

    @pytest.mark.parametrize("source", SOURCES)
    def test_was_really_replaced(self, source):
        old, new = samples_of(bars_of(source)).panel, other_future(source).panel
        same = (old.to_numpy() == new.to_numpy()).all(axis=1)
        assert same[old.times <= cut_of(bars_of(source))].all()
        assert not same[old.times > cut_of(bars_of(source))].any()

    @pytest.mark.parametrize("source", SOURCES)
    @pytest.mark.parametrize("name", ["logistic", "lightgbm", "lstm"])
    def test_moves_a_model_with_a_feature_that_looks_ahead(self, name, source):
        found = known_proba(name, other_future(source, True), cut_of(bars_of(source)))
        assert found.tobytes() != true_proba(name, source, True).tobytes()


class TestOtherSymbols:
    @pytest.mark.parametrize("source", SOURCES)
    @pytest.mark.parametrize("name", costly_ones_slow(NAMES))
    def test_do_not_move_the_predictions_of_a_symbol(self, name, source):
        bars = bars_of(source)
        first, second = bars["symbol"].unique()
        before = samples_of(bars)
        after = samples_of(replaced(bars, bars["symbol"] == second))
        known = before.X.label_end <= cut_of(bars)
        model = pipeline(name).fit(before.X[known], before.y[known])
        one, other = (
            model.predict_proba(s.panel[s.panel.symbols == first])
            for s in (before, after)
        )
        assert one.tobytes() == other.tobytes()

    @pytest.mark.parametrize("name", costly_ones_slow(NAMES))
    def test_do_not_move_what_is_learnt_from_a_symbol(self, name):
        bars = bars_of("real")
        first, second = bars["symbol"].unique()
        found = []
        for version in (bars, replaced(bars, bars["symbol"] == second)):
            panel, X, y = samples_of(version)
            mine = X.symbols == first
            model = pipeline(name).fit(X[mine], y[mine])
            found.append(model.predict_proba(panel[panel.symbols == first]).tobytes())
        assert found[0] == found[1]

    def test_have_features_of_their_own_that_did_change(self):
        bars = bars_of("real")
        _, second = bars["symbol"].unique()
        old = samples_of(bars).panel
        new = samples_of(replaced(bars, bars["symbol"] == second)).panel
        changed = (old.to_numpy() != new.to_numpy()).any(axis=1)
        assert set(old.symbols[changed]) == {second}


def middle_fold(X: Panel, embargo_size: Any) -> tuple[np.ndarray, np.ndarray]:
    return list(PurgedSplit(3, embargo_size=embargo_size).split(X))[1]


def bars_of_block(X: Panel, test: np.ndarray) -> np.ndarray:
    """Mark the bars of the history from the first test bar to the last label end."""
    stamps = X.history.times
    return (stamps >= X.times_ns[test].min()) & (stamps <= X.label_end_ns[test].max())


def with_noise(X: Panel, chosen: np.ndarray) -> Panel:
    """Return the samples over a history with noise in the chosen bars."""
    block = X.history.block.copy()
    noise = np.random.default_rng(3).normal(size=(chosen.sum(), block.shape[1]))
    block[chosen] += 10 * noise.astype(block.dtype)
    history = X.history.with_block(block, X.columns)
    return Panel(history, X.positions, X.label_end_ns)


def n_windows_with(X: Panel, rows: np.ndarray, chosen: np.ndarray) -> int:
    """Count windows that hold a chosen bar."""
    held = Windower(LENGTH).transform(X[rows]).bar_rows()
    return int(chosen[held].any(axis=1).sum())


class TestPurgedFolds:
    @pytest.mark.parametrize("source", SOURCES)
    @pytest.mark.parametrize("name", costly_ones_slow(NAMES))
    def test_a_model_trained_around_a_test_block_does_not_know_its_bars(
        self, name, source
    ):
        _, X, y = samples_of(bars_of(source))
        train, test = middle_fold(X, 100)
        block = bars_of_block(X, test)
        assert n_windows_with(X, train, block) == 0
        assert (X.times_ns[train] > X.times_ns[test].max()).sum() > 50
        noisy, labels = with_noise(X, block), y.copy()
        labels[test] = np.roll(y[test], 7)
        one = pipeline(name).fit(X[train], y[train])
        other = pipeline(name).fit(noisy[train], labels[train])
        assert one.predict_proba(X).tobytes() == other.predict_proba(X).tobytes()

    @pytest.mark.parametrize("source", SOURCES)
    @pytest.mark.parametrize("name", ["logistic", "lightgbm", "lstm"])
    def test_without_an_embargo_it_does(self, name, source):
        _, X, y = samples_of(bars_of(source))
        train, test = middle_fold(X, 0)
        block = bars_of_block(X, test)
        assert n_windows_with(X, train, block) > 0
        noisy = with_noise(X, block)
        one = pipeline(name).fit(X[train], y[train])
        other = pipeline(name).fit(noisy[train], y[train])
        assert one.predict_proba(X).tobytes() != other.predict_proba(X).tobytes()


#: Settings with which networks learn something in a few seconds.
TRAINING = {
    "max_epochs": 15,
    "batch_size": 64,
    "learning_rate": 0.03,
    "early_stopping": False,
}

#: Settings with which models that are fitted in no time learn something all the same.
LEARNING: dict[str, dict[str, Any]] = {
    # The default is for bars, where less can be known than from a leak.
    "logistic": {"C": 0.01},
    "alstm": {**TRAINING, "hidden_size": 16},
    "catboost": {"learning_rate": 0.5},
    "gru": {**TRAINING, "hidden_size": 16},
    "hist_gradient_boosting": {"learning_rate": 0.5},
    "inception_time": TRAINING
    | {"n_members": 1, "n_filters": 4, "depth": 3, "kernel_sizes": [8, 4]},
    "lightgbm": {"learning_rate": 0.5},
    "lstm": {**TRAINING, "hidden_size": 16},
    "lstm_fcn": TRAINING | {"channels": [16, 16], "kernel_sizes": [3, 3]},
    "mlp": TRAINING | {"hidden_sizes": [32], "learning_rate": 0.01},
    "nhits": TRAINING | {"learning_rate": 0.01},
    "patch_tst": {
        **TRAINING,
        "patch_len": 8,
        "stride": 8,
        "d_model": 16,
        "d_ff": 16,
        "learning_rate": 0.01,
        # The leak is one value of many bars: normalised, its size would be gone.
        "revin": False,
    },
    "tft": TRAINING | {"hidden_size": 4, "max_epochs": 4, "batch_size": 32},
    "tcn": TRAINING | {"channels": [16, 16], "learning_rate": 0.01},
    "transformer": TRAINING | {"learning_rate": 0.003},
    "random_forest": {"n_estimators": 50},
    "xgboost": {"learning_rate": 0.5},
}


def learning_models(*without: str) -> list[Any]:
    """Return the models that learn; all but one of the networks are marked slow."""
    slow_families = ("ensemble", "neural", "timeseries")
    models = MODELS[(MODELS["family"] != "baseline") & ~MODELS["name"].isin(without)]
    return [
        pytest.param(row.name, marks=[pytest.mark.slow])
        if row.family in slow_families and row.name != "lstm"
        else row.name
        for row in models.itertuples(index=False)
    ]


class Echo(ClassifierMixin, BaseEstimator):
    """A classifier whose predictions are the windows it was given."""

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        return self

    def predict(self, X):
        return np.asarray(X).reshape(len(X), -1)


class TestCrossValidation:
    @pytest.mark.parametrize("source", SOURCES)
    def test_a_test_sample_has_its_window_of_the_whole_panel(self, source):
        _, X, y = samples_of(bars_of(source))
        model = make_pipeline(Windower(60), Echo())
        cv = PurgedSplit(4, embargo_size=30)
        seen = cross_val_predict(model, X, y, cv=cv)
        whole = Windower(60, flatten=True).transform(X)
        assert seen.tobytes() == whole.tobytes()

    def test_a_frame_is_spliced_there_as_documented(self):
        _, X, y = samples_of(bars_of("real"))
        model = make_pipeline(Windower(60), Echo())
        frame = X.to_frame()
        cv = PurgedSplit(4, purged_size=HORIZON)
        seen = cross_val_predict(model, frame, y, cv=cv)
        whole = Windower(60, flatten=True).transform(frame)
        assert not np.array_equal(seen, whole)

    # MiniRocket sees at how many bars a sum is large, not how large the last one is.
    @pytest.mark.parametrize("name", learning_models("minirocket"))
    def test_a_planted_leak_shows_in_the_score(self, name):
        bars = bars_of("synthetic")
        ahead = forward_returns(bars, HORIZON)["forward_return"]
        features = features_of(bars).set_index(["symbol", "datetime"])
        params = LEARNING.get(name, {})
        scores = []
        for leak in (0.0, 1000.0):
            frame = features.assign(extra=leak * ahead.reindex(features.index))
            X, y = Panel.from_frame(frame.fillna(0).reset_index()).align(
                fixed_horizon_labels(bars, HORIZON)
            )
            if not leak:
                X, y = samples_of(bars)[1:]
            cv = PurgedSplit(3, embargo_size=20)
            scores.append(cross_val_score(pipeline(name, **params), X, y, cv=cv).mean())
        assert scores[0] < 0.55
        assert scores[1] > 0.65
