from __future__ import annotations

import importlib.metadata
import subprocess
import sys
import types

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.svm import LinearSVC

from sk_ensemble.exceptions import RegistryError
from sk_ensemble.registry import (
    ModelInfo,
    create,
    list_models,
    model_info,
    model_parameters,
    register,
)
from sk_ensemble.registry._builtins import builtin_entries
from sk_ensemble.registry._entry import Entry
from sk_ensemble.registry._registry import GROUP, REGISTRY
from sk_ensemble.registry._validation import FAMILIES

BUILTIN_NAMES = [entry.info.full_name for entry in builtin_entries()]


class Echo(ClassifierMixin, BaseEstimator):
    """A classifier that always gives the class shares."""

    def __init__(self, *, strength=1.0, random_state=None):
        self.strength = strength
        self.random_state = random_state

    def fit(self, X, y):
        self.classes_, counts = np.unique(y, return_counts=True)
        self.shares_ = counts / len(y)
        return self

    def predict_proba(self, X):
        return np.tile(self.shares_, (len(X), 1))


class Silent(ClassifierMixin, BaseEstimator):
    """A classifier without probabilities."""

    def fit(self, X, y):
        return self


class Number(RegressorMixin, BaseEstimator):
    """No classifier, although it has the method."""

    def predict_proba(self, X):
        return X


class Loose:
    """No scikit-learn estimator."""


class Positional(Echo):
    def __init__(self, strength=1.0):
        self.strength = strength


class Demanding(Echo):
    def __init__(self, *, strength):
        self.strength = strength


class Swallowing(Echo):
    def __init__(self, **params):
        self.params = params


def add(name="echo", family="baseline", description="Repeat.", **metadata):
    return register(name, family=family, description=description, **metadata)


def fake_plugins(monkeypatch, **modules):
    """Install modules, each a function that runs as its import would."""
    points = []
    for name, body in modules.items():
        point = types.SimpleNamespace(name=name, value=f"{name}_package", load=body)
        points.append(point)

    def entry_points(*, group):
        return points if group == GROUP else []

    monkeypatch.setattr(importlib.metadata, "entry_points", entry_points)
    monkeypatch.setattr(REGISTRY, "_plugins_are_loaded", False)


@pytest.fixture(autouse=True)
def no_installed_plugins(monkeypatch):
    fake_plugins(monkeypatch)


def test_a_decorated_class_is_created_by_short_and_by_full_name():
    assert add()(Echo) is Echo
    for name in ("echo", "baseline:echo"):
        model = create(name, strength=2.0)
        assert type(model) is Echo
        assert model.strength == 2.0


def test_a_decorated_function_may_return_a_pipeline():
    @add("bayes", family="sklearn")
    def bayes(*, var_smoothing=1e-9):
        return make_pipeline(GaussianNB(var_smoothing=var_smoothing))

    model = create("bayes", var_smoothing=0.5)
    assert isinstance(model, Pipeline)
    assert model[-1].var_smoothing == 0.5


def test_create_returns_a_new_model_each_time():
    add()(Echo)
    assert create("echo") is not create("echo")


def test_a_model_may_have_a_parameter_called_name():
    class Named(Echo):
        def __init__(self, *, name="a"):
            self.name = name

    add()(Named)
    assert create("echo", name="b").name == "b"


def test_parameters_of_a_class_and_of_a_function_are_looked_up():
    @register("one", family="sklearn", description="A function")
    def one(*, alpha=0.5):
        return GaussianNB(var_smoothing=alpha)

    assert model_parameters("one") == {"alpha": 0.5}
    assert model_parameters("prior") == {}
    assert model_parameters("xgboost") == create("xgboost").get_params()


def test_metadata_are_kept():
    metadata = {
        "requires_gpu": True,
        "multivariate": False,
        "needs_windows": True,
        "allows_nan": True,
    }
    add(**metadata)(Echo)
    expected = ModelInfo(
        name="echo", family="baseline", description="Repeat.", **metadata
    )
    assert model_info("echo") == expected
    row = list_models().set_index("full_name").loc["baseline:echo"]
    assert row.drop(["name", "family", "description"]).to_dict() == metadata


def test_the_list_shows_every_model_once_by_family_and_name():
    models = list_models()
    assert list(models.columns) == [
        "name",
        "family",
        "full_name",
        "description",
        "requires_gpu",
        "multivariate",
        "needs_windows",
        "allows_nan",
    ]
    assert sorted(models["full_name"]) == sorted(BUILTIN_NAMES)
    keys = [
        (FAMILIES.index(family), name)
        for family, name in zip(models["family"], models["name"], strict=True)
    ]
    assert keys == sorted(keys)


@pytest.mark.parametrize(
    "name", ["Echo", "", "a b", "-a", "_a", "a/b", "../a", "a:b", "é", "a" * 65, None]
)
def test_names_outside_the_allowed_alphabet_are_refused(name):
    with pytest.raises(RegistryError, match="cannot be named"):
        add(name)


@pytest.mark.parametrize("name", ["a", "0", "a_1", "a" * 64])
def test_names_inside_the_allowed_alphabet_are_taken(name):
    add(name)(Echo)
    assert type(create(name)) is Echo


def test_an_unknown_family_is_refused_with_the_nearest():
    with pytest.raises(RegistryError, match=r"no family 'boostng'.*nearest.*boosting"):
        add(family="boostng")


@pytest.mark.parametrize("description", ["", "two\nlines", None])
def test_a_description_that_is_not_one_line_is_refused(description):
    with pytest.raises(RegistryError, match="one line"):
        add(description=description)


@pytest.mark.parametrize(
    ("cls", "message"),
    [
        (Silent, "Silent has no predict_proba"),
        (LinearSVC, "keyword-only"),
        (Number, "Number is not a classifier"),
        (Loose, "Loose is not a scikit-learn estimator"),
        (Positional, "strength is not keyword-only"),
        (Demanding, "strength has no default"),
        (Swallowing, "params is not keyword-only"),
    ],
)
def test_a_class_that_is_no_such_classifier_is_refused_at_once(cls, message):
    with pytest.raises(RegistryError, match=message):
        add()(cls)
    with pytest.raises(RegistryError, match="no model 'echo'"):
        model_info("echo")


def test_a_function_is_refused_when_what_it_returns_is_first_seen():
    @add()
    def silent():
        return Silent()

    with pytest.raises(RegistryError, match="Silent has no predict_proba"):
        create("echo")


def test_a_taken_name_is_refused_and_says_who_has_it():
    add()(Echo)
    with pytest.raises(RegistryError, match=r"baseline:echo is taken by .*:Echo;"):
        add()(type("Other", (Echo,), {}))
    assert type(create("echo")) is Echo


def test_a_builtin_name_is_taken_before_it_was_ever_imported():
    with pytest.raises(RegistryError, match=r"taken by sk_ensemble\.boosting"):
        add("xgboost", family="boosting")(Echo)


def test_the_same_class_may_be_registered_again():
    def cell():
        class Again(Echo):
            pass

        return add()(Again)

    cell()
    second = cell()
    assert type(create("echo")) is second


def test_an_ambiguous_short_name_is_refused_with_the_full_names():
    add(family="baseline")(Echo)
    add(family="neural")(Echo)
    with pytest.raises(RegistryError, match="say which: baseline:echo, neural:echo"):
        create("echo")
    assert type(create("neural:echo")) is Echo


@pytest.mark.parametrize(
    ("name", "suggestion"),
    [
        ("xgbost", "xgboost"),
        ("XGBoost", "xgboost"),
        ("neural:xgboost", "boosting:xgboost"),
        ("hist_gradient", "hist_gradient_boosting"),
        ("zzzzzz", "random_forest"),
    ],
)
def test_an_unknown_name_is_refused_with_the_nearest(name, suggestion):
    with pytest.raises(RegistryError, match=suggestion):
        create(name)


@pytest.mark.parametrize("name", [None, 3, Echo])
def test_what_is_not_a_string_is_refused(name):
    with pytest.raises(RegistryError, match="is a string"):
        create(name)


@pytest.mark.parametrize(
    ("parameter", "home"),
    [
        ("horizon", "fixed_horizon_labels"),
        ("columns", "Panel.from_frame"),
        ("features", "Panel.from_frame"),
        ("window_length", "Windower"),
    ],
)
def test_parameters_of_the_data_are_refused_with_where_they_belong(parameter, home):
    add()(Echo)
    with pytest.raises(RegistryError, match=f"'{parameter}' belongs .*{home}"):
        create("echo", **{parameter: 5})


def test_a_model_may_have_a_parameter_that_otherwise_belongs_to_the_data():
    class Sliding(Echo):
        def __init__(self, *, window_length=3):
            self.window_length = window_length

    add()(Sliding)
    assert create("echo", window_length=5).window_length == 5


def test_unknown_parameters_are_refused_all_at_once_with_the_nearest():
    add()(Echo)
    with pytest.raises(RegistryError) as caught:
        create("echo", strenght=1, rndom_state=0)
    message = str(caught.value)
    assert "no parameter 'strenght'; the nearest are strength" in message
    assert "no parameter 'rndom_state'; the nearest are random_state" in message


def test_a_model_of_another_package_is_found_through_its_entry_point(monkeypatch):
    fake_plugins(monkeypatch, other=lambda: add()(Echo))
    assert type(create("echo")) is Echo
    assert "baseline:echo" in set(list_models()["full_name"])


def test_entry_points_are_loaded_once(monkeypatch):
    loads = []
    fake_plugins(monkeypatch, other=lambda: loads.append(add()(Echo)))
    create("echo")
    list_models()
    model_info("lstm")
    assert loads == [Echo]


def test_a_full_name_of_a_builtin_needs_no_entry_point(monkeypatch):
    fake_plugins(monkeypatch, other=lambda: pytest.fail("was loaded"))
    assert model_info("boosting:xgboost").name == "xgboost"


@pytest.mark.parametrize(
    ("cls", "message"),
    [(Positional, "strength is not keyword-only"), (Silent, "has no predict_proba")],
)
def test_a_lazy_entry_is_checked_when_it_is_first_used(monkeypatch, cls, message):
    module = types.ModuleType("lazy_models")
    module.Model = cls
    info = ModelInfo(name="lazy", family="neural", description="Late.")
    REGISTRY.add(Entry(info, "lazy_models:Model"))
    assert model_info("lazy") is info
    monkeypatch.setitem(sys.modules, "lazy_models", module)
    with pytest.raises(RegistryError, match=message):
        create("lazy")


def test_a_lazy_entry_whose_library_is_missing_leaves_the_list_whole():
    info = ModelInfo(name="lazy", family="neural", description="Late.")
    REGISTRY.add(Entry(info, "no_such_library:Model"))
    assert "neural:lazy" in set(list_models()["full_name"])
    with pytest.raises(ImportError, match="no_such_library"):
        create("lazy")


def test_a_broken_plugin_is_named_and_leaves_the_others(monkeypatch):
    def broken():
        raise KeyError("torchx")

    fake_plugins(monkeypatch, broken=broken, other=lambda: add()(Echo))
    with pytest.warns(RuntimeWarning, match=r"broken_package.*KeyError: 'torchx'"):
        assert type(create("echo")) is Echo
    with pytest.raises(RegistryError, match=r"no model 'sonar'.*broken_package"):
        create("sonar")


def test_a_plugin_cannot_take_a_builtin_name(monkeypatch):
    fake_plugins(monkeypatch, rude=lambda: add("xgboost", family="boosting")(Echo))
    with pytest.warns(RuntimeWarning, match="boosting:xgboost is taken"):
        models = list_models()
    assert sorted(models["full_name"]) == sorted(BUILTIN_NAMES)


def with_defaults(name):
    """Make a model; only of ensembles say how long the labels of an array last.

    Networks of their full size are trained for two epochs.
    """
    params = {"max_epochs": 2} if "max_epochs" in model_parameters(name) else {}
    if model_info(name).family == "ensemble":
        params["purged_size"] = 1
    return create(name, **params)


def windows_and_labels():
    windows = np.random.default_rng(0).normal(size=(90, 3, 2))
    return windows, np.arange(90) % 3 - 1


@pytest.mark.parametrize("name", BUILTIN_NAMES)
def test_a_builtin_model_learns_windows_with_its_defaults(name):
    windows, labels = windows_and_labels()
    model = with_defaults(name).fit(windows, labels)
    assert model.predict_proba(windows).shape == (90, 3)
    assert model.classes_.tolist() == [-1, 0, 1]
    assert type(create(model_info(name).name)) is type(model)


@pytest.mark.parametrize("name", BUILTIN_NAMES)
def test_a_builtin_model_takes_missing_features_where_its_metadata_say_so(name):
    windows, labels = windows_and_labels()
    windows[::7, 1, 0] = np.nan
    if model_info(name).allows_nan:
        model = create(name).fit(windows, labels)
        assert np.isfinite(model.predict_proba(windows)).all()
    else:
        with pytest.raises(ValueError, match=r"(?i)nan|missing"):
            with_defaults(name).fit(windows, labels)


@pytest.mark.parametrize("step", range(2))
def test_a_test_leaves_the_registry_as_it_was(step):
    assert sorted(list_models()["full_name"]) == sorted(BUILTIN_NAMES)
    add(f"echo_{step}")(Echo)
    assert len(list_models()) == len(BUILTIN_NAMES) + 1


def test_listing_imports_no_model():
    script = """
import sys
from sk_ensemble.registry import list_models, model_info
list_models(), model_info("lstm")
families = ("boosting", "neural_network", "time_series", "baseline", "tabular")
print(sorted(name for name in families if f"sk_ensemble.{name}" in sys.modules))
"""
    result = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "[]"


def test_defaults_are_those_that_models_are_made_with():
    table = list_models(defaults=True).set_index("full_name")
    assert set(list_models()) == set(table.reset_index()) - {"defaults"}
    for name, defaults in table["defaults"].items():
        assert defaults == model_parameters(name)
    made = create("timeseries:minirocket").get_params()
    assert table.loc["timeseries:minirocket", "defaults"] == made


def test_defaults_are_missing_where_a_package_is(monkeypatch):
    import importlib.util

    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util,
        "find_spec",
        lambda name, *rest: None if name == "catboost" else find(name, *rest),
    )
    table = list_models(defaults=True).set_index("name")["defaults"]
    assert table["catboost"] is None
    assert table["xgboost"]["n_estimators"] > 0
