from __future__ import annotations

import numpy as np
import pytest
from ensembles import SPLITTERS, line, make_proba
from hypothesis import given
from hypothesis import strategies as st
from sklearn.calibration import CalibratedClassifierCV
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB

from sk_ensemble import PurgedSplit, WalkForwardSplit
from sk_ensemble.ensemble import PurgedCalibratedClassifier
from sk_ensemble.ensemble._calibrators import Isotonic, Temperature
from sk_ensemble.ensemble._meta_samples import MemberPredictions
from sk_ensemble.exceptions import DataError
from sk_ensemble.metrics import classwise_calibration_error, log_loss

CV = PurgedSplit(4, purged_size=0)
METHODS = ["temperature", "isotonic"]
probabilities = st.integers(0, 10_000).map(
    lambda seed: np.random.default_rng(seed).dirichlet([0.5, 0.7, 0.3], size=50)
)


def sharpened(proba, power):
    """The probabilities of someone `power` times as sure."""
    odds = proba**power
    return odds / odds.sum(axis=1, keepdims=True)


@pytest.fixture
def honest():
    """Outcomes drawn from known probabilities of three classes."""
    rng = np.random.default_rng(0)
    proba = rng.dirichlet([3.0, 4.0, 3.0], size=6000)
    y = (rng.random((6000, 1)) > proba.cumsum(axis=1)).sum(axis=1)
    return proba, y


@given(proba=probabilities, temperature=st.floats(0.2, 20))
def test_a_temperature_never_changes_the_preferred_class(proba, temperature):
    combined = Temperature(temperature).combine(MemberPredictions((proba,)))
    assert combined.sum(axis=1) == pytest.approx(1)
    np.testing.assert_array_equal(combined.argmax(axis=1), proba.argmax(axis=1))


@given(proba=probabilities)
def test_a_temperature_of_one_changes_nothing_and_a_high_one_all(proba):
    predictions = MemberPredictions((proba,))
    np.testing.assert_allclose(Temperature(1.0).combine(predictions), proba, atol=1e-9)
    hot = Temperature(1e6).combine(predictions)
    assert hot == pytest.approx(1 / 3, abs=1e-3)


@pytest.mark.parametrize("power", [0.5, 1.0, 3.0])
def test_the_temperature_is_how_much_too_sure_someone_is(honest, power):
    proba, y = honest
    model = PurgedCalibratedClassifier.from_oof(sharpened(proba, power), y, cv=CV)
    assert model.temperature_ == pytest.approx(power, rel=0.1)


def test_the_temperature_has_the_least_loss_of_all(honest):
    proba, y = honest
    sure = sharpened(proba, 2.5)
    model = PurgedCalibratedClassifier.from_oof(sure, y, cv=CV)
    grid = model.temperature_ * np.geomspace(0.5, 2, 101)
    losses = [log_loss(y, sharpened(sure, 1 / t), labels=[0, 1, 2]) for t in grid]
    assert np.argmin(losses) == 50


def test_two_classes_agree_with_scikit_learn_on_one_split():
    rng = np.random.default_rng(0)
    X = np.repeat(rng.normal(size=(600, 1)), 5, axis=1)
    y = (X[:, 0] + 1.5 * rng.normal(size=600) > 0).astype(int)
    folds = [(np.arange(300), np.arange(300, 600))]
    theirs = CalibratedClassifierCV(
        GaussianNB(), method="temperature", cv=folds, ensemble=True
    ).fit(X, y)
    ours = PurgedCalibratedClassifier(GaussianNB(), cv=folds, refit="folds").fit(X, y)
    np.testing.assert_allclose(
        ours.predict_proba(X), theirs.predict_proba(X), atol=1e-3
    )


@pytest.mark.parametrize("method", METHODS)
def test_what_was_too_sure_of_itself_is_better_afterwards(honest, method):
    """Fitted on the first half of the rows and judged by the second."""
    proba, y = honest
    sure, first, second = sharpened(proba, 4.0), slice(0, 3000), slice(3000, 6000)
    model = PurgedCalibratedClassifier.from_oof(
        sure[first], y[first], cv=CV, method=method
    )
    better = model.calibrate(sure[second])
    options = {"labels": [0, 1, 2]}
    before = log_loss(y[second], sure[second], **options)
    after = log_loss(y[second], better, **options)
    best = log_loss(y[second], proba[second], **options)
    assert after < best + 0.02 < before - 0.3
    assert classwise_calibration_error(y[second], better, **options) < 0.03
    assert classwise_calibration_error(y[second], sure[second], **options) > 0.08


@pytest.mark.parametrize("method", METHODS)
def test_who_was_honest_stays_as_he_was(honest, method):
    proba, y = honest
    model = PurgedCalibratedClassifier.from_oof(proba, y, cv=CV, method=method)
    assert np.abs(model.calibrate(proba) - proba).mean() < 0.02
    assert model.oof_score_ == pytest.approx(
        model.member_scores_["estimator"], abs=0.01
    )


def test_isotonic_maps_rise_and_stay_away_from_certainty(honest):
    proba, y = honest
    model = PurgedCalibratedClassifier.from_oof(
        sharpened(proba, 4.0)[:200], y[:200], cv=CV, method="isotonic"
    )
    assert isinstance(model._combination, Isotonic)
    grid = np.linspace(0, 1, 101)
    for one in model._combination.maps:
        values = one.predict(grid)
        assert (np.diff(values) >= 0).all()
        assert values.min() >= 1 / 202
        assert values.max() <= 201 / 202
    assert model.calibrate(np.eye(3)).sum(axis=1) == pytest.approx(1)
    assert not hasattr(model, "temperature_")


@pytest.mark.parametrize("method", METHODS)
def test_rows_are_calibrated_without_themselves(honest, method):
    proba, y = honest
    proba, y = sharpened(proba[:400], 3.0), y[:400]
    model = PurgedCalibratedClassifier.from_oof(proba, y, cv=CV, method=method)
    for train, test in CV.split(proba):
        alone = PurgedCalibratedClassifier.from_oof(
            proba[train], y[train], cv=CV, method=method
        )
        np.testing.assert_allclose(
            model.oof_proba_[test], alone.calibrate(proba[test]), atol=1e-9
        )


@pytest.mark.parametrize("method", METHODS)
def test_fit_calibrates_what_it_predicts_out_of_fold(samples, cv, method):
    X, y = samples
    model = PurgedCalibratedClassifier(line(), cv=cv, method=method).fit(X, y)
    known = model.oof_predictions_["estimator"]
    fitted = model.named_estimators_["estimator"]
    made = PurgedCalibratedClassifier.from_oof(
        known, y, X, cv=cv, method=method, estimator=fitted
    )
    np.testing.assert_allclose(made.oof_proba_, model.oof_proba_, atol=1e-9)
    np.testing.assert_allclose(made.predict_proba(X), model.predict_proba(X), atol=1e-9)
    raw = fitted.predict_proba(X)
    np.testing.assert_allclose(model.calibrate(raw), model.predict_proba(X), atol=1e-6)
    assert made.n_features_in_ == model.n_features_in_ == 3
    if method == "temperature":
        np.testing.assert_array_equal(model.predict(X), fitted.predict(X))


def test_parameters_and_weights_reach_the_classifier(samples):
    X, y = samples
    model = PurgedCalibratedClassifier(line(), cv=SPLITTERS["blocks"])
    model.set_params(estimator__windower__window_length=3)
    assert model.estimator[0].window_length == 3
    weights = np.where(y == 1, 5.0, 1.0)
    weighted = model.fit(X, y, sample_weight=weights).predict_proba(X)[:, 2].mean()
    assert weighted > model.fit(X, y).predict_proba(X)[:, 2].mean()


def test_without_a_classifier_it_calibrates_but_does_not_predict(honest):
    proba, y = honest
    model = PurgedCalibratedClassifier.from_oof(
        proba, y, cv=WalkForwardSplit(3, purged_size=0)
    )
    assert np.isnan(model.oof_proba_[:1500]).all()
    with pytest.raises(NotFittedError, match="without members"):
        model.predict_proba(np.zeros((1, 1)))
    with pytest.raises(ValueError, match="must be a classifier object"):
        model.fit(np.zeros((6000, 1)), y)
    with pytest.raises(DataError, match="add up to 1"):
        model.calibrate(proba * 2)
    with pytest.raises(ValueError, match="'method' parameter"):
        PurgedCalibratedClassifier(LogisticRegression(), cv=CV, method="sigmoid").fit(
            proba, y
        )


def test_a_row_without_a_prediction_has_no_calibrated_one(honest):
    proba, y = honest
    model = PurgedCalibratedClassifier.from_oof(proba, y, cv=CV)
    holes = make_proba(y[:5], 1.0)
    holes[2] = np.nan
    calibrated = model.calibrate(holes)
    assert np.isnan(calibrated).any(axis=1).tolist() == [
        False,
        False,
        True,
        False,
        False,
    ]
