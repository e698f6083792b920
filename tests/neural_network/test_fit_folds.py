"""Many folds at once are what they are one by one."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.base import clone

import sk_ensemble.neural_network._fold as fold_module
from families import costly_ones_slow
from sk_ensemble import (
    ALSTMClassifier,
    GRUClassifier,
    InceptionTimeClassifier,
    LSTMClassifier,
    LSTMFCNClassifier,
    MLPNetClassifier,
    NHITSClassifier,
    PatchTSTClassifier,
    TCNClassifier,
    TFTClassifier,
    TransformerClassifier,
    Windower,
    load_model,
    save_model,
)
from sk_ensemble.baseline import PriorBaseline
from sk_ensemble.exceptions import DataError
from sk_ensemble.neural_network import DeviceWindows, fit_folds
from sk_ensemble.panel import Panel

SETTINGS = {"batch_size": 32, "max_epochs": 5, "random_state": 0, "device": "cpu"}

NETWORKS = {
    "mlp": MLPNetClassifier(hidden_sizes=[8, 8], input_dropout=0, dropout=0),
    "lstm": LSTMClassifier(hidden_size=6, dropout=0),
    "gru": GRUClassifier(hidden_size=6, dropout=0),
    "alstm": ALSTMClassifier(hidden_size=6, dropout=0),
    "tcn": TCNClassifier(channels=[6, 6], dropout=0),
    "transformer": TransformerClassifier(
        d_model=8, n_heads=2, num_layers=2, d_ff=8, dropout=0, norm="LayerNorm"
    ),
    # These normalise by the statistics of batches.
    "transformer_batch": TransformerClassifier(
        d_model=8, n_heads=2, num_layers=1, d_ff=8, dropout=0, norm="BatchNorm"
    ),
    "lstm_fcn": LSTMFCNClassifier(hidden_size=4, dropout=0),
    "patch_tst": PatchTSTClassifier(
        d_model=8, n_heads=2, num_layers=1, d_ff=8, dropout=0
    ),
    "nhits": NHITSClassifier(h=4, mlp_units=[[8, 8]] * 3, dropout_prob_theta=0),
    # Members have gradient limits of their own, which matter here.
    "inception_time": InceptionTimeClassifier(
        n_members=2,
        n_filters=2,
        depth=3,
        kernel_sizes=[4, 2],
        bottleneck_size=2,
        gradient_clip=0.3,
    ),
    "tft": TFTClassifier(hidden_size=6, n_heads=2, dropout=0),
}


def make_samples(dtype=np.float64):
    rng = np.random.default_rng(0)
    X = rng.normal(2, 3, size=(150, 12, 2)).astype(dtype)
    y = np.array(["down", "flat", "up"])[rng.integers(3, size=150)]
    return X, y


#: 150, 97 and 40 rows: 5, 4 and 2 batches of 30, 24 or 25, and 20 rows.
FOLDS = [np.arange(40), np.arange(150), np.arange(20, 117)]


def make_mlp(**settings):
    return clone(NETWORKS["mlp"]).set_params(**(SETTINGS | settings))


def fit_each(model, X, y, folds, **given):
    return [
        clone(model).fit(X[f], y[f], **{k: v[f] for k, v in given.items()})
        for f in folds
    ]


def assert_alike(together, alone, tolerance=1e-5):
    for one, other in zip(together, alone, strict=True):
        assert one.history_.keys() == other.history_.keys()
        for name in one.history_:
            np.testing.assert_allclose(
                one.history_[name], other.history_[name], rtol=0, atol=tolerance
            )
        assert one.n_iter_ == other.n_iter_
        assert one.hit_time_limit_ == other.hit_time_limit_


def assert_same_weights(one, other, tolerance=1e-6):
    others = other.module_.state_dict()
    for name, weight in one.module_.state_dict().items():
        torch.testing.assert_close(weight, others[name], rtol=0, atol=tolerance)


@pytest.mark.parametrize("name", costly_ones_slow(NETWORKS))
def test_losses_are_those_of_separate_training(name):
    X, y = make_samples()
    model = clone(NETWORKS[name]).set_params(**SETTINGS)
    together = fit_folds(model, X, y, FOLDS)
    alone = fit_each(model, X, y, FOLDS)
    # Of 5 epochs the largest fold takes 25 steps.
    assert_alike(together, alone)
    for one, other in zip(together, alone, strict=True):
        np.testing.assert_allclose(
            one.predict_proba(X), other.predict_proba(X), rtol=0, atol=1e-4
        )
        np.testing.assert_array_equal(one.mean_, other.mean_)
        np.testing.assert_array_equal(one.scale_, other.scale_)


@pytest.mark.parametrize(
    "settings",
    [
        {"optimizer": "adam"},
        {"optimizer": "adam", "weight_decay": 0.0},
        {"gradient_clip": None},
        {"gradient_clip": 0.01},
        {"gradient_clip": 0.01, "gradient_clip_by": "value"},
        {"label_smoothing": 0.2},
        {"lr_schedule": "cosine"},
        {"lr_schedule": "onecycle"},
        {"lr_schedule": "plateau", "n_iter_no_change": 2, "early_stopping": True},
        {"standardize": False},
        {"class_weight": "balanced"},
        {"class_weight": {"up": 3.0}},
        {"early_stopping": True, "refit_tail": True, "max_epochs": 8},
    ],
    ids=str,
)
def test_settings_do_what_they_do_alone(settings):
    X, y = make_samples()
    model = make_mlp(**settings)
    together, alone = fit_folds(model, X, y, FOLDS), fit_each(model, X, y, FOLDS)
    assert_alike(together, alone)
    for one, other in zip(together, alone, strict=True):
        assert_same_weights(one, other)


def test_settings_of_the_cases_above_matter():
    X, y = make_samples()
    plain = fit_folds(make_mlp(), X, y, FOLDS[1:2])[0].history_["train_loss"]
    for settings in [{"gradient_clip": 0.01}, {"lr_schedule": "cosine"}]:
        model = fit_folds(make_mlp(**settings), X, y, FOLDS[1:2])[0]
        assert model.history_["train_loss"] != plain


def test_sample_weights_are_cut_to_the_fold():
    X, y = make_samples()
    weights = np.random.default_rng(1).integers(0, 3, size=150).astype(float)
    together = fit_folds(make_mlp(), X, y, FOLDS, sample_weight=weights)
    assert_alike(together, fit_each(make_mlp(), X, y, FOLDS, sample_weight=weights))


def test_folds_stop_in_epochs_of_their_own():
    X, y = make_samples()
    model = make_mlp(
        early_stopping=True, n_iter_no_change=3, max_epochs=60, learning_rate=0.02
    )
    together, alone = fit_folds(model, X, y, FOLDS), fit_each(model, X, y, FOLDS)
    n_epochs = {len(one.history_["val_loss"]) for one in together}
    assert len(n_epochs) > 1
    assert max(n_epochs) < 60
    assert_alike(together, alone)
    for one, other in zip(together, alone, strict=True):
        assert_same_weights(one, other)


def test_a_fold_that_has_stopped_keeps_its_bits(monkeypatch):
    X, y = make_samples()
    kept = {}
    remember = fold_module.Fold.remember

    def spy(fold, stack, place, *, is_last):
        remember(fold, stack, place, is_last=is_last)
        if is_last:
            kept[len(fold.train)] = [part.clone() for part in fold.module.parameters()]

    monkeypatch.setattr(fold_module.Fold, "remember", spy)
    model = make_mlp(
        early_stopping=True, n_iter_no_change=3, max_epochs=60, learning_rate=0.02
    )
    models = fit_folds(model, X, y, FOLDS)
    sizes = [36, 135, 87]
    for one, size in zip(models, sizes, strict=True):
        for now, then in zip(one.module_.parameters(), kept[size], strict=True):
            assert torch.equal(now, then)


def test_validation_folds_are_those_of_fit():
    X, y = make_samples()
    held_out = [np.arange(117, 150), np.arange(10), np.arange(117, 150)]
    model = make_mlp(early_stopping=True, max_epochs=8)
    together = fit_folds(model, X, y, FOLDS, validation_folds=held_out)
    alone = [
        clone(model).fit(X[f], y[f], X_val=X[v], y_val=y[v])
        for f, v in zip(FOLDS, held_out, strict=True)
    ]
    assert_alike(together, alone)


@pytest.mark.parametrize("name", ["mlp", "transformer_batch"])
def test_others_do_not_matter_without_dropout(name):
    X, y = make_samples()
    model = clone(NETWORKS[name]).set_params(**SETTINGS)
    beside = fit_folds(model, X, y, FOLDS)
    for place, fold in enumerate(FOLDS):
        alone = fit_folds(model, X, y, [fold])[0]
        assert_same_weights(beside[place], alone, tolerance=1e-8)


def test_equal_input_gives_equal_bits_with_dropout():
    X, y = make_samples(np.float32)
    model = make_mlp(dropout=0.3)
    before = torch.random.get_rng_state()
    once, again = fit_folds(model, X, y, FOLDS), fit_folds(model, X, y, FOLDS)
    assert torch.equal(torch.random.get_rng_state(), before)
    for one, other in zip(once, again, strict=True):
        assert_same_weights(one, other, tolerance=0)


def test_units_dropped_differ_from_fold_to_fold():
    X, y = make_samples()
    rows = [np.arange(150)] * 2
    same = fit_folds(make_mlp(), X, y, rows)
    assert_same_weights(*same, tolerance=1e-10)
    dropped = fit_folds(make_mlp(dropout=0.3), X, y, rows)
    assert dropped[0].history_ != dropped[1].history_


def test_dropout_costs_as_much_loss_as_alone():
    X, y = make_samples()
    rows = [np.arange(150)] * 12
    model = make_mlp(dropout=0.5, max_epochs=3, hidden_sizes=[16])
    seeds = range(12)
    together = fit_folds(model, X, y, rows, random_states=seeds)
    alone = [clone(model).set_params(random_state=s).fit(X, y) for s in seeds]
    last = [[m.history_["train_loss"][-1] for m in part] for part in (together, alone)]
    error = np.hypot(*(np.std(part) / np.sqrt(12) for part in last))
    assert abs(np.mean(last[0]) - np.mean(last[1])) < 4 * error


def test_random_states_are_those_of_the_clones():
    X, y = make_samples()
    rows = [np.arange(150)] * 2
    models = fit_folds(make_mlp(), X, y, rows, random_states=[3, 4])
    alone = [make_mlp(random_state=seed).fit(X, y) for seed in (3, 4)]
    assert [model.random_state for model in models] == [3, 4]
    assert_alike(models, alone)


def test_folds_may_lack_classes():
    X, y = make_samples()
    one, two = np.flatnonzero(y == "up"), np.flatnonzero(y != "flat")
    models = fit_folds(make_mlp(), X, y, [one, np.arange(150), two])
    assert [len(model.classes_) for model in models] == [1, 3, 2]
    assert (models[0].predict(X) == "up").all()
    assert_alike(models[1:], fit_each(make_mlp(), X, y, [np.arange(150), two]))


def test_masks_are_rows():
    X, y = make_samples()
    mask = np.arange(150) < 40
    by_mask, by_rows = fit_folds(make_mlp(), X, y, [mask, FOLDS[0]])
    assert_alike([by_mask], [by_rows], tolerance=1e-12)


def make_windows():
    rng = np.random.default_rng(0)
    index = pd.MultiIndex.from_product(
        [["A", "B"], pd.date_range("2024-01-02", periods=80, freq="h")],
        names=["symbol", "datetime"],
    )
    bars = pd.DataFrame(rng.normal(size=(160, 2)), index, ["first", "second"])
    ends = index.get_level_values("datetime") + pd.Timedelta("3h")
    labels = {"label": rng.integers(2, size=160), "label_end": ends}
    panel, y = Panel.from_frame(bars).align(pd.DataFrame(labels, index))
    return Windower(6).transform(panel), y


def test_panels_stop_early_and_keep_names():
    windows, y = make_windows()
    folds = [np.arange(100), np.arange(30, 160)]
    model = make_mlp(max_epochs=6)
    together = fit_folds(model, windows, y, folds)
    alone = fit_each(model, windows, y, folds)
    assert "val_loss" in together[0].history_
    assert_alike(together, alone)
    assert together[0].feature_names_in_.tolist() == ["first", "second"]


def test_bars_are_laid_out_once_and_gathered_once_per_step(monkeypatch):
    X, y = make_samples()
    gathered = []
    gather = DeviceWindows.gather

    def count(windows, *rows):
        gathered.append(windows.bars.data_ptr())
        return gather(windows, *rows)

    monkeypatch.setattr(DeviceWindows, "gather", count)
    fit_folds(make_mlp(max_epochs=3), X, y, FOLDS)
    assert len(gathered) == 3 * 5
    assert len(set(gathered)) == 1


def test_models_are_saved(tmp_path):
    X, y = make_samples(np.float32)
    model = fit_folds(make_mlp(), X, y, FOLDS)[1]
    save_model(model, tmp_path / "model")
    loaded = load_model(tmp_path / "model")
    np.testing.assert_array_equal(loaded.predict_proba(X), model.predict_proba(X))


def test_amp_computes_in_half_precision():
    X, y = make_samples(np.float32)
    exact = fit_folds(make_mlp(), X, y, FOLDS)
    halves = fit_folds(make_mlp(amp=True), X, y, FOLDS)
    assert halves[1].history_ != exact[1].history_
    assert_alike(halves, exact, tolerance=0.05)


def test_time_is_limited_after_one_epoch():
    X, y = make_samples()
    models = fit_folds(make_mlp(time_limit=1e-9, max_epochs=99), X, y, FOLDS)
    assert [model.n_iter_ for model in models] == [1, 1, 1]
    assert all(model.hit_time_limit_ for model in models)


def test_diverging_is_an_error():
    X, y = make_samples()
    model = make_mlp(learning_rate=1e300, gradient_clip=None)
    with pytest.raises(FloatingPointError, match="Training diverged in epoch"):
        fit_folds(model, X, y, FOLDS)


def test_ensembles_stop_by_what_their_members_say_together():
    X, y = make_samples()
    model = clone(NETWORKS["inception_time"]).set_params(
        **(SETTINGS | {"max_epochs": 8}), early_stopping=True, n_iter_no_change=2
    )
    together, alone = fit_folds(model, X, y, FOLDS), fit_each(model, X, y, FOLDS)
    assert "val_loss" in together[0].history_
    assert_alike(together, alone)
    for one, other in zip(together, alone, strict=True):
        assert_same_weights(one, other)


def make_symbols(n_bars=20):
    """Return windows of three symbols, of which the last begins later."""
    rng = np.random.default_rng(0)
    times = pd.date_range("2024-01-02", periods=n_bars, freq="h")
    index = pd.MultiIndex.from_product(
        [["A", "B", "C"], times], names=["symbol", "datetime"]
    )[: -n_bars // 2]
    columns = ["x", "noise", "day_cos", "day_sin"]
    bars = pd.DataFrame(rng.normal(size=(len(index), 4)), index, columns)
    signs = np.where(index.get_level_values("symbol") == "A", 1, -1)
    labels = pd.Series(np.sign(bars["x"] * signs), index, name="label")
    panel, y = Panel.from_frame(bars, dtype="float64").align(labels)
    return Windower(4).transform(panel), y


def test_folds_know_their_own_symbols_and_the_calendar():
    windows, y = make_symbols()
    of = np.asarray(windows.symbols)
    folds = [
        np.arange(len(y)),
        np.flatnonzero(of != "B"),
        np.flatnonzero(of != "A"),
        np.flatnonzero(of == "A"),
    ]
    # The validation samples have symbols that the fold does not know.
    held_out = [np.arange(30, 45)] * 4
    model = clone(NETWORKS["tft"]).set_params(
        **(SETTINGS | {"max_epochs": 3}), early_stopping=True
    )
    together = fit_folds(model, windows, y, folds, validation_folds=held_out)
    alone = [
        clone(model).fit(
            windows[f], y[f], X_val=windows[held_out[0]], y_val=y[held_out[0]]
        )
        for f in folds
    ]
    assert_alike(together, alone)
    known = [["A", "B", "C"], ["A", "C"], ["B", "C"], []]
    assert [model.symbols_.tolist() for model in together] == known
    for one, other in zip(together, alone, strict=True):
        assert_same_weights(one, other)
        found = one.predict_proba(windows)
        np.testing.assert_allclose(found, other.predict_proba(windows), atol=1e-6)


class OwnTraining(MLPNetClassifier):
    def _make_net(self, *given):
        return super()._make_net(*given)


def test_architectures_with_a_training_of_their_own_are_refused():
    with pytest.raises(TypeError, match="Fit a clone to each fold"):
        fit_folds(OwnTraining(), *make_samples(), FOLDS)


def test_other_estimators_are_refused():
    with pytest.raises(TypeError, match="PriorBaseline is no NetworkClassifier"):
        fit_folds(PriorBaseline(), *make_samples(), FOLDS)


@pytest.mark.parametrize(
    "settings", [{"compile": True}, {"checkpoint_dir": "here"}], ids=str
)
def test_settings_that_are_not_offered_are_refused(settings):
    with pytest.raises(ValueError, match=f"fit_folds has no {next(iter(settings))}"):
        fit_folds(make_mlp(**settings), *make_samples(), FOLDS)


@pytest.mark.parametrize(
    ("folds", "message"),
    [
        ([], "folds is empty"),
        ([(np.arange(9), np.arange(9))], "train for train, test in"),
        ([np.arange(0)], "array of row numbers"),
        ([np.ones(9)], "array of row numbers"),
    ],
)
def test_folds_that_are_no_rows_are_refused(folds, message):
    with pytest.raises(ValueError, match=message):
        fit_folds(make_mlp(), *make_samples(), folds)


@pytest.mark.parametrize("name", ["random_states", "validation_folds"])
def test_other_numbers_of_entries_are_refused(name):
    given = {"random_states": [1], "validation_folds": [np.arange(9)]}
    with pytest.raises(ValueError, match=f"{name} has 1 entries, and there are 3"):
        fit_folds(make_mlp(), *make_samples(), FOLDS, **{name: given[name]})


def test_values_that_are_missing_are_refused():
    X, y = make_samples()
    X[3, 2, 1] = np.nan
    with pytest.raises((DataError, ValueError), match="NaN"):
        fit_folds(make_mlp(), X, y, FOLDS)


@pytest.mark.gpu
@pytest.mark.parametrize("name", NETWORKS)
def test_losses_on_a_gpu_are_those_of_the_cpu(name):
    X, y = make_samples()
    model = clone(NETWORKS[name]).set_params(**SETTINGS)
    on_cpu = fit_folds(model, X, y, FOLDS)
    on_gpu = fit_folds(clone(model).set_params(device="cuda"), X, y, FOLDS)
    assert_alike(on_gpu, on_cpu)
    alone = fit_each(clone(model).set_params(device="cuda"), X, y, FOLDS)
    assert_alike(on_gpu, alone)
