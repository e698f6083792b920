from __future__ import annotations

import copy
import pickle
import re

import numpy as np
import pandas as pd
import pytest
import torch
from joblib import Parallel, delayed
from sklearn.base import clone
from sklearn.model_selection import cross_validate
from sklearn.pipeline import make_pipeline

from sk_ensemble import LSTMClassifier, Panel, PurgedSplit, Windower
from sk_ensemble.exceptions import DataError
from sk_ensemble.neural_network import _base


def small(**parameters):
    """Return a classifier that is fitted in no time."""
    settings = {"hidden_size": 4, "max_epochs": 3, "batch_size": 32, "random_state": 0}
    return LSTMClassifier(**(settings | parameters))


def make_bars(n_bars=90, n_symbols=2, seed=0):
    """Return noise of some symbols, as a frame."""
    rng = np.random.default_rng(seed)
    names = [f"S{number}" for number in range(n_symbols)]
    times = pd.date_range("2024-01-01", periods=n_bars, freq="5min")
    index = pd.MultiIndex.from_product([names, times], names=["symbol", "datetime"])
    values = rng.normal(size=(len(index), 3)) * [1, 10, 0.1] + [0, 5, 100]
    return pd.DataFrame(values, index=index, columns=["a", "b", "c"])


def make_labels(bars, horizon=3):
    """Label a bar by the sign of `a` two bars ago, and 0 where it is small."""
    past = bars.groupby(level="symbol")["a"].shift(2).fillna(0)
    label = np.sign(past).where(past.abs() > 0.4, 0).astype(int)
    times = bars.index.get_level_values("datetime")
    ends = times + pd.Timedelta("5min") * horizon
    return pd.DataFrame({"label": label, "label_end": ends}, index=bars.index)


@pytest.fixture(scope="module")
def samples():
    """Return windows that know their label ends, and labels -1, 0, 1."""
    bars = make_bars()
    panel, y = Panel.from_frame(bars).align(make_labels(bars))
    return Windower(4).transform(panel), y


@pytest.fixture(scope="module")
def arrays():
    """Return a 3-D array whose label stands in the first bar of three."""
    X = np.random.default_rng(0).normal(size=(260, 3, 2))
    return X, np.where(X[:, 0, 1] > 0, "up", "down")


@pytest.fixture(scope="module")
def pairs():
    """Return 1,000 windows with both labels, and the sign of the first bar."""
    X = np.random.default_rng(0).normal(size=(1000, 2, 1))
    return np.concatenate([X, X]), np.repeat([0, 1], 1000), X[:, 0, 0] > 0


def test_the_network_learns_what_only_an_earlier_bar_tells(arrays):
    X, y = arrays
    model = small(hidden_size=8, max_epochs=60, learning_rate=0.03).fit(
        X[:200], y[:200]
    )
    assert model.score(X[200:], y[200:]) > 0.9
    assert model.score(X[200:, ::-1], y[200:]) < 0.8


def test_sixty_four_samples_with_random_labels_can_be_learnt_by_heart():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(64, 5, 3)), rng.integers(3, size=64)
    model = small(hidden_size=32, max_epochs=150, learning_rate=0.02).fit(X, y)
    assert model.score(X, y) == 1
    assert model.history_["train_loss"][-1] < 0.05


def test_a_permuted_panel_gives_the_same_model_bit_for_bit(samples):
    X, y = samples
    order = np.random.default_rng(0).permutation(len(X))
    weights = np.random.default_rng(1).uniform(0.5, 2, size=len(X))
    model = small(dropout=0.3).fit(X, y, weights)
    permuted = small(dropout=0.3).fit(X[order], y[order], weights[order])
    np.testing.assert_array_equal(permuted.predict_proba(X), model.predict_proba(X))
    assert permuted.history_ == model.history_


@pytest.mark.parametrize("settings", [{}, {"amp": True}])
def test_any_split_of_the_input_gives_equal_bits(samples, settings):
    X, y = samples
    model = small(hidden_size=33, max_epochs=1, **settings).fit(X, y)
    together = model.predict_proba(X)
    alone = [model.predict_proba(X[[row]])[0] for row in range(len(X))]
    np.testing.assert_array_equal(alone, together)
    parts = [model.predict_proba(part) for part in (X[:7], X[7:100], X[100:])]
    np.testing.assert_array_equal(np.concatenate(parts), together)
    np.testing.assert_array_equal(model.predict_proba(np.asarray(X)), together)


def test_the_future_has_no_influence_on_a_prediction(samples):
    X, y = samples
    model = small().fit(X, y)
    bars = make_bars()
    late = bars.index.get_level_values("datetime") > "2024-01-01 04:00"
    other = bars.mask(late[:, None] & np.ones((1, 3), bool), make_bars(seed=1))
    before, after = (
        model.predict_proba(Windower(4).transform(Panel.from_frame(frame)))
        for frame in (bars, other)
    )
    n_early = 2 * 49
    np.testing.assert_array_equal(after[:n_early], before[:n_early])
    assert not np.array_equal(after[n_early:], before[n_early:])


def test_cross_validation_in_processes_gives_equal_bits():
    bars = make_bars()
    panel, y = Panel.from_frame(bars).align(make_labels(bars))
    model = make_pipeline(Windower(4), small(dropout=0.2))
    alone, beside = (
        cross_validate(
            model, panel, y, cv=PurgedSplit(2), scoring="neg_log_loss", n_jobs=n_jobs
        )["test_score"]
        for n_jobs in (1, 2)
    )
    np.testing.assert_array_equal(beside, alone)


class TestRandomState:
    @staticmethod
    def states():
        """Return the states of the global generators of NumPy and torch."""
        _, keys, position, *_ = np.random.mtrand._rand.get_state()
        return keys.tobytes(), position, torch.get_rng_state().numpy().tobytes()

    def test_one_seed_decides_weights_order_and_dropout(self, samples):
        X, y = samples
        first, again, other = (
            small(dropout=0.5, random_state=seed).fit(X, y) for seed in (1, 1, 2)
        )
        assert first.history_ == again.history_
        assert first.history_ != other.history_

    def test_without_a_seed_two_fits_differ(self, samples):
        X, y = samples
        first, second = (small(random_state=None).fit(X, y) for _ in range(2))
        assert first.history_ != second.history_

    def test_global_generators_are_neither_used_nor_changed(self, samples):
        X, y = samples
        before = self.states()
        for random_state in (None, 3):
            model = small(dropout=0.5, random_state=random_state)
            model.fit(X, y).predict_proba(X)
        assert self.states() == before
        np.random.mtrand._rand.rand()
        after_numpy = self.states()
        torch.rand(1)
        assert len({before, after_numpy, self.states()}) == 3

    def test_a_generator_of_numpy_may_be_given(self, samples):
        X, y = samples
        first, second = (
            small(random_state=np.random.RandomState(7)).fit(X, y) for _ in range(2)
        )
        assert first.history_ == second.history_


class TestThreads:
    @pytest.fixture
    def threads_seen(self, monkeypatch):
        seen = set()
        forward = _base.WindowNet.infer

        def infer(*args, **kwargs):
            seen.add(torch.get_num_threads())
            return forward(*args, **kwargs)

        monkeypatch.setattr(_base.WindowNet, "infer", infer)
        return seen

    @pytest.mark.parametrize(("n_jobs", "n_threads"), [(None, 1), (1, 1), (2, 2)])
    def test_n_jobs_is_the_number_of_threads(
        self, samples, threads_seen, n_jobs, n_threads
    ):
        X, y = samples
        before = torch.get_num_threads()
        small(n_jobs=n_jobs).fit(X, y).predict(X)
        assert threads_seen == {n_threads}
        assert torch.get_num_threads() == before

    def test_the_threads_around_a_fit_do_not_change_its_bits(self, samples):
        X, y = samples
        before = torch.get_num_threads()
        histories = []
        try:
            for n_threads in (1, 3):
                torch.set_num_threads(n_threads)
                histories.append(small(max_epochs=1).fit(X, y).history_)
        finally:
            torch.set_num_threads(before)
        assert histories[0] == histories[1]

    def test_fits_in_threads_do_not_share_random_numbers(self, samples):
        X, y = samples
        model = small(dropout=0.5, max_epochs=1)
        together = Parallel(n_jobs=2, backend="threading")(
            delayed(clone(model).fit)(X, y) for _ in range(4)
        )
        expected = model.fit(X, y).history_
        assert [other.history_ for other in together] == [expected] * 4


class TestEarlyStopping:
    @staticmethod
    def loss(model, X, y, weights=None):
        codes = np.searchsorted(model.classes_, y)
        chosen = model.predict_proba(X)[np.arange(len(y)), codes]
        return np.average(-np.log(chosen), weights=weights)

    def fitted(self, samples, **parameters):
        X, y = samples
        rng = np.random.default_rng(0)
        settings = {"max_epochs": 40, "learning_rate": 0.1, "n_iter_no_change": 3}
        model = small(hidden_size=16, **(settings | parameters))
        held_out = {
            "X_val": X[120:],
            "y_val": rng.permutation(y[120:]),
            "sample_weight_val": rng.uniform(0.5, 3, size=len(X) - 120),
        }
        return model.fit(X[:100], y[:100], **held_out), held_out

    def test_the_best_epoch_s_weights_are_restored(self, samples):
        model, held_out = self.fitted(samples)
        losses = model.history_["val_loss"]
        assert self.loss(model, *held_out.values()) == pytest.approx(min(losses), 1e-5)
        assert model.n_iter_ == np.argmin(losses) + 1
        assert min(losses) < losses[-1] - 1e-3

    def test_training_stops_after_epochs_without_a_lower_loss(self, samples):
        model, _ = self.fitted(samples)
        assert len(model.history_["val_loss"]) == model.n_iter_ + 3 < 40
        assert len(model.history_["train_loss"]) == len(model.history_["val_loss"])
        patient, _ = self.fitted(samples, n_iter_no_change=6)
        assert len(patient.history_["val_loss"]) >= patient.n_iter_ + 6

    def test_a_given_validation_set_leaves_all_of_x_for_training(self, samples):
        model, _ = self.fitted(samples, max_epochs=1)
        X, y = samples
        alone = small(
            hidden_size=16, max_epochs=1, learning_rate=0.1, early_stopping=False
        )
        alone.fit(X[:100], y[:100])
        assert model.history_["train_loss"] == alone.history_["train_loss"]
        np.testing.assert_array_equal(model.mean_, alone.mean_)

    def test_auto_validates_where_label_ends_are_known(self, samples, arrays):
        assert set(small().fit(*samples).history_) == {"train_loss", "val_loss"}
        assert set(small().fit(*arrays).history_) == {"train_loss"}
        wanted = small(early_stopping=True).fit(*arrays)
        assert set(wanted.history_) == {"train_loss", "val_loss"}
        off = small(early_stopping=False).fit(*samples)
        assert set(off.history_) == {"train_loss"}
        assert off.n_iter_ == 3

    def test_refit_tail_trains_on_everything_for_the_epochs_found(self, samples):
        X, y = samples
        settings = {"hidden_size": 16, "learning_rate": 0.1, "n_iter_no_change": 2}
        found = small(max_epochs=20, **settings).fit(X, y)
        assert found.n_iter_ < 20
        refitted = small(max_epochs=20, refit_tail=True, **settings).fit(X, y)
        everything = small(max_epochs=found.n_iter_, early_stopping=False, **settings)
        everything.fit(X, y)
        np.testing.assert_array_equal(
            refitted.predict_proba(X), everything.predict_proba(X)
        )
        assert refitted.n_iter_ == found.n_iter_
        assert refitted.history_ == found.history_

    def test_validation_samples_may_have_another_type_than_training_samples(
        self, arrays
    ):
        X, y = arrays
        model = small().fit(
            X[:200], y[:200], X_val=X[200:].astype(np.float32), y_val=y[200:]
        )
        assert len(model.history_["val_loss"]) == 3


class TestWeights:
    """What weights do, on 2,000 rows: each pair of rows differs in its label only."""

    def shares(self, pairs, weights, **parameters):
        """Return the mean probability of class 1 for each sign of the first bar."""
        X, y, is_above = pairs
        model = small(hidden_size=8, max_epochs=25, batch_size=256, learning_rate=0.02)
        model.set_params(**parameters).fit(X, y, weights)
        proba = model.predict_proba(X[:1000])[:, 1]
        return proba[is_above].mean(), proba[~is_above].mean()

    @pytest.mark.parametrize("dropout", [0.0, 0.3])
    def test_probabilities_follow_the_weights(self, pairs, dropout):
        _, y, is_above = pairs
        weights = np.where(np.tile(is_above, 2) & (y == 1), 4.0, 1.0)
        equal = self.shares(pairs, None, dropout=dropout)
        assert equal == pytest.approx((0.5, 0.5), abs=0.05)
        weighted = self.shares(pairs, weights, dropout=dropout)
        assert weighted == pytest.approx((0.8, 0.5), abs=0.06)

    def test_only_the_proportions_of_weights_matter(self, pairs):
        weights = np.random.default_rng(0).uniform(0.5, 2, size=2000)
        first, second = (
            self.shares(pairs, factor * weights, max_epochs=2) for factor in (1, 64)
        )
        assert first == second

    def test_class_weights_multiply_sample_weights(self, pairs):
        _, y, _ = pairs
        by_class = self.shares(pairs, None, max_epochs=2, class_weight={1: 4})
        by_sample = self.shares(pairs, np.where(y == 1, 4.0, 1.0), max_epochs=2)
        assert by_class == by_sample


class TestStandardize:
    def test_mean_and_scale_are_those_of_the_training_windows(self, samples):
        X, y = samples
        weights = np.random.default_rng(0).uniform(0.5, 2, size=len(X))
        model = small(max_epochs=1, early_stopping=False).fit(X, y, weights)
        values, shares = np.asarray(X).reshape(-1, 3), np.repeat(weights, 4)
        mean = np.average(values, axis=0, weights=shares)
        np.testing.assert_allclose(model.mean_, mean, rtol=1e-5)
        scale = np.sqrt(np.average((values - mean) ** 2, axis=0, weights=shares))
        np.testing.assert_allclose(model.scale_, scale, rtol=1e-5)

    @pytest.mark.parametrize(
        ("change", "is_seen"), [("06:00", True), ("06:50", False), ("07:25", False)]
    )
    def test_bars_of_the_validation_tail_and_later_are_not_seen(self, change, is_seen):
        # Samples reach to 07:10, the tail begins at 06:30, and labels end 15 minutes
        # after their bar.
        def fit(bars):
            labels = make_labels(make_bars()).query("datetime < '2024-01-01 07:10'")
            panel, y = Panel.from_frame(bars).align(labels)
            return small(max_epochs=1).fit(Windower(4).transform(panel), y)

        bars = make_bars()
        changed = bars.copy()
        changed.loc[(slice(None), f"2024-01-01 {change}"), :] += 100
        same = np.array_equal(fit(bars).mean_, fit(changed).mean_)
        assert same != is_seen

    def test_level_and_scale_of_a_feature_do_not_matter(self, arrays):
        X, y = arrays
        plain, moved = (
            small().fit(values, y).predict_proba(values)
            for values in (X, X * [1e3, 1e-3] + [5e3, -7])
        )
        np.testing.assert_allclose(moved, plain, atol=1e-6)

    def test_it_can_be_left_out(self, arrays):
        X, y = arrays
        model = small(standardize=False).fit(X, y)
        assert not hasattr(model, "mean_")
        module = copy.deepcopy(model.module_)
        with torch.no_grad():
            proba = torch.softmax(module(torch.from_numpy(X)), dim=1)
        np.testing.assert_allclose(model.predict_proba(X), proba, rtol=1e-10)


class TestFittedModel:
    def test_it_survives_pickling_and_copying(self, samples):
        X, y = samples
        model = small(dropout=0.1).fit(X, y)
        expected = model.predict_proba(X)
        for other in (pickle.loads(pickle.dumps(model)), copy.deepcopy(model)):
            np.testing.assert_array_equal(other.predict_proba(X), expected)
            assert other.history_ == model.history_

    def test_a_clone_is_unfitted_and_fits_to_equal_bits(self, samples):
        X, y = samples
        model = small().fit(X, y)
        other = clone(model)
        assert not hasattr(other, "net_")
        assert other.fit(X, y).history_ == model.history_

    def test_a_pickle_holds_the_weights_once_and_no_data(self, arrays):
        X, y = (np.concatenate([part] * 20) for part in arrays)
        model = small(hidden_size=32, max_epochs=1, early_stopping=True).fit(X, y)
        n_bytes = sum(p.numel() * p.element_size() for p in model.module_.parameters())
        assert n_bytes < len(pickle.dumps(model)) < n_bytes + 20_000 < X.nbytes

    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    def test_the_network_has_the_type_of_the_input(self, arrays, dtype):
        X, y = arrays
        model = small(max_epochs=1).fit(X.astype(dtype), y)
        names = {str(p.dtype) for p in model.module_.parameters()}
        assert names == {f"torch.{np.dtype(dtype).name}"}
        assert model.predict_proba(X).dtype == np.float64

    def test_probabilities_sum_to_one(self, samples):
        X, y = samples
        proba = small().fit(X, y).predict_proba(X)
        np.testing.assert_allclose(proba.sum(axis=1), 1, rtol=1e-15)


class TestOptions:
    @pytest.fixture
    def steps(self, monkeypatch):
        """Return settings and gradient norms of each step of a fit with "adamw"."""
        seen = []

        class Recorder(torch.optim.AdamW):
            def step(self, closure):
                loss = super().step(closure)
                (group,) = self.param_groups
                norms = [parameter.grad.norm() for parameter in group["params"]]
                seen.append((group, float(torch.stack(norms).norm())))
                return loss

        monkeypatch.setitem(_base._OPTIMIZERS, "adamw", Recorder)
        return seen

    def test_rate_and_decay_reach_the_optimizer(self, steps, arrays):
        small(learning_rate=0.25, weight_decay=0.125).fit(*arrays)
        assert {group["lr"] for group, _ in steps} == {0.25}
        assert {group["weight_decay"] for group, _ in steps} == {0.125}

    def test_gradients_are_clipped_to_the_norm_asked_for(self, steps, arrays):
        small(gradient_clip=None).fit(*arrays)
        assert max(norm for _, norm in steps) > 0.02
        steps.clear()
        small(gradient_clip=0.01).fit(*arrays)
        assert max(norm for _, norm in steps) == pytest.approx(0.01, rel=1e-3)

    def test_batches_have_at_most_the_size_asked_for(self, steps, arrays):
        small(max_epochs=1, batch_size=100).fit(*arrays)
        assert len(steps) == 3

    def test_optimizers_differ(self, arrays):
        # With a decay of zero both are one algorithm.
        for weight_decay, is_same in ((0.0, True), (0.5, False)):
            adam, adamw = (
                small(optimizer=name, weight_decay=weight_decay).fit(*arrays).history_
                for name in ("adam", "adamw")
            )
            assert (adam == adamw) == is_same

    def test_amp_changes_the_rounding_and_not_the_result(self, samples):
        X, y = samples
        plain, amp = (
            small(amp=amp).fit(X, y).predict_proba(X) for amp in (False, True)
        )
        assert 0 < np.abs(amp - plain).max() < 0.05

    def test_dropout_reaches_the_network(self, arrays):
        plain, dropped = (
            small(dropout=dropout).fit(*arrays).history_ for dropout in (0, 0.5)
        )
        assert plain != dropped

    def test_a_progress_bar_tells_the_time_left_if_asked_for(self, arrays, capsys):
        small(verbose=1).fit(*arrays)
        shown = capsys.readouterr().err
        assert re.search(r"LSTMClassifier.*3/3.*\[\d\d:\d\d<\d\d:\d\d", shown)
        assert "train_loss=" in shown

    def test_nothing_is_printed_otherwise(self, samples, capsys):
        small().fit(*samples)
        assert "".join(capsys.readouterr()) == ""

    @pytest.mark.parametrize("device", ["cpu", "auto"])
    def test_a_device_is_chosen_by_name(self, arrays, device):
        module = small(device=device).fit(*arrays).module_
        used = next(module.parameters()).device.type
        assert used == "cpu" or (device == "auto" and torch.cuda.is_available())

    def test_an_unknown_device_is_an_error(self, arrays):
        with pytest.raises(ValueError, match="device='gpu'"):
            small(device="gpu").fit(*arrays)

    @pytest.mark.parametrize(
        "wrong",
        [
            {"hidden_size": 0},
            {"num_layers": 1.5},
            {"dropout": 1.0},
            {"max_epochs": 0},
            {"batch_size": -1},
            {"learning_rate": 0},
            {"weight_decay": -1},
            {"optimizer": "sgd"},
            {"gradient_clip": 0},
            {"lr_schedule": "linear"},
            {"early_stopping": "yes"},
            {"n_iter_no_change": 0},
            {"class_weight": "even"},
            {"device": None},
            {"mc_samples": -1},
        ],
        ids=lambda wrong: next(iter(wrong)),
    )
    def test_a_wrong_parameter_is_refused_by_name(self, arrays, wrong):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            small(**wrong).fit(*arrays)


class TestMissingValues:
    def test_one_in_a_window_is_refused_with_its_place(self):
        bars = make_bars()
        labels = make_labels(bars)
        bars.loc[("S1", "2024-01-01 01:00"), "b"] = np.nan
        panel, y = Panel.from_frame(bars).align(labels)
        X = Windower(4).transform(panel)
        with pytest.raises(DataError, match=r"'b' .*'S1' at 2024-01-01 01:00.*Imputer"):
            small().fit(X, y)

    def test_one_out_of_reach_is_not_looked_at(self):
        bars = make_bars()
        labels = make_labels(bars).query("datetime > '2024-01-01 02:00'")
        bars.loc[("S1", "2024-01-01 01:00"), "b"] = np.nan
        panel, y = Panel.from_frame(bars).align(labels)
        X = Windower(4).transform(panel)
        assert np.isfinite(small().fit(X, y).predict_proba(X)).all()


class TestMonteCarloDropout:
    @pytest.fixture
    def model(self, samples):
        settings = {"hidden_size": 16, "max_epochs": 10, "learning_rate": 0.05}
        return small(dropout=0.5, mc_samples=40, **settings).fit(*samples)

    def test_it_averages_the_probabilities_of_thinned_networks(self, samples, model):
        X, _ = samples
        values = (np.asarray(X[:10]) - model.mean_) / model.scale_
        module = copy.deepcopy(model.module_).train()
        with torch.random.fork_rng(), torch.no_grad():
            outputs = [module(torch.from_numpy(values).float()) for _ in range(1000)]
        draws = torch.softmax(torch.stack(outputs), dim=2).numpy()
        found = model.set_params(mc_samples=1000).predict_proba(X[:10])
        assert draws.std(axis=0).max() > 0.1
        np.testing.assert_allclose(found, draws.mean(axis=0), atol=0.03)
        plain = model.set_params(mc_samples=0).predict_proba(X[:10])
        assert np.abs(plain - found).max() > 0.03

    def test_any_split_of_the_input_gives_equal_bits(self, samples, model):
        X, _ = samples
        together = model.predict_proba(X[:40])
        for row in (0, 1, 33):
            np.testing.assert_array_equal(
                model.predict_proba(X[[row]])[0], together[row]
            )
        np.testing.assert_array_equal(model.predict_proba(X[20:40]), together[20:])

    def test_it_leaves_later_predictions_and_generators_alone(self, samples, model):
        X, _ = samples
        state = torch.get_rng_state()
        sampled = model.predict_proba(X[:5])
        model.mc_samples = 0
        plain = model.predict_proba(X[:5])
        assert not np.array_equal(plain, sampled)
        np.testing.assert_array_equal(model.predict_proba(X[:5]), plain)
        assert torch.equal(torch.get_rng_state(), state)

    def test_without_dropout_there_is_nothing_to_average(self, samples):
        X, y = samples
        model = small().fit(X, y)
        plain = model.predict_proba(X[:9])
        sampled = model.set_params(mc_samples=3).predict_proba(X[:9])
        np.testing.assert_allclose(sampled, plain, rtol=1e-5)


@pytest.mark.gpu
def test_a_gpu_predicts_what_a_cpu_predicts(samples):
    X, y = samples
    model = small(device="cuda").fit(X, y)
    assert next(model.module_.parameters()).device.type == "cuda"
    on_gpu = model.predict_proba(X)
    alone = model.predict_proba(X[[5]])
    np.testing.assert_array_equal(alone[0], on_gpu[5])
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.predict_proba(X), on_gpu)
    again.module_.cpu()
    again.net_.device = "cpu"
    np.testing.assert_allclose(again.predict_proba(X), on_gpu, atol=1e-4)
