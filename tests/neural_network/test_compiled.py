"""Training with what torch's compiler makes of a module."""

from __future__ import annotations

import pickle
import subprocess
import sys

import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.model_selection import cross_val_score

from sk_ensemble import InceptionTimeClassifier, LSTMClassifier, TCNClassifier
from sk_ensemble.neural_network import _compiled, _net
from sk_ensemble.persistence import model_files, model_from_files

X = np.random.default_rng(0).normal(size=(120, 6, 2)).astype(np.float32)
y = np.where(X[:, -1, 0] > 0, 1, 0)

#: Batches of one size, in halves of the samples, too.
SETTINGS = {
    "max_epochs": 3,
    "batch_size": 60,
    "learning_rate": 0.02,
    "random_state": 0,
    "device": "cpu",
}


def tcn(**params):
    fixed = {"channels": [4], "dropout": 0.0, "compile": True}
    return TCNClassifier(**(SETTINGS | fixed | params))


@pytest.fixture
def compiled(monkeypatch):
    """The functions that are given to the compiler, which leaves them as they are."""
    found = []

    def record(function, dynamic):
        assert dynamic is False
        found.append(function)
        return function

    monkeypatch.setattr(torch, "compile", record)
    return found


class TestWhatIsCompiled:
    def test_the_module_is_once_per_training(self, compiled):
        model = tcn(early_stopping=True, refit_tail=True).fit(X, y)
        assert len(compiled) == 2
        model.predict_proba(X)
        assert len(compiled) == 2

    def test_nothing_is_unless_asked_for(self, compiled):
        tcn(compile=False).fit(X, y)
        assert not compiled

    def test_members_of_an_ensemble_are_together(self, compiled):
        InceptionTimeClassifier(
            n_members=2, n_filters=2, depth=3, compile=True, **SETTINGS
        ).fit(X, y)
        assert [function.__name__ for function in compiled] == ["member_outputs"]

    def test_only_steps_of_training_run_it(self, monkeypatch):
        calls = []

        class Recorder(_compiled.Compiled):
            def __init__(self, function):
                self.function = function

            def __call__(self, windows):
                calls.append(len(windows))
                return self.function(windows)

        monkeypatch.setattr(_net, "Compiled", Recorder)
        tcn(early_stopping=True, validation_fraction=0.2).fit(X, y).predict_proba(X)
        assert calls == [48, 48] * 3

    def test_names_of_weights_are_those_of_the_module(self, compiled):
        names = [
            list(tcn(compile=c).fit(X, y).module_.state_dict()) for c in (False, True)
        ]
        assert names[0] == names[1]

    def test_what_the_compiler_refuses_is_an_error_with_advice(self, monkeypatch):
        from torch._dynamo.exc import BackendCompilerFailed

        def fail(windows):
            raise BackendCompilerFailed(fail, ValueError("no compiler"), None)

        monkeypatch.setattr(torch, "compile", lambda function, dynamic: fail)
        with pytest.raises(
            RuntimeError, match=r"(?s)no compiler.*C\+\+.*compile=False"
        ):
            tcn().fit(X, y)


@pytest.fixture(scope="module")
def model():
    return tcn().fit(X, y)


@pytest.mark.slow
class TestCompiler:
    """With the compiler itself, which takes its time."""

    def test_training_is_the_same_but_for_rounding(self):
        # Batches of two sizes.
        rows, codes = X[1:], y[1:]
        compiled, plain = (tcn(compile=c).fit(rows, codes) for c in (True, False))
        expected = plain.predict_proba(X)
        np.testing.assert_allclose(compiled.predict_proba(X), expected, atol=1e-4)
        np.testing.assert_allclose(
            compiled.history_["train_loss"], plain.history_["train_loss"], rtol=1e-4
        )

    def test_one_seed_gives_equal_bits(self, model):
        again = clone(model).fit(X, y)
        assert again.predict_proba(X).tobytes() == model.predict_proba(X).tobytes()
        drops = [tcn(dropout=0.5).fit(X, y).predict_proba(X) for _ in range(2)]
        assert drops[0].tobytes() == drops[1].tobytes()
        assert drops[0].tobytes() != model.predict_proba(X).tobytes()

    @pytest.mark.parametrize("drops", [True, False])
    def test_earlier_trainings_do_not_matter_as_they_are_dropped(
        self, drops, model, monkeypatch, caplog
    ):
        if not drops:
            monkeypatch.setattr(torch.compiler, "reset", lambda: None)
        caplog.set_level("WARNING")
        with torch._dynamo.config.patch(recompile_limit=2):
            for size in (1, 2):
                tcn(channels=[size], max_epochs=1).fit(X, y)
            again = clone(model).fit(X, y)
        # What torch says when it gives up, and runs a module as it is.
        assert ("hit config.recompile_limit" in caplog.text) != drops
        if drops:
            expected = model.predict_proba(X).tobytes()
            assert again.predict_proba(X).tobytes() == expected

    def test_models_are_pickled_and_saved(self, model):
        for copy in (
            pickle.loads(pickle.dumps(model)),
            model_from_files(model_files(model)),
        ):
            assert copy.predict_proba(X).tobytes() == model.predict_proba(X).tobytes()

    def test_it_goes_on_after_an_interruption(self, model, tmp_path, monkeypatch):
        n_left, step = 4, torch.optim.AdamW.step

        def interrupting(self, *args, **kwargs):
            nonlocal n_left
            n_left -= 1
            if n_left < 0:
                raise KeyboardInterrupt
            return step(self, *args, **kwargs)

        with monkeypatch.context() as patch:
            patch.setattr("torch.optim.AdamW.step", interrupting)
            with pytest.raises(KeyboardInterrupt):
                tcn(checkpoint_dir=tmp_path).fit(X, y)
        assert list(tmp_path.iterdir())
        found = tcn(checkpoint_dir=tmp_path).fit(X, y)
        assert found.predict_proba(X).tobytes() == model.predict_proba(X).tobytes()

    def test_processes_give_the_same(self):
        settings = {"cv": 2, "scoring": "neg_log_loss", "error_score": "raise"}
        alone, shared = (
            cross_val_score(tcn(), X, y, n_jobs=n_jobs, **settings) for n_jobs in (1, 2)
        )
        assert alone.tobytes() == shared.tobytes()

    def test_recurrent_layers_stay_as_they_are(self):
        lstms = [
            LSTMClassifier(hidden_size=4, compile=c, **SETTINGS).fit(X, y)
            for c in (False, True)
        ]
        one, other = (model.predict_proba(X).tobytes() for model in lstms)
        assert one == other


@pytest.mark.slow
def test_a_missing_compiler_is_named(tmp_path):
    code = (
        "import numpy as np\n"
        "from sk_ensemble import TCNClassifier\n"
        "X = np.random.default_rng(0).normal(size=(40, 6, 2)).astype('f4')\n"
        "TCNClassifier(channels=[4], compile=True).fit(X, np.arange(40) % 2)\n"
    )
    environment = {
        "PATH": str(tmp_path),
        "TORCHINDUCTOR_CACHE_DIR": str(tmp_path / "c"),
    }
    child = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        check=False,
        text=True,
        env=environment | {"HOME": str(tmp_path)},
    )
    [last] = child.stderr.strip().splitlines()[-1:]
    assert last.startswith("RuntimeError: compile=True, and torch cannot compile")
    assert "C++ compiler" in last
