"""The four gates, each against something computed in another way."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from production_runs import ungated
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from sk_ensemble import Panel, Windower
from sk_ensemble.exceptions import ProductionError
from sk_ensemble.metrics import day_block_bootstrap
from sk_ensemble.production import (
    CalibrationGate,
    Evidence,
    LatencyGate,
    LeakageGate,
    ModelVersion,
    ScoreGate,
)
from sk_ensemble.production import _latency_gate as latency_module
from sk_ensemble.production import _leakage_gate as leakage_module
from sk_ensemble.production._evidence import LaterSamples, _with_columns
from sk_ensemble.production._promotion import _count_look
from sk_ensemble.production._run_files import read_run
from sk_ensemble.production._score_gate import _share_of_look

PROBA = ["p_-1", "p_0", "p_1"]
DAY = 86_400_000_000_000


@pytest.fixture(scope="module")
def evidence(runs: dict[str, Path]) -> Any:
    """Make evidence for the run of a model, once for each."""
    made: dict[str, Evidence] = {}

    def of(model: str) -> Evidence:
        if model not in made:
            made[model] = Evidence(read_run(runs[model]), None, lambda span: 1)
        return made[model]

    return of


def stored(run: Path, part: str = "test") -> pd.DataFrame:
    """Return the predictions that the run itself has written, where labelled."""
    frame = pd.read_parquet(run / "predictions" / f"{part}_predictions.parquet")
    return frame[frame["y"].notna()].reset_index(drop=True)


def losses(frame: pd.DataFrame) -> np.ndarray:
    """Return minus the log of what the true class was given."""
    columns = (frame["y"].to_numpy(dtype=int) + 1).astype(int)
    return -np.log(frame[PROBA].to_numpy()[np.arange(len(frame)), columns])


def at_version(version: int, trained_until: int, model: Any = None) -> Any:
    """A version that is live, as far as gates look at it."""
    return SimpleNamespace(
        number=version, trained_until_ns=trained_until, load=lambda: model
    )


class TestScore:
    def test_the_gain_is_that_of_the_stored_predictions(self, evidence, runs):
        frame = stored(runs["logistic"])
        labels = evidence("logistic").samples.y
        shares = {label: float(np.mean(labels == label)) for label in (-1, 0, 1)}
        prior = -np.log(frame["y"].map(shares).to_numpy(dtype=float))
        gain = prior - losses(frame)
        outcome = ScoreGate().check(evidence("logistic"))
        figures = outcome.figures
        assert figures["gain"] == pytest.approx(gain.mean(), rel=1e-9)
        assert figures["loss"] == pytest.approx(losses(frame).mean(), rel=1e-9)
        assert figures["n_samples"] == len(frame)
        days = frame["datetime"].dt.strftime("%Y-%m-%d")
        assert figures["n_days"] == days.nunique()
        # Sums per day, drawn by another generator.
        sums = pd.Series(gain).groupby(days).agg(["sum", "size"]).to_numpy()
        drawn = np.random.default_rng(7).integers(len(sums), size=(4000, len(sums)))
        means = sums[drawn, 0].sum(axis=1) / sums[drawn, 1].sum(axis=1)
        low, high = np.quantile(means, [0.025, 0.975])
        width = high - low
        assert figures["gain_low"] == pytest.approx(low, abs=0.1 * width)
        assert figures["gain_high"] == pytest.approx(high, abs=0.1 * width)
        assert outcome.passed == (figures["gain_low"] > 0)

    def test_a_model_is_compared_with_the_live_one(self, evidence, runs, registry):
        live = ungated(registry, runs["volatility"])
        both = replace(evidence("logistic"), current=live)
        figures = ScoreGate().check(both).figures
        gain = losses(stored(runs["volatility"])) - losses(stored(runs["logistic"]))
        assert figures["gain"] == pytest.approx(gain.mean(), rel=1e-9)
        assert figures["against"] == "v1"

    def test_a_model_is_no_better_than_itself(self, evidence, runs, registry):
        live = ungated(registry, runs["logistic"])
        same = replace(evidence("logistic"), current=live)
        outcome = ScoreGate().check(same)
        assert not outcome.passed
        assert outcome.figures["gain"] == 0
        assert ScoreGate(margin=1e-9).check(same).passed

    def test_the_class_shares_do_not_beat_themselves(self, evidence):
        assert not ScoreGate().check(evidence("prior")).passed

    @pytest.mark.parametrize("metric", ["brier_score", "direction_log_loss"])
    def test_another_loss_is_another_gain(self, metric, evidence):
        figures = ScoreGate(metric=metric).check(evidence("logistic")).figures
        assert (
            figures["gain"] != ScoreGate().check(evidence("logistic")).figures["gain"]
        )
        assert figures["metric"] == metric

    def test_only_data_later_than_both_trainings_count(self, evidence, runs):
        logistic = evidence("logistic")
        times = logistic.own_later.times
        cut = int(np.quantile(times, 0.6))
        model = logistic.model
        later = replace(logistic, current=at_version(3, cut, model)).later
        assert later.times.min() > cut
        assert len(later.y) == np.count_nonzero(times > cut)
        earlier = replace(logistic, current=at_version(3, 0, model)).later
        assert len(earlier.y) == len(times)
        assert times.min() > logistic.run.trained_until

    def test_without_later_data_nothing_can_be_told(self, evidence):
        logistic = evidence("logistic")
        end = int(logistic.own_later.times.max())
        late = replace(logistic, current=at_version(3, end))
        with pytest.raises(ProductionError, match="no labelled bar after"):
            ScoreGate().check(late)

    def test_training_ends_with_its_last_label(self, runs):
        frame = stored(runs["logistic"], "oof")
        end = max(frame["datetime"].max(), frame["label_end"].max())
        assert read_run(runs["logistic"]).trained_until == end.as_unit("ns").value

    def test_few_days_are_too_few_whatever_the_gain(self, evidence):
        n_days = ScoreGate().check(evidence("logistic")).figures["n_days"]
        few = ScoreGate(min_days=n_days + 1, margin=9.0).check(evidence("logistic"))
        enough = ScoreGate(min_days=n_days, margin=9.0).check(evidence("logistic"))
        assert (few.passed, enough.passed) == (False, True)
        assert f"{n_days} days later" in few.message

    def test_many_looks_are_too_many_whatever_the_gain(self, evidence):
        gate = ScoreGate(max_looks=3, margin=9.0)
        for look in (3, 4):
            looked = replace(evidence("logistic"), count_look=lambda span, k=look: k)
            assert gate.check(looked).passed == (look <= 3)
        assert not replace(gate, earlier_looks=3).check(evidence("logistic")).passed

    def test_each_look_makes_the_interval_wider(self, evidence):
        lows = []
        for look in (1, 2, 5, 10):
            looked = replace(evidence("logistic"), count_look=lambda span, k=look: k)
            lows.append(ScoreGate().check(looked).figures["gain_low"])
        assert lows == sorted(lows, reverse=True)
        assert len(set(lows)) == 4

    def test_all_looks_together_spend_the_error_and_no_more(self):
        spent = np.cumsum([_share_of_look(0.05, look) for look in range(1, 10_001)])
        assert spent[-1] < 0.05
        assert spent[-1] == pytest.approx(0.05, rel=1e-3)

    @pytest.mark.parametrize(
        "how",
        [
            {"metric": "accuracy"},
            {"margin": -1.0},
            {"margin": float("nan")},
            {"error_rate": 0.0},
            {"error_rate": 1.0},
        ],
    )
    def test_settings_that_make_no_sense_are_refused(self, how):
        with pytest.raises(ProductionError, match="must"):
            ScoreGate(**how)


class Chance:
    """Models that are as good as the live one, on days that are all alike."""

    current = None

    def __init__(self, seed: int, n_days: int = 40, n_bars: int = 4) -> None:
        rng = np.random.default_rng(seed)
        n = n_days * n_bars
        times = np.repeat(np.arange(n_days), n_bars) * DAY + np.tile(
            np.arange(n_bars), n_days
        )
        y = rng.choice([-1, 0, 1], n)
        self.later = LaterSamples(None, y, times)  # type: ignore[arg-type]
        self.rng, self.look = rng, 0

    def count_look(self, span: Any) -> int:
        self.look += 1
        return self.look

    def proba(self, X: Any) -> np.ndarray:
        return self.rng.dirichlet([30, 30, 30], len(self.later.y))

    reference = proba


def passes(seed: int, n_looks: int, gate: ScoreGate) -> bool:
    chance: Any = Chance(seed)
    return any(gate.check(chance).passed for _ in range(n_looks))


@pytest.mark.slow
def test_trying_again_and_again_does_not_get_a_model_through(monkeypatch):
    """With ten looks, models that are no better pass as rarely as was promised."""
    gate, n_trials = ScoreGate(error_rate=0.3), 60
    counted = np.mean([passes(seed, 10, gate) for seed in range(n_trials)])
    assert counted <= 0.3
    monkeypatch.setattr(
        "sk_ensemble.production._score_gate._share_of_look",
        lambda error_rate, look: error_rate,
    )
    naive = np.mean([passes(seed, 10, gate) for seed in range(n_trials)])
    assert naive > 0.8


def test_looks_are_counted_where_their_data_overlap(two):
    journal = two._store("m").journal
    look = _count_look(journal, "run")
    assert [look((0, 9)), look((0, 9)), look((9, 20)), look((21, 30))] == [1, 2, 3, 1]
    # The last one touches the second last, and overlaps it alone.
    assert look((20, 21)) == 3
    history = two.history("m")
    assert history["action"].tolist()[2:] == ["looked"] * 5
    assert history["current"].tolist()[2:] == [2] * 5


class TestCalibration:
    def test_the_error_is_that_of_the_stored_predictions(self, evidence, runs):
        frame = stored(runs["logistic"])
        y, proba = frame["y"].to_numpy(dtype=int), frame[PROBA].to_numpy()
        gaps = []
        for place, label in enumerate((-1, 0, 1)):
            order = np.argsort(proba[:, place], kind="stable")
            bins = np.array_split(order, 10)
            hits = y == label
            gaps.append(
                sum(abs(np.sum(hits[b] - proba[b, place])) for b in bins) / len(y)
            )
        error = CalibrationGate().check(evidence("logistic")).figures["classwise_error"]
        assert error == pytest.approx(np.mean(gaps), abs=2e-3)

    def test_bold_probabilities_do_not_pass(self, evidence):
        class Bold:
            own_later = evidence("logistic").own_later

            def proba(self, X):
                proba = evidence("logistic").proba(X) ** 6
                return proba / proba.sum(axis=1, keepdims=True)

        assert CalibrationGate().check(evidence("logistic")).passed
        outcome = CalibrationGate().check(Bold())
        assert not outcome.passed
        assert outcome.figures["classwise_error"] > 0.05

    def test_the_limit_decides(self, evidence):
        error = CalibrationGate().check(evidence("logistic")).figures["classwise_error"]
        assert CalibrationGate(max_error=error).check(evidence("logistic")).passed
        less = CalibrationGate(max_error=error * 0.999)
        assert not less.check(evidence("logistic")).passed


class TestLeakage:
    def test_a_clean_run_passes(self, evidence):
        outcome = LeakageGate().check(evidence("logistic"))
        assert outcome.passed
        checks = outcome.figures["logistic"]["checks"]
        assert set(checks.values()) == {"passed"}
        assert checks.keys() >= {"label_spans", "windows", "future"}

    def test_every_member_of_an_ensemble_is_audited(self, evidence):
        figures = LeakageGate().check(evidence("stack")).figures
        assert figures.keys() == {"logistic", "hist_gradient_boosting"}

    def test_folds_whose_windows_reach_into_the_test_do_not_pass(self, evidence):
        clean = evidence("logistic")
        config = clean.run.config.decode()
        leaking = config.replace("embargo_size: 180", "embargo_size: 0")
        leaking = leaking.replace("purged_size: 60", "purged_size: null")
        leaking = leaking.replace("sequence_length: 1", "sequence_length: 20")
        assert leaking.count("sequence_length: 20") == 1
        run = replace(clean.run, config=leaking.encode())
        outcome = LeakageGate().check(replace(clean, run=run))
        assert not outcome.passed
        assert "windows" in outcome.message

    def test_thorough_is_all_checks(self, evidence, monkeypatch):
        asked = []

        def audit(*args: Any, **how: Any) -> Any:
            asked.append(how["checks"])
            return SimpleNamespace(passed=True, checks=(), skipped={}, findings=())

        monkeypatch.setattr(leakage_module, "audit_leakage", audit)
        LeakageGate().check(evidence("logistic"))
        LeakageGate(thorough=True).check(evidence("logistic"))
        assert "refit" not in asked[0]
        assert asked[1] is None


class TestLatency:
    @pytest.fixture
    def clock(self, monkeypatch):
        """A clock that a prediction moves on by what it is said to take."""
        clock = SimpleNamespace(now=0.0)
        fake = SimpleNamespace(perf_counter=lambda: clock.now)
        monkeypatch.setattr(latency_module, "time", fake)
        return clock

    def timed(self, evidence: Evidence, clock: Any, seconds: list[float]) -> Any:
        left = iter(seconds)

        def predict_proba(X):
            assert X.shape[0] == 1
            clock.now += next(left)

        model = SimpleNamespace(predict_proba=predict_proba)
        return SimpleNamespace(samples=evidence.samples, model=model)

    def test_the_median_decides_and_the_first_ones_do_not_count(self, evidence, clock):
        seconds = [9.0, 9.0, 9.0, 0.001, 0.010, 0.002, 0.020, 0.003]
        gate = LatencyGate(max_ms=3.5, n_repeats=5)
        outcome = gate.check(self.timed(evidence("logistic"), clock, seconds))
        assert outcome.passed
        assert outcome.figures["median_ms"] == pytest.approx(3.0)
        assert outcome.figures["p95_ms"] == pytest.approx(18.0)

    def test_a_slow_model_does_not_pass(self, evidence, clock):
        slow = self.timed(evidence("logistic"), clock, [0.2] * 8)
        outcome = LatencyGate(n_repeats=5).check(slow)
        assert not outcome.passed
        assert outcome.message == "One bar takes 200 ms at the median, of at most 100."

    def test_a_real_model_is_timed(self, evidence):
        outcome = LatencyGate(max_ms=1e6).check(evidence("logistic"))
        assert outcome.passed
        assert 0 < outcome.figures["median_ms"] <= outcome.figures["p95_ms"]


def small_panel() -> tuple[Panel, np.ndarray]:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(200, 3)), columns=["a", "b", "c"])
    frame["datetime"] = pd.date_range("2024-01-01", periods=200, freq="5min", tz="UTC")
    frame["symbol"] = "MES"
    return Panel.from_frame(frame), rng.choice([-1, 0, 1], 200)


def test_a_live_model_with_fewer_features_is_compared_on_those():
    X, y = small_panel()
    frame = X.to_frame()
    narrow = Panel.from_frame(frame[["c", "a"]].reset_index())
    model = make_pipeline(Windower(2, flatten=True), LogisticRegression()).fit(
        narrow, y
    )
    same = _with_columns(X[50:], model)
    np.testing.assert_array_equal(
        model.predict_proba(same), model.predict_proba(narrow[50:])
    )
    assert _with_columns(narrow, model) is narrow
    # Left as it is, the model would refuse it.
    with pytest.raises(ValueError, match="feature"):
        model.predict_proba(X)


def test_a_live_model_with_other_features_cannot_be_compared():
    X, y = small_panel()
    model = make_pipeline(Windower(1, flatten=True), LogisticRegression()).fit(X, y)
    narrow = Panel.from_frame(X.to_frame()[["a"]].reset_index())
    with pytest.raises(ProductionError, match=r"lack the features \['b', 'c'\]"):
        _with_columns(narrow, model)


def test_a_version_that_is_live_says_when_its_training_ended(registry, runs):
    version = ungated(registry, runs["prior"])
    assert isinstance(version, ModelVersion)
    assert version.trained_until_ns == read_run(runs["prior"]).trained_until


def test_the_interval_is_that_of_the_metrics(evidence):
    """One that treats bars as independent is another one."""
    later = evidence("logistic").own_later
    gain = np.random.default_rng(0).normal(size=60).repeat(len(later.y) // 60 + 1)
    gain = gain[: len(later.y)]
    times = later.times.view("M8[ns]")
    by_day = day_block_bootstrap(gain, times)
    assert by_day.low < gain.mean() < by_day.high
    interval = ScoreGate()._interval(gain, later, 1)
    assert (interval.estimate, interval.n_blocks) == (by_day.estimate, by_day.n_blocks)
