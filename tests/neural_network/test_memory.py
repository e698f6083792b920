from __future__ import annotations

import subprocess
import sys

import pytest

#: Trains, without garbage collection, and counts the bars that are there afterwards.
TRAIN = """
import gc
import weakref

import numpy as np

from sk_ensemble import MLPNetClassifier
from sk_ensemble.neural_network import _base

laid_out = []

class Watched(_base.DeviceWindows):
    def __init__(self, *args):
        super().__init__(*args)
        laid_out.append(weakref.ref(self))

_base.DeviceWindows = Watched
if {is_left_to_torch}:
    _base.import_optimizers = lambda: None
gc.disable()
X = np.random.default_rng(0).normal(size=(40, 3)).astype("float32")
MLPNetClassifier(max_epochs=1).fit(X, np.arange(40) % 2)
print(sum(one() is not None for one in laid_out), "of", len(laid_out))
"""


@pytest.mark.slow
@pytest.mark.parametrize(("is_left_to_torch", "left"), [(False, 0), (True, 1)])
def test_no_bars_are_left_of_the_first_fit_of_a_process(is_left_to_torch, left):
    program = TRAIN.format(is_left_to_torch=is_left_to_torch)
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == [str(left), "of", "1"]
