"""Write the reference of all keys, from the models that check them."""

from __future__ import annotations

from collections.abc import Iterator
from types import NoneType
from typing import Annotated, Any, Literal, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from sk_ensemble.experiments.config._annotations import members, models_of
from sk_ensemble.experiments.config._dump import yaml_text
from sk_ensemble.experiments.config._experiment_config import ExperimentConfig
from sk_ensemble.experiments.config._files_section import FilesSection
from sk_ensemble.experiments.config._model_config import ModelConfig

__all__ = ["yaml_reference"]

_WORDS = {
    Any: "anything",
    NoneType: "null",
    bool: "true or false",
    float: "number",
    int: "whole number",
    str: "text",
}
_PLURALS = {"whole number": "whole numbers", "text": "words"}
_LIMITS = {"ge": "at least", "gt": "more than", "lt": "less than"}


def _limits(metadata: list[Any] | tuple[Any, ...]) -> Iterator[str]:
    """Yield the limits that a type is annotated with."""
    for one in metadata:
        if isinstance(one, FieldInfo):
            yield from _limits(one.metadata)
            continue
        for name, words in _LIMITS.items():
            limit = getattr(one, name, None)
            if limit is not None:
                yield f"{words} {limit}"


def _plural(kind: str) -> str:
    for one, many in _PLURALS.items():
        kind = kind.replace(one, many, 1)
    return kind


def _type(annotation: Any) -> str:
    """Say a type in the words of a configuration."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return ", ".join([_type(arguments[0]), *_limits(arguments[1:])])
    if len(members(annotation)) > 1:
        texts = [_type(one) for one in arguments]
        return (", or " if "," in "".join(texts) else " or ").join(texts)
    if origin is Literal:
        return ", ".join(f"``{value}``" for value in arguments)
    if origin is tuple:
        return f"list of {_plural(_type(arguments[0]))}"
    if origin is dict:
        return "keys and values"
    return _WORDS.get(annotation, "keys and values")


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value = field.default
    plain = list(value) if isinstance(value, tuple) else value
    return f"``{yaml_text(plain).strip()}``"


def _cells(name: str, field: FieldInfo) -> list[str]:
    kind = ", ".join([_type(field.annotation), *_limits(field.metadata)])
    return [f"``{name}``", kind, _default(field), field.description or ""]


def _table(rows: list[list[str]]) -> Iterator[str]:
    """Yield the lines of a table of four columns."""
    yield ".. list-table::"
    yield "   :header-rows: 1"
    yield "   :widths: 18 22 18 42"
    yield ""
    for first, *others in [["Key", "Value", "Default", "Meaning"], *rows]:
        yield f"   * - {first}"
        yield from (f"     - {cell}" for cell in others)
    yield ""


def _heading(title: str) -> Iterator[str]:
    yield title
    yield "~" * len(title)
    yield ""


def _section(title: str, model: type[BaseModel], text: str) -> Iterator[str]:
    """Yield a headed table of the keys of a section that hold values."""
    yield from _heading(title)
    yield text
    yield ""
    fields = model.model_fields.items()
    yield from _table(
        [_cells(name, field) for name, field in fields if not _is_section(field)]
    )


def _is_section(field: FieldInfo) -> bool:
    return bool(models_of(field.annotation))


def _title(name: str, model: type[BaseModel], n_models: int) -> str:
    if n_models == 1:
        return name
    return f"{name}: {'files' if model is FilesSection else 'shipped bars'}"


def _sections(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    """Yield a table for each section below a model."""
    for name, field in model.model_fields.items():
        models = models_of(field.annotation)
        for one in models:
            title = f"{prefix}{_title(name, one, len(models))}"
            yield from _section(title, one, field.description or "")


_TOP = (
    "Keys of the file itself, besides its sections and ``extends``, which names a file "
    "to start from."
)
_ENTRY = (
    "Each entry is a model's name, or the keys below and the sections ``model`` (in "
    "place of which ``name`` may stand), ``hyperparameters``, ``training`` and "
    "``dataset``. ``config_path`` names a file of such sections, and ``grid`` values "
    "to combine. A file of one model holds the same sections."
)


def yaml_reference() -> str:
    """Write the reference of experiment and model files.

    Returns
    -------
    text : str
        reStructuredText: for each section a heading and a table with every key, what it
        holds, its default and its meaning.

    Examples
    --------
    >>> from sk_ensemble.experiments.config import yaml_reference
    >>> lines = yaml_reference().splitlines()
    >>> row = lines.index("   * - ``n_splits``")
    >>> [line.strip() for line in lines[row + 1 : row + 3]]
    ['- whole number, at least 1', '- ``5``']
    """
    lines = [
        *_section("Top level", ExperimentConfig, _TOP),
        *_sections(ExperimentConfig),
        *_section("Entries of models", ModelConfig, _ENTRY),
        *_sections(ModelConfig),
    ]
    return "\n".join(lines)
