"""What the docstrings state is compared with the code."""

from __future__ import annotations

import ast
import dataclasses
import doctest
import inspect
import re
import textwrap
from typing import Any

import numpy as np
import pytest
from numpydoc.docscrape import NumpyDocString
from optuna.distributions import FloatDistribution
from sklearn.base import BaseEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler
from sktime.classification.distance_based import KNeighborsTimeSeriesClassifier

from discovery import public_methods, public_objects
from sk_ensemble import PurgedSplit

OBJECTS = public_objects()
CLASSES = {name: value for name, value in OBJECTS.items() if inspect.isclass(value)}
# Without the base classes of families, which have nothing to fit.
ESTIMATORS = {
    name: value
    for name, value in CLASSES.items()
    if issubclass(value, BaseEstimator)
    and hasattr(value, "fit")
    and not inspect.isabstract(value)
}
METHODS = {
    f"{name}.{method}": value
    for name, cls in CLASSES.items()
    for method, value in public_methods(cls)
}
# Arguments of estimators that cannot do without.
MEMBERS = {
    "estimators": [("a", LogisticRegression()), ("b", LogisticRegression(C=0.1))],
    "cv": PurgedSplit(3, purged_size=0),
}
ARGUMENTS: dict[str, dict[str, Any]] = {
    "GreedyEnsembleClassifier": MEMBERS,
    "PurgedCalibratedClassifier": {
        "estimator": LogisticRegression(),
        "cv": MEMBERS["cv"],
    },
    "OptunaSearchCV": {
        "estimator": LogisticRegression(),
        "param_distributions": {"C": FloatDistribution(0.1, 1)},
        "n_trials": 2,
        "cv": MEMBERS["cv"],
        "storage": "memory",
    },
    "PurgedStackingClassifier": MEMBERS,
    "RowTransformer": {"transformer": StandardScaler()},
    "SeedEnsembleClassifier": {"estimator": LogisticRegression()},
    "SktimeClassifier": {
        "estimator": KNeighborsTimeSeriesClassifier(distance="euclidean")
    },
    "WeightedVoteClassifier": MEMBERS,
}
# Words with which a docstring says that fit does not always set an attribute.
CONDITION = re.compile(r"\b(absent|if|only|unless|when|where)\b", re.IGNORECASE)
STARS = {inspect.Parameter.VAR_POSITIONAL: "*", inspect.Parameter.VAR_KEYWORD: "**"}


def parse(value: Any) -> NumpyDocString:
    return NumpyDocString(inspect.getdoc(value) or "")


def default_of(value: Any, parameter: inspect.Parameter) -> Any:
    """Return a parameter's default, calling a dataclass's factory for it."""
    fields = dataclasses.fields(value) if dataclasses.is_dataclass(value) else ()
    for field in fields:
        made = field.default_factory is not dataclasses.MISSING
        if field.name == parameter.name and made:
            return field.default_factory()
    return parameter.default


def signature_of(value: Any) -> dict[str, Any]:
    """Return the defaults by parameter name, stars included."""
    return {
        STARS.get(parameter.kind, "") + name: default_of(value, parameter)
        for name, parameter in inspect.signature(value).parameters.items()
        if name not in ("self", "cls")
    }


def documented(doc: NumpyDocString, section: str = "Parameters") -> dict[str, str]:
    """Return the documented types by name."""
    return {
        name: entry.type for entry in doc[section] for name in entry.name.split(", ")
    }


def default_is_told(text: str, default: Any) -> bool:
    """Whether the type of a parameter ends in the default that the code has."""
    found = re.search(r"\bdefault=(.*)$", text)
    if default is inspect.Parameter.empty or text == "None":
        return found is None
    if found is None:
        return False
    try:
        told = ast.literal_eval(found[1])
    except (SyntaxError, ValueError):
        name = found[1].rpartition(".")[2]
        return found[1] == repr(default) or name == getattr(default, "__name__", None)
    return type(told) is type(default) and told == default


def faults_of_parameters(value: Any) -> list[str]:
    """Say where the documented parameters differ from the signature."""
    doc, actual = parse(value), signature_of(value)
    told = documented(doc)
    if dataclasses.is_dataclass(value) and not told:
        # A result that users read but do not make tells its fields as attributes.
        missing = actual.keys() - documented(doc, "Attributes")
        return [f"fields without a description: {sorted(missing)}"] * bool(missing)
    if list(told) != list(actual):
        return [f"documented {list(told)}, signature {list(actual)}"]
    return [
        f"{name} : {told[name]}, but the default is {default!r}"
        for name, default in actual.items()
        if not name.startswith("*") and not default_is_told(told[name], default)
    ]


def fitted_names(names: Any) -> set[str]:
    return {name for name in names if re.fullmatch(r"[A-Za-z]\w*[^_]_", name)}


def annotated(cls: type) -> set[str]:
    """Return the fitted attributes that a class and its bases here declare."""
    own = [base for base in cls.__mro__ if base.__module__.startswith("sk_ensemble")]
    names = {name for base in own for name in inspect.get_annotations(base)}
    properties = {name for name, value in public_methods(cls) if is_property(value)}
    return fitted_names(names | properties)


def is_property(value: Any) -> bool:
    return isinstance(value, property)


def documented_attributes(cls: type) -> set[str]:
    return fitted_names(documented(parse(cls), "Attributes"))


def conditional_attributes(cls: type) -> set[str]:
    """Return the attributes that are documented as not always there."""
    return {
        entry.name
        for entry in parse(cls)["Attributes"]
        if CONDITION.search(" ".join(entry.desc))
    }


def fitted(cls: type) -> set[str]:
    """Return the attributes that fit sets."""
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(90, 3)), np.arange(90) % 3 - 1
    # Networks learn nothing else in later epochs.
    short = {"max_epochs": 1} if "max_epochs" in signature_of(cls) else {}
    model = cls(**ARGUMENTS.get(cls.__name__, short)).fit(X, y)
    return fitted_names(vars(model))


@pytest.mark.parametrize("value", OBJECTS.values(), ids=OBJECTS)
def test_documented_parameters_and_defaults_are_those_of_the_code(value):
    if not (inspect.isclass(value) and issubclass(value, Exception)):
        assert faults_of_parameters(value) == []


@pytest.mark.parametrize("value", METHODS.values(), ids=METHODS)
def test_documented_parameters_of_methods_are_those_of_the_code(value):
    assert inspect.getdoc(value)
    if inspect.isfunction(value):
        assert faults_of_parameters(value) == []


@pytest.mark.parametrize("value", OBJECTS.values(), ids=OBJECTS)
def test_every_public_object_has_a_summary_and_an_example(value):
    doc = parse(value)
    assert len(doc["Summary"]) == 1
    assert doc["Summary"][0].endswith(".")
    if not (inspect.isclass(value) and issubclass(value, Exception)):
        assert any(">>>" in line for line in doc["Examples"])


@pytest.mark.parametrize("cls", ESTIMATORS.values(), ids=ESTIMATORS)
def test_documented_attributes_are_those_declared(cls):
    assert documented_attributes(cls) == annotated(cls)


@pytest.mark.parametrize("cls", ESTIMATORS.values(), ids=ESTIMATORS)
def test_documented_attributes_are_those_that_fit_sets(cls):
    properties = {name for name, value in public_methods(cls) if is_property(value)}
    told = documented_attributes(cls)
    assert fitted(cls) <= told
    assert told - conditional_attributes(cls) <= fitted(cls) | properties


def shown(first, *, second=2, third="a", **others):
    """Show a documented function.

    Parameters
    ----------
    first : int
        One.
    second : int, default=2
        Two.
    third : str, default="a"
        Three.
    **others : object
        More.
    """


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("second : int, default=2", "second : int, default=3"),
        ("second : int, default=2", "second : int, default=2.0"),
        ("second : int, default=2", "second : int"),
        ("first : int", "first : int, default=0"),
        ('default="a"', "default=a"),
        ("third : str", "fourth : str"),
        ("first : int\n        One.\n    second", "second"),
    ],
)
def test_a_difference_between_docstring_and_code_is_found(monkeypatch, old, new):
    assert faults_of_parameters(shown) == []
    monkeypatch.setattr(shown, "__doc__", shown.__doc__.replace(old, new))
    assert faults_of_parameters(shown) != []


def test_an_attribute_that_fit_sets_and_nobody_declared_is_found():
    class Surprise(BaseEstimator):
        """Fit.

        Attributes
        ----------
        told_ : int
            One.
        """

        __module__ = "sk_ensemble.surprise"
        told_: int

        def fit(self, X, y):
            self.told_ = self.silent_ = 1
            return self

    assert documented_attributes(Surprise) == annotated(Surprise) == {"told_"}
    assert fitted(Surprise) == {"told_", "silent_"}


#: What says how large an array is: a shape, or what its rows are.
SIZE = re.compile(r"\bshape\b|\brows\b|\bdimensions\b")
ARRAY = re.compile(r"\b(?:array|ndarray)\b|\barray-like\b|\bTensor\b")


def arrays_without_a_size(value: Any) -> list[str]:
    """Say which documented arrays have no shape."""
    return [
        f"{entry.name} : {entry.type}"
        for section in ("Parameters", "Attributes", "Returns", "Yields")
        for entry in parse(value)[section]
        if ARRAY.search(entry.type or "")
        and not SIZE.search(" ".join([entry.type, *entry.desc]))
    ]


def set_on_self(cls: type) -> set[str]:
    """Return the names that methods of a class and its bases here assign to self."""
    own = [base for base in cls.__mro__ if base.__module__.startswith("sk_ensemble")]
    return {
        node.attr
        for base in own
        for node in ast.walk(ast.parse(textwrap.dedent(inspect.getsource(base))))
        if isinstance(node, ast.Attribute)
        and isinstance(node.ctx, ast.Store)
        and getattr(node.value, "id", None) == "self"
    }


def attributes_nobody_has(cls: type) -> set[str]:
    """Return the documented attributes that nothing in the code makes."""
    bases = [base for base in cls.__mro__ if base.__module__.startswith("sk_ensemble")]
    made = {name for base in bases for name in inspect.get_annotations(base)}
    return (
        set(documented(parse(cls), "Attributes"))
        - {name for name in dir(cls) if not name.startswith("_")}
        - made
        - set_on_self(cls)
    )


def skipped_examples(value: Any) -> list[str]:
    """Return the lines of examples that do not run."""
    examples = doctest.DocTestParser().get_examples(inspect.getdoc(value) or "")
    return [one.source for one in examples if one.options.get(doctest.SKIP)]


@pytest.mark.parametrize("value", (OBJECTS | METHODS).values(), ids=OBJECTS | METHODS)
def test_every_documented_array_has_a_shape_and_every_example_runs(value):
    assert arrays_without_a_size(value) == []
    assert skipped_examples(value) == []


@pytest.mark.parametrize("cls", CLASSES.values(), ids=CLASSES)
def test_every_documented_attribute_is_one_that_the_code_makes(cls):
    assert attributes_nobody_has(cls) == set()


def test_an_array_without_a_shape_and_an_example_that_does_not_run_are_found():
    def careless(X):
        """Look.

        Parameters
        ----------
        X : array-like
            The data.

        Examples
        --------
        >>> careless(1)  # doctest: +SKIP
        2
        """

    assert arrays_without_a_size(careless) == ["X : array-like"]
    assert len(skipped_examples(careless)) == 1


class Boastful:
    """Promise.

    Attributes
    ----------
    kept : int
        Set by a method.
    annotated : int
        Declared.
    broken : int
        Set by nobody.
    """

    annotated: int
    __module__ = "sk_ensemble.boastful"

    def set_up(self):
        self.kept = 1


def test_an_attribute_that_nobody_sets_is_found(monkeypatch):
    monkeypatch.setattr(inspect, "getsource", lambda cls: BOASTFUL_SOURCE)
    assert attributes_nobody_has(Boastful) == {"broken"}


# Its module is said to be another one, where its source would be looked for.
BOASTFUL_SOURCE = "class Boastful:\n    def set_up(self):\n        self.kept = 1\n"


def test_every_public_method_is_looked_at():
    assert len(METHODS) > 300
    assert "sk_ensemble.panel.Panel.plot" in METHODS
