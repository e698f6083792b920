"""What one more bar costs: counted in lines of Python and in bytes, not in seconds."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from counting import peak_bytes, python_steps
from sklearn.pipeline import make_pipeline

from families import make_frame, make_labels, quick
from sk_ensemble import Panel, Windower
from sk_ensemble.production import OnlineBarFeatures, OnlinePredictor

N_BARS = 200
FRAME = make_frame(0, N_BARS)
FRAME[["open", "close", "volume"]] = np.exp(FRAME[["open", "close", "volume"]])
FRAME["high"] = FRAME[["open", "close"]].max(axis=1)
FRAME["low"] = FRAME[["open", "close"]].min(axis=1)
BARS = [bar for bar in FRAME.to_dict("records") if bar["symbol"] == "A"]


@pytest.fixture(scope="module")
def model():
    training = Panel.from_frame(FRAME).align(make_labels(FRAME))
    return make_pipeline(Windower(5), quick("logistic")).fit(*training)


class Remembering:
    """What is looked for: keep all bars, and make a frame of them for each."""

    def __init__(self, model):
        self.model, self.bars = model, []

    def update(self, symbol, bar):
        self.bars.append(bar)
        if len(self.bars) > 5:
            return self.model.predict_proba(Panel.from_frame(pd.DataFrame(self.bars)))
        return None


def costs_of_the_next(online, n_earlier, n_symbols=1):
    """Return the steps and the bytes of a bar after so many of each symbol."""
    for bar in BARS[:n_earlier]:
        for number in range(n_symbols):
            online.update(f"S{number}", bar)
    one, other = BARS[n_earlier : n_earlier + 2]
    steps = python_steps(lambda: online.update("S0", one))
    return np.array([steps, peak_bytes(lambda: online.update("S0", other))])


def growth(make):
    """Return how many times the costs are after ten times the bars."""
    costs_of_the_next(make(), 10)  # what is done only once
    return costs_of_the_next(make(), 140) / costs_of_the_next(make(), 14)


def test_a_bar_costs_the_same_however_many_came_before(model):
    assert growth(lambda: OnlinePredictor(model)).max() < 1.2


def test_a_bar_costs_the_same_however_many_symbols_there_are(model):
    few = costs_of_the_next(OnlinePredictor(model), 20, n_symbols=2)
    many = costs_of_the_next(OnlinePredictor(model), 20, n_symbols=20)
    assert (many < 1.2 * few).all()


def test_a_bar_takes_few_kilobytes(model):
    online = OnlinePredictor(model)
    costs_of_the_next(online, 20)
    assert costs_of_the_next(online, 22)[1] < 64 * 1024


def test_features_of_a_bar_cost_the_same_however_many_came_before():
    assert growth(OnlineBarFeatures).max() < 1.2


def test_remembering_all_bars_is_found(model):
    assert growth(lambda: Remembering(model))[1] > 2
