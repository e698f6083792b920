"""Whatever a file holds, it is read or refused; nothing else ever happens."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from sk_ensemble.exceptions import ConfigError
from sk_ensemble.experiments.config import (
    ExperimentConfig,
    ModelConfig,
    parse_experiment,
)

ROOT = Path(__file__).parents[3]
TEXT = (ROOT / "examples/config/experiments/quick.yaml").read_text(encoding="utf-8")
LINES = [line for line in TEXT.splitlines() if "extends" not in line]

KEYS = sorted(
    {*ExperimentConfig.model_fields, *ModelConfig.model_fields}
    | {
        name
        for model in (ExperimentConfig, ModelConfig)
        for field in model.model_fields.values()
        for name in getattr(field.annotation, "model_fields", ())
    }
    | {
        "name",
        "config_path",
        "grid",
        "train_path",
        "symbols",
        "extends",
        "class_weight",
    }
)
keys = st.sampled_from(KEYS) | st.text(max_size=5)
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-5, 100)
    | st.floats()
    | st.sampled_from(["xgboost", "prior", "IF", "5D", "MS", "purged", "a/b", "${X}"])
    | st.text(max_size=5)
)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=4)
    ),
    max_leaves=15,
)


def is_read(source: Any, changes: list[str]) -> bool | None:
    """Read what is given, and again what was read; None if it is refused."""
    try:
        config = parse_experiment(source, changes)
    except ConfigError:
        return None
    return parse_experiment(config.to_yaml(secrets=True)) == config


@given(st.dictionaries(keys, values, max_size=5), st.lists(st.text(max_size=30)))
def test_any_mapping_and_any_change(source: dict[str, Any], changes: list[str]) -> None:
    assert is_read(source, changes) in (True, None)


@given(st.text(alphabet="abc:-[]{},\n #&*!|>'\"%@`\t0.~?<=", max_size=60))
def test_any_text(text: str) -> None:
    assert is_read(text, []) in (True, None)


@settings(max_examples=60)
@given(st.data())
def test_a_file_with_lines_lost_doubled_or_moved(data: st.DataObject) -> None:
    lines = list(LINES)
    for _ in range(data.draw(st.integers(0, 3))):
        place = data.draw(st.integers(0, len(lines) - 1))
        line = data.draw(st.sampled_from(["", "  ", lines[place], f"  {lines[place]}"]))
        lines[place : place + data.draw(st.integers(0, 2))] = [line]
    assert is_read("\n".join(lines), []) in (True, None)


@given(keys, keys, scalars)
def test_any_change_of_a_known_key(one: str, other: str, value: Any) -> None:
    changes = [f"{one}.{other}={value}", f"models.prior.{one}=1"]
    assert is_read({"models": ["prior"]}, changes) in (True, None)


def test_the_file_itself_is_read() -> None:
    assert is_read("\n".join(LINES), ["cv.n_splits=4"])
