"""`warm_start` and `partial_fit`: training that goes on from call to call."""

from __future__ import annotations

import math
import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.model_selection import learning_curve

from families import NAMES, OWN, make_samples, quick
from sk_ensemble import InceptionTimeClassifier, LSTMClassifier, Panel, Windower
from sk_ensemble.exceptions import DataError, PersistenceError
from sk_ensemble.neural_network import NetworkClassifier
from sk_ensemble.persistence import model_files, model_from_files

NETWORKS = [name for name in OWN if isinstance(quick(name), NetworkClassifier)]

X = np.random.default_rng(0).normal(size=(150, 5, 2)).astype(np.float32)
y = np.where(X[:, -1, 0] > 0.3, "up", np.where(X[:, -1, 0] < -0.3, "down", "flat"))
CLASSES = np.array(["down", "flat", "up"])


def lstm(**params):
    fixed = {"hidden_size": 4, "dropout": 0.2, "max_epochs": 3, "batch_size": 40}
    fixed |= {"learning_rate": 0.02, "random_state": 0, "device": "cpu"}
    return LSTMClassifier(**(fixed | params))


def weights(model):
    return {k: v.numpy().tobytes() for k, v in model.module_.state_dict().items()}


def proba(model, samples=X):
    return model.predict_proba(samples).tobytes()


class TestPartialFit:
    @pytest.mark.parametrize("name", NETWORKS)
    def test_calls_with_the_same_samples_are_the_epochs_of_a_fit(self, name):
        panel, labels = make_samples()
        windows = Windower(3).transform(Panel(panel.history, panel.positions))
        whole = quick(name, max_epochs=3).fit(windows, labels)
        model = quick(name)
        for _ in range(3):
            model.partial_fit(windows, labels, classes=[-1, 0, 1])
        assert weights(model) == weights(whole)
        assert proba(model, windows) == proba(whole, windows)
        assert model.history_ == whole.history_
        assert model.n_iter_ == 3

    @pytest.mark.parametrize(
        "travel",
        [
            lambda model: pickle.loads(pickle.dumps(model)),
            lambda model: model_from_files(model_files(model)),
        ],
        ids=["pickle", "saved"],
    )
    def test_they_go_on_where_a_model_was_stored(self, travel):
        whole = lstm().fit(X, y)
        model = lstm()
        for _ in range(3):
            model = travel(model.partial_fit(X, y, classes=CLASSES))
        assert weights(model) == weights(whole)

    @pytest.mark.parametrize("part", ["optimizer", "random"])
    def test_optimizer_and_random_numbers_are_needed_for_that(self, part):
        whole = lstm().fit(X, y)
        model = lstm().partial_fit(X, y, classes=CLASSES)
        if part == "optimizer":
            state = model._training_state
            for name in [name for name in state if name.startswith(part)]:
                del state[name]
        else:
            model._training_state["random.cpu"] = (
                lstm()
                .partial_fit(X[:40], y[:40], classes=CLASSES)
                ._training_state["random.cpu"]
            )
        model.partial_fit(X, y).partial_fit(X, y)
        assert weights(model) != weights(whole)

    def test_a_call_moves_the_model_towards_its_samples(self):
        model = lstm(learning_rate=0.05)
        losses = []
        for _ in range(12):
            for half in (slice(None, 75), slice(75, None)):
                model.partial_fit(X[half], y[half], CLASSES)
        losses = model.history_["train_loss"]
        assert model.n_iter_ == len(losses) == 24
        assert losses[-1] < losses[0] - 0.3
        assert model.score(X, y) > 0.8

    def test_standardisation_is_that_of_the_first_call(self):
        model = lstm().partial_fit(X, y, classes=CLASSES)
        mean, scale = model.mean_, model.scale_
        model.partial_fit(3 * X + 1, y)
        assert model.mean_ is mean
        assert model.scale_ is scale
        assert not np.allclose(lstm().fit(3 * X + 1, y).mean_, mean, atol=0.5)

    def test_a_call_may_lack_classes_and_hold_one_only(self):
        down = y == "down"
        model = lstm().partial_fit(X[down], y[down], classes=CLASSES)
        assert model.classes_.tolist() == CLASSES.tolist()
        assert model.predict_proba(X).shape == (150, 3)
        before = model.predict_proba(X)[:, 2].mean()
        for _ in range(5):
            model.partial_fit(X[~down], y[~down])
        assert model.predict_proba(X)[:, 2].mean() > before

    def test_classes_are_needed_once(self):
        with pytest.raises(ValueError, match="classes must be passed on the first"):
            lstm().partial_fit(X, y)
        lstm().partial_fit(X, y, classes=CLASSES[::-1]).partial_fit(X, y)

    def test_other_classes_are_refused(self):
        model = lstm().partial_fit(X, y, classes=CLASSES)
        with pytest.raises(ValueError, match=r"classes=\['a', 'b'\] are not those"):
            model.partial_fit(X, y, classes=["a", "b"])
        with pytest.raises(DataError, match=r"Labels \['left'\] are not among"):
            model.partial_fit(X, np.where(y == "up", "left", y))

    @pytest.mark.parametrize(
        ("other", "told"),
        [(X[:, :, :1], "1 features"), (X[:, :3], "windows of 3 bars")],
    )
    def test_other_samples_are_refused(self, other, told):
        model = lstm().partial_fit(X, y, classes=CLASSES)
        before = weights(model)
        with pytest.raises(DataError, match=told):
            model.partial_fit(other, y)
        assert weights(model) == before

    def test_names_of_features_are_compared(self):
        frame = pd.DataFrame(X[:, -1], columns=["a", "b"])
        model = lstm().partial_fit(frame, y, classes=CLASSES)
        with pytest.raises(DataError, match="feature names should match"):
            model.partial_fit(frame.rename(columns={"b": "c"}), y)

    def test_weights_count(self):
        upwards = np.where(y == "up", 9.0, 1.0)
        plain, weighted = (
            lstm().partial_fit(X, y, classes=CLASSES, sample_weight=each)
            for each in (None, upwards)
        )
        assert (
            weighted.predict_proba(X)[:, 2].mean() > plain.predict_proba(X)[:, 2].mean()
        )
        by_class = lstm(class_weight={"up": 9.0}).partial_fit(X, y, classes=CLASSES)
        assert weights(by_class) == weights(weighted)

    def test_balance_is_refused_as_it_would_be_within_a_call(self):
        with pytest.raises(ValueError, match="balance each call of partial_fit"):
            lstm(class_weight="balanced").partial_fit(X, y, classes=CLASSES)

    def test_it_goes_on_from_a_fit(self):
        model = lstm(early_stopping=True).fit(X, y)
        kept, earlier = model.n_iter_, model.history_
        model.partial_fit(X, y)
        assert model.n_iter_ == kept + 1
        assert model.history_["train_loss"][:kept] == earlier["train_loss"][:kept]
        assert math.isnan(model.history_["val_loss"][-1])
        assert weights(model) != weights(lstm(early_stopping=True).fit(X, y))

    def test_a_fit_begins_anew(self):
        model = lstm().partial_fit(X + 1, y, classes=CLASSES).fit(X, y)
        assert facts_of(model) == facts_of(lstm().fit(X, y))
        assert not hasattr(model, "_training_state")

    @pytest.mark.parametrize("schedule", ["onecycle", "cosine", "plateau"])
    def test_the_rate_is_what_the_parameter_says(self, schedule):
        one, other = lstm(), lstm(lr_schedule=schedule)
        for model in (one, other):
            model.partial_fit(X, y, classes=CLASSES).partial_fit(X, y)
        assert weights(one) == weights(other)
        one.set_params(learning_rate=1e-12, weight_decay=0.0)
        before = one.predict_proba(X)
        np.testing.assert_allclose(one.partial_fit(X, y).predict_proba(X), before)

    def test_a_call_that_is_interrupted_changes_nothing(self, monkeypatch):
        model = lstm().partial_fit(X, y, classes=CLASSES)
        before = facts_of(model)

        def interrupt(*args):
            raise KeyboardInterrupt

        monkeypatch.setattr("torch.optim.AdamW.step", interrupt)
        with pytest.raises(KeyboardInterrupt):
            model.partial_fit(X, y)
        assert facts_of(model) == before

    def test_the_state_of_another_network_is_refused(self):
        model = lstm().partial_fit(X, y, classes=CLASSES)
        state = lstm(hidden_size=3).partial_fit(X, y, classes=CLASSES)._training_state
        model._training_state = state
        with pytest.raises(PersistenceError, match="of another network"):
            model.partial_fit(X, y)

    def test_the_type_is_that_of_the_first_call(self):
        model = lstm().partial_fit(X, y, classes=CLASSES)
        model.partial_fit(X.astype(np.float64), y)
        assert {str(w.dtype) for w in model.module_.parameters()} == {"torch.float32"}

    def test_curves_of_scikit_learn_use_it(self):
        sizes, *scores = learning_curve(
            lstm(),
            X,
            y,
            cv=3,
            train_sizes=[40, 80],
            exploit_incremental_learning=True,
            error_score="raise",
        )
        assert sizes.tolist() == [40, 80]
        assert np.isfinite(scores).all()

    def test_callbacks_are_told_of_each_epoch(self):
        told = []

        class Listener:
            def setup(self, estimator, context):
                pass

            def teardown(self, estimator, context):
                pass

            def on_fit_task_begin(self, estimator, context):
                pass

            def on_fit_task_end(self, estimator, context):
                if context.task_name == "epoch":
                    told.append(len(estimator.history_["train_loss"]))

        model = lstm().set_callbacks(Listener()).partial_fit(X, y, classes=CLASSES)
        model.partial_fit(X, y)
        assert told == [1, 1]

    def test_global_generators_are_left_alone(self):
        model = lstm().partial_fit(X, y, classes=CLASSES)
        before = pickle.dumps(np.random.get_state())  # noqa: NPY002
        model.partial_fit(X, y)
        assert pickle.dumps(np.random.get_state()) == before  # noqa: NPY002


def facts_of(model):
    return weights(model), proba(model), model.history_, model.n_iter_


class TestWarmStart:
    def test_a_fit_goes_on_from_the_weights_before(self):
        still = {"learning_rate": 1e-12, "weight_decay": 0.0}
        model = lstm(warm_start=True).fit(X, y)
        before = model.predict_proba(X)
        model.set_params(**still).fit(X, y)
        np.testing.assert_allclose(model.predict_proba(X), before, rtol=1e-6)
        anew = lstm(**still).fit(X, y).predict_proba(X)
        assert np.abs(anew - before).max() > 0.01

    def test_epochs_are_counted_from_the_first_one(self):
        model = lstm(warm_start=True).fit(X, y)
        earlier = model.history_["train_loss"]
        model.fit(X, y)
        assert model.n_iter_ == 6
        assert model.history_["train_loss"][:3] == earlier
        assert len(model.history_["train_loss"]) == 6

    def test_only_the_epochs_behind_the_weights_are_kept(self):
        params = {"early_stopping": True, "learning_rate": 0.1, "max_epochs": 8}
        noise = np.random.default_rng(1).integers(0, 3, 150)
        model = lstm(warm_start=True, **params).fit(X, noise)
        kept = model.n_iter_
        assert kept < len(model.history_["val_loss"])
        model.fit(X, noise)
        losses = model.history_["val_loss"]
        assert model.n_iter_ - 1 == kept + int(np.argmin(losses[kept:]))

    def test_all_samples_are_trained_on_from_where_the_fit_began(self):
        params = {"refit_tail": True, "early_stopping": True, "warm_start": True}
        model = lstm(**params).fit(X, y)
        first = model.n_iter_
        start = pickle.loads(pickle.dumps(model))
        model.fit(X, y)
        start.set_params(early_stopping=False, max_epochs=model.n_iter_ - first)
        assert weights(start.fit(X, y)) == weights(model)

    def test_standardisation_stays(self):
        model = lstm(warm_start=True).fit(X, y)
        mean = model.mean_
        assert model.fit(2 * X + 1, y).mean_ is mean

    def test_other_classes_are_refused(self):
        model = lstm(warm_start=True).fit(X, y)
        two = y != "flat"
        with pytest.raises(DataError, match=r"\['down', 'up'\], and the fit that warm"):
            model.fit(X[two], y[two])
        model.set_params(warm_start=False).fit(X[two], y[two])

    def test_other_features_are_refused(self):
        model = lstm(warm_start=True).fit(X, y)
        with pytest.raises(DataError, match="1 features"):
            model.fit(X[:, :, :1], y)
        assert model.set_params(warm_start=False).fit(X[:, :, :1], y).n_iter_ == 3

    def test_without_a_fit_before_there_is_nothing_to_go_on_from(self):
        assert facts_of(lstm(warm_start=True).fit(X, y)) == facts_of(lstm().fit(X, y))
        model = lstm(warm_start=True).fit(X, np.full(150, "up"))
        assert facts_of(model.fit(X, y)) == facts_of(lstm().fit(X, y))

    def test_a_clone_begins_anew(self):
        model = lstm(warm_start=True).fit(X, y)
        assert facts_of(clone(model).fit(X, y)) == facts_of(model)

    def test_a_loaded_model_goes_on(self):
        model = lstm(warm_start=True).fit(X, y)
        loaded = model_from_files(model_files(model))
        assert facts_of(loaded.fit(X, y)) == facts_of(model.fit(X, y))

    @pytest.mark.parametrize("name", NETWORKS)
    def test_every_network_has_it(self, name):
        panel, labels = make_samples()
        windows = Windower(3).transform(panel)
        model = quick(name, warm_start=True).fit(windows, labels)
        before = proba(model, windows)
        assert proba(model.fit(windows, labels), windows) != before
        assert model.n_iter_ > 1


def test_symbols_stay_those_of_the_first_call():
    panel, labels = make_samples()
    windows = Windower(3).transform(panel)
    model = quick("tft", warm_start=True).fit(windows, labels)
    of_a = windows.symbols == "A"
    assert model.fit(windows[of_a], labels[of_a]).symbols_.tolist() == ["A", "B"]
    model.partial_fit(windows[of_a], labels[of_a])
    assert model.symbols_.tolist() == ["A", "B"]


def test_members_go_on_together():
    model = InceptionTimeClassifier(n_members=2, n_filters=2, depth=3, max_epochs=1)
    model.partial_fit(X, y, classes=CLASSES).partial_fit(X, y)
    assert len(model.module_.members) == 2


def test_networks_are_found():
    assert len(NETWORKS) >= 11
    assert set(NETWORKS) < set(NAMES)
