from __future__ import annotations

import pytest

from sk_ensemble.experiments import parse_experiment
from sk_ensemble.experiments._cut_down import cut_down, min_history

FILES = {"train_path": "a.parquet", "val_path": "b.parquet", "test_path": "c.parquet"}
MODELS = [
    {"name": "logistic", "key": "short"},
    {"name": "logistic", "key": "long", "dataset": {"sequence_length": 9}},
]


def experiment(**values):
    return parse_experiment({"models": MODELS, "horizons": [5, 20], **values})


@pytest.mark.parametrize("key", ["short", "long"])
def test_one_model_keeps_the_rows_of_all(key):
    whole = experiment(data=FILES)
    part = cut_down(whole, key, 20)
    assert [model.key for model in part.models] == [key]
    assert part.horizons == (20,)
    # Windows of files end with the bar before.
    assert min_history(part) == min_history(whole) == 9 + 1


def test_without_it_the_rows_would_be_others():
    whole = experiment(data=FILES)
    alone = whole.model_copy(update={"models": whole.models[:1]})
    assert min_history(alone) == 1 + 1


def test_a_wish_for_more_history_counts_too():
    assert min_history(experiment(data={**FILES, "min_history": 30})) == 30
    assert min_history(experiment(data={**FILES, "min_history": 3})) == 10


def test_a_part_can_be_written_and_read_whatever_the_ensembles():
    whole = experiment(data=FILES, ensemble={"members": ["short", "long"]})
    part = cut_down(whole, "short", 5)
    assert parse_experiment(part.to_yaml()) == part
    assert part.ensemble.methods == ()


def test_an_ensemble_keeps_its_members():
    whole = experiment(data=FILES)
    part = cut_down(whole, "soft_vote", 5)
    assert part.models == whole.models
    assert part.ensemble == whole.ensemble


def test_the_shipped_bars_stay_as_they_are():
    whole = experiment()
    assert cut_down(whole, "short", 5).data == whole.data
