from __future__ import annotations

import numpy as np
import pandas as pd

from sk_ensemble.experiments._ensembles import soft_vote, stack
from sk_ensemble.metrics import log_loss


def softmax(scores: np.ndarray) -> np.ndarray:
    odds = np.exp(scores)
    return odds / odds.sum(axis=1, keepdims=True)


def frame_of(y: np.ndarray, proba: np.ndarray) -> pd.DataFrame:
    table = pd.DataFrame(proba, columns=["p_-1", "p_0", "p_1"])
    return table.assign(y=pd.array(y, dtype="Int64"))


def test_soft_vote_is_the_mean() -> None:
    members = {"a": np.array([[1.0, 0, 0]]), "b": np.array([[0, 0.5, 0.5]])}
    np.testing.assert_allclose(soft_vote(members), [[0.5, 0.25, 0.25]])


def test_stack_learns_which_member_to_trust_from_out_of_fold_rows() -> None:
    rng = np.random.default_rng(0)
    y = rng.integers(-1, 2, 3000)
    good = softmax(2.0 * np.eye(3)[y + 1] + rng.normal(size=(3000, 3)))
    noise = softmax(3.0 * rng.normal(size=(3000, 3)))
    known, later = slice(0, 2000), slice(2000, 3000)
    frames = {"good": frame_of(y[known], good[known])}
    frames["noise"] = frame_of(y[known], noise[known])
    new = {"good": good[later], "noise": noise[later]}
    stacked = log_loss(y[later], stack(frames, new))
    assert stacked < log_loss(y[later], soft_vote(new))
    assert stacked < log_loss(y[later], good[later]) + 0.01


def test_rows_without_outcome_do_not_train_the_stack() -> None:
    rng = np.random.default_rng(1)
    y = rng.integers(-1, 2, 300)
    proba = softmax(rng.normal(size=(300, 3)))
    frame = frame_of(y, proba)
    unknown = frame.copy()
    unknown.loc[250:, "y"] = pd.NA
    new = {"a": proba}
    np.testing.assert_array_equal(
        stack({"a": unknown}, new), stack({"a": frame[:250]}, new)
    )
