"""One classifier with several seeds."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import sklearn
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.tree import DecisionTreeClassifier

from families import make_samples
from sk_ensemble import LSTMClassifier, Windower, load_model, save_model
from sk_ensemble.ensemble import SeedEnsembleClassifier
from sk_ensemble.exceptions import DataError
from sk_ensemble.experiments import PredictionOutput

LSTM = LSTMClassifier(
    hidden_size=3, num_layers=1, max_epochs=3, learning_rate=0.05, device="cpu"
)
TREE = DecisionTreeClassifier(max_depth=3, max_features=1)


@pytest.fixture(scope="module")
def samples():
    return make_samples()


@pytest.fixture(scope="module")
def model(samples):
    net = make_pipeline(Windower(3), LSTM)
    return SeedEnsembleClassifier(net, n_seeds=3, random_state=0).fit(*samples)


def entropy(proba):
    """Return the entropy of one row, computed term by term."""
    return -sum(p * np.log(p) for p in proba if p > 0)


def test_the_mean_is_that_of_the_same_classifier_with_each_seed(samples, model):
    X, y = samples
    alone = []
    for estimator in model.estimators_:
        seed = estimator[-1].random_state
        own = clone(LSTM).set_params(random_state=seed)
        alone.append(make_pipeline(Windower(3), own).fit(X, y).predict_proba(X))
    assert len({proba.tobytes() for proba in alone}) == 3
    np.testing.assert_allclose(model.predict_members(X), alone, atol=1e-12)
    np.testing.assert_allclose(model.predict_proba(X), np.mean(alone, axis=0))


def test_one_seed_decides_all(samples, model):
    X, y = samples
    again = clone(model).fit(X, y)
    assert again.predict_proba(X).tobytes() == model.predict_proba(X).tobytes()
    other = clone(model).set_params(random_state=1).fit(X, y)
    assert other.predict_proba(X).tobytes() != model.predict_proba(X).tobytes()


def test_more_seeds_leave_the_first_ones_as_they_are(samples, model):
    X, y = samples
    more = clone(model).set_params(n_seeds=4).fit(X, y)
    expected = model.predict_members(X)
    assert more.predict_members(X)[:3].tobytes() == expected.tobytes()


@pytest.mark.slow
def test_processes_give_the_same(samples, model):
    X, y = samples
    shared = clone(model).set_params(n_jobs=2).fit(X, y)
    assert shared.predict_proba(X).tobytes() == model.predict_proba(X).tobytes()


def test_the_order_of_samples_does_not_matter():
    X, y = make_samples()
    frame = X.to_frame()
    order = np.random.default_rng(0).permutation(len(y))
    model = SeedEnsembleClassifier(TREE, n_seeds=3, random_state=0)
    one = clone(model).fit(frame, y).predict_proba(frame)
    other = clone(model).fit(frame.iloc[order], y[order]).predict_proba(frame)
    assert one.tobytes() == other.tobytes()


def test_every_step_that_draws_gets_a_seed_of_its_own(samples):
    X, y = samples
    inner = make_pipeline(Windower(2, flatten=True), TREE)
    outer = SeedEnsembleClassifier(inner, n_seeds=2, random_state=0)
    model = SeedEnsembleClassifier(outer, n_seeds=2, random_state=0).fit(X, y)
    seeds = {est.random_state for est in model.estimators_}
    seeds |= {est.estimator[-1].random_state for est in model.estimators_}
    assert len(seeds) == 4
    assert LSTM.random_state is None


class TestUncertainty:
    def test_it_is_the_mutual_information_of_outcome_and_seed(self, samples, model):
        X, _ = samples
        members, found = model.predict_members(X), model.predict_uncertainty(X)
        for row in (0, 7, len(X) - 1):
            own = [entropy(proba) for proba in members[:, row]]
            expected = entropy(members[:, row].mean(axis=0)) - np.mean(own)
            assert found[row] == pytest.approx(expected, abs=1e-12)
        assert (found >= 0).all()
        assert (found <= np.log(3)).all()
        assert found.std() > 0

    def test_it_is_nothing_where_all_agree(self, samples):
        X, y = samples
        X = X.to_numpy()
        same = SeedEnsembleClassifier(LogisticRegression(), n_seeds=3).fit(X, y)
        assert same.predict_uncertainty(X) == pytest.approx(0, abs=1e-12)
        one = SeedEnsembleClassifier(TREE, n_seeds=1).fit(X, y)
        assert one.predict_uncertainty(X) == pytest.approx(0, abs=1e-12)

    def test_it_is_greatest_where_each_is_sure_of_something_else(self, monkeypatch):
        model = SeedEnsembleClassifier(TREE, n_seeds=2)
        said = np.array([[[1.0, 0.0], [0.5, 0.5]], [[0.0, 1.0], [0.5, 0.5]]])
        monkeypatch.setattr(model, "predict_members", lambda X: said)
        assert model.predict_uncertainty(None) == pytest.approx([np.log(2), 0])

    def test_predictions_carry_it(self, samples, model):
        X, _ = samples
        output = PredictionOutput.from_proba(
            model.predict_proba(X),
            timestamps=X.times,
            symbols=X.symbols,
            horizon=3,
            uncertainty=model.predict_uncertainty(X),
        )
        found = output.to_dataframe()["uncertainty"].to_numpy()
        assert found.tolist() == model.predict_uncertainty(X).tolist()


class TestWeights:
    def test_a_pipeline_hands_them_on(self, samples):
        X, y = samples
        model = SeedEnsembleClassifier(
            make_pipeline(Windower(3), LSTM), n_seeds=2, random_state=0
        )
        weights = np.where(y == 1, 9.0, 1.0)
        plain = clone(model).fit(X, y).predict_proba(X)[:, 2].mean()
        weighted = clone(model).fit(X, y, sample_weight=weights).predict_proba(X)
        assert weighted[:, 2].mean() > plain

    def test_those_of_other_bars_are_refused(self, samples):
        X, y = samples
        weights = pd.Series(np.ones(len(y)), index=X.index[::-1])
        model = SeedEnsembleClassifier(LSTM, n_seeds=1)
        with pytest.raises(DataError, match="sample_weight is indexed by other bars"):
            model.fit(X, y, sample_weight=weights)

    def test_they_are_routed_to_who_asks(self, samples):
        rows = samples[0].to_numpy()
        y = np.random.default_rng(0).integers(0, 2, len(rows))
        weights = np.where(y == 1, 9.0, 1.0)
        with sklearn.config_context(enable_metadata_routing=True):
            asks, asks_not = (
                SeedEnsembleClassifier(clone(TREE).set_fit_request(sample_weight=each))
                for each in (True, False)
            )
            asks.fit(rows, y, sample_weight=weights)
            with pytest.raises(TypeError, match="sample_weight"):
                asks_not.fit(rows, y, sample_weight=weights)
        assert asks.predict_proba(rows)[:, 1].mean() > 0.7


def test_what_draws_nothing_is_refused(samples):
    X, y = samples
    with pytest.raises(ValueError, match="GaussianNB has no parameter random_state"):
        SeedEnsembleClassifier(GaussianNB()).fit(X.to_numpy(), y)


def test_what_is_no_classifier_is_refused(samples):
    X, y = samples
    with pytest.raises(ValueError, match="estimator"):
        SeedEnsembleClassifier("lstm").fit(X, y)


def test_it_is_saved_without_pickle(samples, model, tmp_path):
    X, _ = samples
    save_model(model, tmp_path / "model")
    loaded = load_model(tmp_path / "model")
    assert loaded.predict_proba(X).tobytes() == model.predict_proba(X).tobytes()
    expected = model.predict_uncertainty(X)
    assert loaded.predict_uncertainty(X).tobytes() == expected.tobytes()
