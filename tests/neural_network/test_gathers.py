"""What networks gather: every window once per epoch, and no array of all of them.

Counted, not timed: batches, windows in them, and bytes that numpy holds.
"""

from __future__ import annotations

import numpy as np
import pytest
from counting import gathered_rows, peak_bytes

from sk_ensemble import MLPNetClassifier, Windower
from sk_ensemble.neural_network import DeviceWindows
from sk_ensemble.panel import Windows

N_BARS, WINDOW, BATCH, EPOCHS = 2_000, 50, 256, 3


@pytest.fixture(scope="module")
def samples():
    rng = np.random.default_rng(0)
    bars = rng.normal(size=(N_BARS, 20)).astype("float32")
    y = (bars[:, 0] > 0).astype(int)
    return Windower(WINDOW).transform(bars), y


def make_network(**params):
    settings = {"max_epochs": EPOCHS, "batch_size": BATCH, "early_stopping": False}
    return MLPNetClassifier(hidden_sizes=[4], **(settings | params))


@pytest.mark.parametrize("batch_size", [BATCH, 1_000])
def test_every_epoch_gathers_each_window_once(samples, batch_size):
    with gathered_rows(DeviceWindows) as sizes:
        make_network(batch_size=batch_size).fit(*samples)
    n_batches = -(-N_BARS // batch_size)
    assert len(sizes) == EPOCHS * n_batches
    for epoch in range(EPOCHS):
        own = sizes[epoch * n_batches : (epoch + 1) * n_batches]
        assert sum(own) == N_BARS
        assert max(own) <= batch_size


def test_an_epoch_trains_on_a_window_or_validates_with_it(samples):
    with gathered_rows(DeviceWindows) as sizes:
        make_network(early_stopping=True).fit(*samples)
    assert N_BARS * EPOCHS * 0.9 < sum(sizes) <= N_BARS * EPOCHS


def test_predicting_gathers_each_window_once(samples):
    network = make_network().fit(*samples)
    with gathered_rows(DeviceWindows) as sizes, gathered_rows(Windows) as others:
        network.predict_proba(samples[0])
    # The last batch is filled up, as all of them have one size.
    assert N_BARS <= sum(sizes) + sum(others) < 1.02 * N_BARS


def test_training_never_holds_all_windows(samples):
    network, (windows, y) = make_network(max_epochs=1), samples
    network.fit(windows, y)  # imports
    n_all = np.prod(windows.shape) * 4
    with gathered_rows(Windows) as sizes:
        assert peak_bytes(lambda: network.fit(windows, y)) < 0.2 * n_all
    assert sum(sizes) == 0
    # What is looked for: a fit on windows that were gathered before.
    assert peak_bytes(lambda: network.fit(windows.gather(), y)) > n_all
