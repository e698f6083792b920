"""A fit that was interrupted ends as if it had not been."""

from __future__ import annotations

import signal
import subprocess
import sys
import textwrap

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.model_selection import cross_val_score

from sk_ensemble import (
    InceptionTimeClassifier,
    LSTMClassifier,
    TCNClassifier,
    TFTClassifier,
)
from sk_ensemble.exceptions import PersistenceError, ResumeError
from sk_ensemble.neural_network import _checkpoint
from sk_ensemble.neural_network._checkpoint import TRAINING
from sk_ensemble.neural_network._fingerprint import computed_with
from sk_ensemble.persistence import model_files, model_from_files

X = np.random.default_rng(0).normal(size=(150, 5, 2)).astype(np.float32)
y = np.random.default_rng(1).integers(0, 3, 150)

SETTINGS = {
    "max_epochs": 6,
    "batch_size": 40,
    "learning_rate": 0.02,
    "early_stopping": True,
    "random_state": 0,
    "device": "cpu",
}


def lstm(**params):
    return LSTMClassifier(**(SETTINGS | {"hidden_size": 4, "dropout": 0.2} | params))


class Interrupt:
    """Interrupt a fit when so many epochs have ended."""

    def __init__(self, n_epochs):
        self.n_left = n_epochs

    def setup(self, estimator, context):
        pass

    def teardown(self, estimator, context):
        pass

    def on_fit_task_begin(self, estimator, context):
        pass

    def on_fit_task_end(self, estimator, context):
        if context.task_name == "epoch":
            self.n_left -= 1
            if self.n_left == 0:
                raise KeyboardInterrupt


def interrupted(model, n_epochs):
    """Fit a model up to an epoch, of which nothing is written down any more."""
    model.set_callbacks(Interrupt(n_epochs))
    with pytest.raises(KeyboardInterrupt):
        model.fit(X, y)


def facts(model):
    """Return all that a fit leaves, bit for bit."""
    weights = {k: v.numpy().tobytes() for k, v in model.module_.state_dict().items()}
    proba = model.predict_proba(X).tobytes()
    return weights, proba, model.history_, model.n_iter_, model.hit_time_limit_


@pytest.fixture
def stored(tmp_path):
    """The one file of a fit that was interrupted in its fourth epoch."""
    interrupted(lstm(lr_schedule="onecycle", checkpoint_dir=tmp_path), 4)
    [path] = tmp_path.iterdir()
    return path


def resumed(path):
    return lstm(lr_schedule="onecycle", checkpoint_dir=path.parent).fit(X, y)


@pytest.fixture(scope="module")
def whole():
    return facts(lstm(lr_schedule="onecycle").fit(X, y))


class TestInterruption:
    @pytest.mark.parametrize("schedule", [None, "onecycle", "cosine", "plateau"])
    @pytest.mark.parametrize("n_epochs", [1, 4, 6])
    def test_the_result_is_that_of_an_uninterrupted_fit(
        self, schedule, n_epochs, tmp_path
    ):
        params = {"lr_schedule": schedule, "n_iter_no_change": 5}
        interrupted(lstm(**params, checkpoint_dir=tmp_path), n_epochs)
        found = lstm(**params, checkpoint_dir=tmp_path).fit(X, y)
        assert facts(found) == facts(lstm(**params).fit(X, y))
        assert not list(tmp_path.iterdir())

    @pytest.mark.parametrize("n_epochs", [2, 6, 8])
    def test_so_it_is_if_all_samples_are_trained_on_in_the_end(
        self, n_epochs, tmp_path
    ):
        params = {"refit_tail": True, "n_iter_no_change": 6, "learning_rate": 1e-4}
        whole = lstm(**params).fit(X, y)
        assert whole.n_iter_ > 2
        interrupted(lstm(**params, checkpoint_dir=tmp_path), n_epochs)
        assert len(list(tmp_path.iterdir())) == 1 + (n_epochs > 7)
        found = lstm(**params, checkpoint_dir=tmp_path).fit(X, y)
        assert facts(found) == facts(whole)
        assert not list(tmp_path.iterdir())

    def test_it_may_be_interrupted_again_and_again(self, tmp_path, whole):
        for _ in range(5):
            interrupted(lstm(lr_schedule="onecycle", checkpoint_dir=tmp_path), 2)
        [path] = tmp_path.iterdir()
        assert facts(resumed(path)) == whole

    @pytest.mark.parametrize(
        "make",
        [
            lambda **kw: TCNClassifier(channels=[4], **SETTINGS, **kw),
            lambda **kw: InceptionTimeClassifier(
                n_members=2, n_filters=2, depth=3, **SETTINGS, **kw
            ),
            lambda **kw: lstm(optimizer="adam", amp=True, early_stopping=False, **kw),
            lambda **kw: lstm(gradient_clip_by="value", n_iter_no_change=1, **kw),
        ],
        ids=["weight norm", "batch norm", "adam and amp", "stopped early"],
    )
    def test_whatever_there_is_to_go_on_from(self, make, tmp_path):
        interrupted(make(checkpoint_dir=tmp_path), 2)
        found = make(checkpoint_dir=tmp_path).fit(X, y)
        assert facts(found) == facts(make().fit(X, y))

    def test_nothing_is_trained_twice(self, stored, monkeypatch):
        seen = []
        store = _checkpoint.Checkpoint.store

        def recorded(self, net, best, *, is_over):
            seen.append((self.rounds.n_done, is_over))
            store(self, net, best, is_over=is_over)

        monkeypatch.setattr(_checkpoint.Checkpoint, "store", recorded)
        resumed(stored)
        assert seen == [(4, False), (5, False), (6, True)]

    def test_a_progress_bar_begins_where_training_does(self, stored, capsys):
        lstm(lr_schedule="onecycle", checkpoint_dir=stored.parent, verbose=1).fit(X, y)
        assert "3/6" in capsys.readouterr().err

    def test_without_a_seed_the_random_numbers_go_on(self, tmp_path):
        interrupted(lstm(random_state=None, checkpoint_dir=tmp_path), 4)
        [path] = tmp_path.iterdir()
        before = TRAINING.read(path).document["history"]["train_loss"]
        model = lstm(random_state=None, checkpoint_dir=tmp_path).fit(X, y)
        assert model.history_["train_loss"][:3] == before

    def test_a_fit_that_goes_on_from_another_one_is_told_from_it(self, tmp_path):
        params = {"warm_start": True, "early_stopping": False}
        whole = lstm(**params).fit(X, y).fit(X, y)
        model = lstm(**params, checkpoint_dir=tmp_path).fit(X, y)
        weights = model_files(model)
        interrupted(model, 3)
        model = model_from_files(weights).set_params(checkpoint_dir=tmp_path).fit(X, y)
        assert facts(model) == facts(whole)


CHILD = """
import os, signal, sys
import numpy as np
from sk_ensemble import LSTMClassifier
from sk_ensemble.neural_network import DeviceWindows

n_left, gather = int(sys.argv[2]), DeviceWindows.gather

def killing(self, rows):
    global n_left
    n_left -= 1
    if n_left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return gather(self, rows)

DeviceWindows.gather = killing
X = np.random.default_rng(0).normal(size=(150, 5, 2)).astype(np.float32)
y = np.random.default_rng(1).integers(0, 3, 150)
LSTMClassifier(
    max_epochs=6, batch_size=40, learning_rate=0.02, early_stopping=True,
    random_state=0, device="cpu", hidden_size=4, dropout=0.2, lr_schedule="onecycle",
    checkpoint_dir=sys.argv[1],
).fit(X, y)
"""


@pytest.mark.slow
@pytest.mark.parametrize(("n_batches", "n_written"), [(3, 0), (12, 2), (28, 5)])
def test_a_killed_process_leaves_what_another_one_ends_bit_for_bit(
    n_batches, n_written, tmp_path, whole
):
    # An epoch is four batches of training and one of validation.
    code = textwrap.dedent(CHILD)
    command = [sys.executable, "-c", code, str(tmp_path), str(n_batches)]
    child = subprocess.run(command, capture_output=True, check=False)
    assert child.returncode == -signal.SIGKILL, child.stderr.decode()
    files = list(tmp_path.iterdir())
    assert len(files) == (n_written > 0)
    for path in files:
        losses = TRAINING.read(path).document["history"]["train_loss"]
        assert len(losses) == n_written
    found = lstm(lr_schedule="onecycle", checkpoint_dir=tmp_path).fit(X, y)
    assert facts(found) == whole


def without_optimizer(document, arrays):
    for name in [name for name in arrays if name.startswith("state/optimizer")]:
        del arrays[name]


def without_random_numbers(document, arrays):
    state = torch.Generator().manual_seed(1).get_state()
    arrays["state/random.cpu"] = state.numpy()


def without_schedule(document, arrays):
    document["rates"]["schedule"] = {}


def without_rates(document, arrays):
    document["rates"]["groups"][0]["weight_decay"] = 0.0


def without_weights(document, arrays):
    arrays["module/head.weight"] = arrays["module/head.weight"] * 1.001


class TestWhatIsStored:
    def test_a_file_that_is_written_again_is_the_same(self, stored, whole):
        document, arrays = TRAINING.read(stored)
        before = stored.read_bytes()
        TRAINING.write(stored, document, arrays)
        assert stored.read_bytes() == before
        assert facts(resumed(stored)) == whole

    @pytest.mark.parametrize(
        "change",
        [
            without_optimizer,
            without_random_numbers,
            without_schedule,
            without_rates,
            without_weights,
        ],
    )
    def test_each_part_of_it_is_needed(self, change, stored, whole):
        document, arrays = TRAINING.read(stored)
        change(document, arrays)
        TRAINING.write(stored, document, arrays)
        assert facts(resumed(stored)) != whole

    def test_the_best_weights_are_needed_where_no_later_epoch_is_better(self, tmp_path):
        params = {"learning_rate": 0.2, "random_state": 2}
        whole = lstm(**params).fit(X, y)
        params["checkpoint_dir"] = tmp_path
        interrupted(lstm(**params), 6)
        [path] = tmp_path.iterdir()
        document, arrays = TRAINING.read(path)
        arrays["best/head.weight"] = arrays["best/head.weight"] + 1
        TRAINING.write(path, document, arrays)
        found = lstm(**params).fit(X, y)
        assert found.n_iter_ == whole.n_iter_ < 5
        assert facts(found) != facts(whole)


class TestRefusals:
    @pytest.mark.parametrize("place", [0, 40, 64, 65, 70, 200, 3000, -1])
    def test_any_damage_is_found(self, place, stored):
        content = bytearray(stored.read_bytes())
        content[place] ^= 1
        stored.write_bytes(content)
        with pytest.raises(PersistenceError, match=f"{stored.name} is damaged"):
            resumed(stored)

    @pytest.mark.parametrize("length", [0, 64, 65, 100, -1])
    def test_half_a_file_is_damage(self, length, stored):
        stored.write_bytes(stored.read_bytes()[:length])
        with pytest.raises(PersistenceError, match=f"{stored.name} is damaged"):
            resumed(stored)

    def test_a_newer_format_is_refused(self, stored):
        document, arrays = TRAINING.read(stored)
        TRAINING.write(stored, document | {"format_version": 2}, arrays)
        with pytest.raises(PersistenceError, match=r"sk_ensemble.training' 2"):
            resumed(stored)

    @pytest.mark.parametrize("key", list(computed_with(torch.device("cpu"), 1)))
    def test_what_would_round_otherwise_is_refused_by_name(self, key, stored):
        document, arrays = TRAINING.read(stored)
        document["circumstances"][key] = "another"
        TRAINING.write(stored, document, arrays)
        told = rf"{stored.name} cannot be continued.*differ: {key} \(there 'another'"
        with pytest.raises(ResumeError, match=told):
            resumed(stored)

    def test_another_number_of_threads_is_refused(self, stored):
        model = lstm(lr_schedule="onecycle", checkpoint_dir=stored.parent, n_jobs=2)
        with pytest.raises(ResumeError, match=r"threads \(there 1, here 2\)"):
            model.fit(X, y)

    def test_a_file_under_the_name_of_another_fit_is_refused(self, stored, tmp_path):
        other = tmp_path / "other"
        interrupted(lstm(hidden_size=3, checkpoint_dir=other), 2)
        [path] = other.iterdir()
        path.write_bytes(stored.read_bytes())
        with pytest.raises(ResumeError, match=r"hidden_size \(there '4', here '3'\)"):
            lstm(hidden_size=3, checkpoint_dir=other).fit(X, y)

    def test_a_place_where_nothing_can_be_written_is_an_error_at_once(self, tmp_path):
        (tmp_path / "file").write_text("")
        with pytest.raises(OSError, match="nothing can be written here"):
            lstm(checkpoint_dir=tmp_path / "file").fit(X, y)


class TestOtherFits:
    @pytest.mark.parametrize(
        "params",
        [
            {"learning_rate": 0.01},
            {"random_state": 1},
            {"max_epochs": 7},
            {"hidden_size": 3},
            {"class_weight": {1: 2.0}},
            {"validation_fraction": 0.2},
        ],
    )
    def test_they_train_from_the_beginning_and_leave_the_file_alone(
        self, params, stored
    ):
        before = stored.read_bytes()
        params = {"lr_schedule": "onecycle"} | params
        found = lstm(**params, checkpoint_dir=stored.parent).fit(X, y)
        assert facts(found) == facts(lstm(**params).fit(X, y))
        assert stored.read_bytes() == before

    @pytest.mark.parametrize("row", [0, 149])
    def test_so_do_those_of_other_samples(self, row, stored):
        other = X.copy()
        other[row, 2, 1] += 1
        params = {"lr_schedule": "onecycle"}
        model = lstm(**params, checkpoint_dir=stored.parent).fit(other, y)
        assert facts(model) == facts(lstm(**params).fit(other, y))
        assert stored.exists()

    def test_names_of_features_tell_them_apart_as_some_networks_read_them(
        self, tmp_path
    ):
        params = SETTINGS | {"hidden_size": 4, "n_heads": 2, "early_stopping": False}
        first, other = (
            pd.DataFrame(X[:, -1], columns=names)
            for names in (["a", "b"], ["day_sin", "b"])
        )
        model = TFTClassifier(**params, checkpoint_dir=tmp_path)
        model.set_callbacks(Interrupt(3))
        with pytest.raises(KeyboardInterrupt):
            model.fit(first, y)
        found = TFTClassifier(**params, checkpoint_dir=tmp_path).fit(other, y)
        whole = TFTClassifier(**params).fit(other, y)
        assert found.history_ == whole.history_
        assert len(list(tmp_path.iterdir())) == 1

    def test_what_does_not_change_the_result_does_not_matter(self, stored, whole):
        params = {"lr_schedule": "onecycle", "verbose": 1, "time_limit": 1000.0}
        found = lstm(**params, checkpoint_dir=stored.parent).fit(X, y)
        assert facts(found) == whole
        assert not stored.exists()

    @pytest.mark.slow
    def test_folds_in_processes_share_a_directory(self, tmp_path):
        scores = [
            cross_val_score(
                lstm(checkpoint_dir=folder),
                X,
                y,
                cv=3,
                n_jobs=n_jobs,
                scoring="neg_log_loss",
            )
            for folder, n_jobs in ((None, 1), (tmp_path, 2))
        ]
        assert scores[0].tolist() == scores[1].tolist()
        assert not list(tmp_path.iterdir())


def test_a_saved_model_says_nothing_of_the_place(tmp_path):
    model = lstm(checkpoint_dir=tmp_path).fit(X, y)
    loaded = model_from_files(model_files(model))
    assert loaded.checkpoint_dir is None
    assert facts(loaded)[1:] == facts(model)[1:]
