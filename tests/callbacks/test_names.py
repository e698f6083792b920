"""Names and values, as MLflow itself judges them."""

from __future__ import annotations

import functools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mlflow.exceptions import MlflowException
from mlflow.utils.validation import _validate_metric_name
from sklearn.base import BaseEstimator

from sk_ensemble.callbacks._names import param_text, safe_name, shown


@given(st.text(max_size=400))
def test_mlflow_takes_every_name(name):
    _validate_metric_name(safe_name(name))
    assert len(safe_name(name)) <= 250


@given(st.text(alphabet="ab[]%/.", max_size=6), st.text(alphabet="ab[]%/.", max_size=6))
def test_no_two_names_become_one(one, other):
    assert (safe_name(one) == safe_name(other)) == (one == other)


@pytest.mark.parametrize("name", ["clf__C", "val_loss", "mean test/score: 1", "a.b-c"])
def test_good_names_stay(name):
    _validate_metric_name(name)
    assert safe_name(name) == name


@pytest.mark.parametrize("name", ["../x", "/x", "a//b", ".", "a\tb", "a[0]"])
def test_mlflow_would_refuse_names_that_are_changed(name):
    with pytest.raises(MlflowException):
        _validate_metric_name(name)
    assert safe_name(name) != name


def test_long_values_are_cut_and_say_so():
    assert param_text("x" * 6000) == "x" * 6000
    cut = param_text("x" * 6001)
    assert len(cut) == 6000
    assert cut.endswith(" [6001 characters, sha256 "[1:] + cut[-9:])
    assert param_text("x" * 7000)[-9:] != param_text("y" + "x" * 6999)[-9:]


class Plain(BaseEstimator):
    pass


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a", "a"),
        (np.float64(0.1), "0.1"),
        (True, "True"),
        (None, "None"),
        (Plain, f"{__name__}.Plain"),
        (len, "builtins.len"),
        ([1, "a"], "[1, 'a']"),
        ("mysql+pymysql://me:a/b@db:1/x?password=y", "mysql+pymysql://db:1/x"),
        ("http://me:p@ss@host:1/x", "http://host:1/x"),
        ("http://[half", "http://[half"),
    ],
)
def test_values_read_the_same_in_every_process(value, text):
    assert shown(value) == text
    assert "0x" not in shown(value)


def test_a_value_with_an_address_in_it_would_be_noticed():
    assert "0x" in shown(functools.partial(lambda: None))
