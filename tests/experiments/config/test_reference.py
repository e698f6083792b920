from __future__ import annotations

import inspect
import re

import pytest
from docutils.core import publish_doctree
from docutils.nodes import Node, entry, row, section, title
from numpydoc.docscrape import NumpyDocString

import sk_ensemble.experiments.config as package
from sk_ensemble.experiments.config import Section, parse_experiment, yaml_reference
from sk_ensemble.experiments.config._annotations import models_of

SECTIONS = [
    value
    for name in package.__all__
    if inspect.isclass(value := getattr(package, name)) and value is not Section
]


def texts(node: Node, kind: type[Node]) -> list[str]:
    return [one.astext() for one in node.findall(kind)]


@pytest.fixture(scope="module")
def tables() -> dict[str, list[list[str]]]:
    """The rows of the tables by their titles, as docutils reads them."""
    tree = publish_doctree(yaml_reference(), settings_overrides={"halt_level": 2})
    return {
        texts(one, title)[0]: [texts(line, entry) for line in one.findall(row)][1:]
        for one in tree.findall(section)
    }


def test_every_key_of_every_section_has_its_row(
    tables: dict[str, list[list[str]]],
) -> None:
    told = sorted(cells[0] for rows in tables.values() for cells in rows)
    known = [
        name
        for model in SECTIONS
        for name, field in model.model_fields.items()
        if not models_of(field.annotation) or name == "models"
    ]
    assert told == sorted(known)


def test_every_row_says_what_it_holds_and_means(
    tables: dict[str, list[list[str]]],
) -> None:
    for rows in tables.values():
        for key, kind, default, meaning in rows:
            assert re.fullmatch("[a-z_]+", key)
            assert kind
            assert default
            assert meaning.endswith(".")


def test_defaults_of_the_reference_are_read_as_the_defaults(
    tables: dict[str, list[list[str]]],
) -> None:
    lines = [f"{key}: {default}" for key, _, default, _ in tables["cv"]]
    assert parse_experiment("cv: {" + ", ".join(lines) + "}") == parse_experiment({})


@pytest.mark.parametrize("model", SECTIONS)
def test_docstrings_describe_the_parameters_that_there_are(
    model: type[Section],
) -> None:
    doc = NumpyDocString(inspect.getdoc(model) or "")
    told = {one.name: one for one in doc["Parameters"]}
    assert list(told) == list(inspect.signature(model).parameters)
    for name, field in model.model_fields.items():
        assert ("default=" in told[name].type) != field.is_required()
        assert " ".join(told[name].desc) == " ".join(field.description.split())
