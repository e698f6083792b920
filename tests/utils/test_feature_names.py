from __future__ import annotations

from types import SimpleNamespace

import pytest

from sk_ensemble.exceptions import DataError
from sk_ensemble.utils.feature_names import check_features, set_features


@pytest.fixture
def estimator():
    fitted = SimpleNamespace()
    set_features(fitted, 2, ("close", "volume"))
    return fitted


def test_names_and_number_are_recorded(estimator):
    assert estimator.n_features_in_ == 2
    assert estimator.feature_names_in_.tolist() == ["close", "volume"]


def test_a_fit_without_names_forgets_those_of_an_earlier_one(estimator):
    set_features(estimator, 3, None)
    assert vars(estimator) == {"n_features_in_": 3}


@pytest.mark.parametrize("columns", [("close", "volume"), None])
def test_the_same_or_unnamed_features_are_taken(estimator, columns):
    check_features(estimator, 2, columns)


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        (("volume", "close"), r"in another order: expected \['close', 'volume'\]"),
        (("close",), r"missing: \['volume'\]"),
        (("close", "volume", "open"), r"not seen in fit: \['open'\]"),
        (("close", "open"), r"missing: \['volume'\]; not seen in fit: \['open'\]"),
        (None, "X has 3 features, but SimpleNamespace is expecting 2"),
    ],
)
def test_other_features_are_refused_with_the_difference(estimator, columns, message):
    with pytest.raises(DataError, match=message):
        check_features(estimator, 3 if columns is None else len(columns), columns)
