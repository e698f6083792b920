"""The example of learning curves trains, draws, and shows what it says."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

PLACE = Path(__file__).parent.parent / "examples" / "learning_curves.py"


@pytest.fixture
def example() -> ModuleType:
    spec = importlib.util.spec_from_file_location("learning_curves", PLACE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_curves_are_drawn_where_it_is_told(
    example: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = tmp_path / "curves.png"
    example.main(["--epochs", "2", "--output", str(place)])
    assert place.read_bytes().startswith(b"\x89PNG")
    said = capsys.readouterr().out
    for words in ("LSTM", "MLP", "epoch kept", str(place)):
        assert words in said


def test_curves_are_those_of_the_history(example: ModuleType) -> None:
    models, references = example.train(2)
    (ax,) = example.draw(models, references).axes
    drawn = [np.asarray(line.get_ydata()).tolist() for line in ax.lines]
    for model in models.values():
        assert model.history_["val_loss"] in drawn
        assert model.history_["train_loss"] in drawn
        assert [model.history_["val_loss"][model.n_iter_ - 1]] in drawn
    assert references["best possible"] < references["shares of the classes"]


@pytest.mark.slow
def test_networks_get_worse_after_their_best_epoch(example: ModuleType) -> None:
    models, references = example.train(40)
    for model in models.values():
        losses = model.history_["val_loss"]
        assert losses[model.n_iter_ - 1] == min(losses) < losses[-1]
        assert min(losses) < references["shares of the classes"]
    assert models["LSTM"].n_iter_ > models["MLP"].n_iter_
