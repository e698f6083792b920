from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from sk_ensemble.experiments import Cell, ExperimentResult
from sk_ensemble.experiments import _plots as plots


@pytest.fixture
def cell(small_result: ExperimentResult) -> Cell:
    (found,) = (c for c in small_result.cells if c.model == "hist_gradient_boosting")
    return found


def test_only_what_there_is_is_drawn(cell: Cell) -> None:
    assert set(plots.cell_plots(cell)) == {"confusion_matrix", "calibration"}
    more = replace(
        cell,
        importances={"names": ["a", "b"], "shares": [0.2, 0.8]},
        training={
            "history": {"train_loss": [1.0, 0.9], "val_loss": [1.0]},
            "n_iter": 1,
        },
    )
    assert set(plots.cell_plots(more)) == {
        "confusion_matrix",
        "calibration",
        "feature_importance",
        "learning_curve",
    }


def test_confusion_shows_the_share_of_each_true_class() -> None:
    frame = pd.DataFrame(
        {
            "y": [-1, -1, 0, 1, 1],
            "p_-1": [0.8, 0.1, 0.1, 0.1, 0.8],
            "p_0": [0.1, 0.8, 0.8, 0.1, 0.1],
            "p_1": [0.1, 0.1, 0.1, 0.8, 0.1],
        }
    )
    expected = [[0.5, 0.5, 0], [0, 1, 0], [0.5, 0, 0.5]]
    np.testing.assert_allclose(plots._shares(frame), expected)


def test_a_class_that_never_came_true_is_a_row_of_noughts() -> None:
    frame = pd.DataFrame({"y": [0], "p_-1": [0.1], "p_0": [0.8], "p_1": [0.1]})
    np.testing.assert_allclose(plots._shares(frame), [[0, 0, 0], [0, 1, 0], [0, 0, 0]])


def test_reliability_is_frequency_by_predicted_probability() -> None:
    rng = np.random.default_rng(0)
    proba = rng.random(20_000)
    happened = rng.random(20_000) < proba
    means, shares = plots._reliability(proba, happened)
    np.testing.assert_allclose(means, np.arange(0.05, 1, 0.1), atol=0.01)
    np.testing.assert_allclose(shares, means, atol=0.04)


def test_small_importances_are_summed_up() -> None:
    shares = np.linspace(1, 2, 30)
    shares /= shares.sum()
    names, values = plots.largest_shares(
        {"names": [f"f{i}" for i in range(30)], "shares": shares.tolist()}
    )
    assert names[0] == "f29"
    assert names[-1] == "10 others"
    assert sum(values) == pytest.approx(1)


def test_equal_cells_give_equal_pictures(cell: Cell) -> None:
    assert plots.cell_plots(cell) == plots.cell_plots(cell)
