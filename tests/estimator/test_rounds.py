from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sk_ensemble.estimator import Rounds, _deadline
from sk_ensemble.estimator._deadline import Deadline


class Clock:
    """Show a second more at each look."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        self.now += 1
        return self.now


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(_deadline, "monotonic", clock)
    return clock


def train(rounds, losses):
    """Train until told to stop; return the number of rounds."""
    for loss in losses:
        if rounds.end({"train_loss": loss, "val_loss": loss}):
            break
    return rounds.n_done


@given(
    losses=st.lists(st.integers(0, 9), min_size=1, max_size=20),
    patience=st.integers(1, 6),
)
def test_training_stops_when_the_last_rounds_were_no_better_than_all_before(
    losses, patience
):
    rounds = Rounds(len(losses), patience=patience)
    n_done = train(rounds, losses)
    for n in range(1, n_done):
        assert min(losses[max(0, n - patience) : n]) < min(
            losses[: max(0, n - patience)], default=np.inf
        )
    if n_done < len(losses):
        assert min(losses[n_done - patience : n_done]) >= min(
            losses[: n_done - patience]
        )
    assert rounds.n_best == np.argmin(losses[:n_done]) + 1
    assert rounds.history == {
        "train_loss": losses[:n_done],
        "val_loss": losses[:n_done],
    }


def test_without_validation_all_rounds_are_trained_and_kept():
    rounds = Rounds(4)
    assert train(rounds, [3, 1, 2, 5, 0]) == rounds.n_best == 4
    assert rounds.history == {"train_loss": [3, 1, 2, 5]}


def test_time_passes_while_it_is_looked_at():
    assert [Deadline(2.5).is_over() for _ in range(3)] == [False] * 3
    deadline = Deadline(2.5)
    assert [deadline.is_over() for _ in range(4)] == [False, False, True, True]


@pytest.mark.parametrize(("seconds", "n_done"), [(1e-9, 1), (1, 1), (2.5, 3), (9, 6)])
def test_training_stops_when_the_time_is_up_but_not_before_the_first_round(
    seconds, n_done
):
    rounds = Rounds(6, deadline=Deadline(seconds))
    assert train(rounds, np.ones(9)) == n_done
    assert rounds.hit_time_limit == (n_done < 6)


def test_the_best_round_is_kept_when_the_time_is_up():
    rounds = Rounds(9, patience=8, deadline=Deadline(4))
    assert train(rounds, [3, 1, 2, 5, 0, 0]) == 4
    assert rounds.n_best == 2


def test_the_limit_is_not_blamed_where_training_ended_by_itself():
    by_rounds = Rounds(2, deadline=Deadline(2))
    assert train(by_rounds, [1, 1]) == 2
    by_patience = Rounds(9, patience=1, deadline=Deadline(2))
    assert train(by_patience, [1, 1]) == 2
    assert not by_rounds.hit_time_limit
    assert not by_patience.hit_time_limit
