from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="reads /proc/self/status"),
]

SETUP = """
import re, sys
from pathlib import Path
import numpy as np
import lightgbm, xgboost
from sk_ensemble import LightGBMClassifier, Windower, XGBoostClassifier

def peak():
    status = Path("/proc/self/status").read_text()
    return int(re.search(r"VmHWM:\\s+(\\d+) kB", status)[1]) / 1024

rng = np.random.default_rng(0)
bars = rng.normal(size=(50_000, 30)).astype("float32")
y = (bars[:, 0] + rng.normal(size=len(bars)) > 0).astype(int)
windows = Windower(20).transform(bars)
before = peak()
"""
LAZY = "{family}(n_estimators=3, colsample_bytree=1.0).fit(windows, y)"
MATRIX = {
    "XGBoostClassifier": "xgboost.train({'objective': 'binary:logistic', 'nthread': 1},"
    " xgboost.QuantileDMatrix(windows.gather().reshape(len(y), -1), y, nthread=1), 3)",
    "LightGBMClassifier": "lightgbm.train({'objective': 'binary', 'num_threads': 1,"
    " 'verbosity': -1}, lightgbm.Dataset(windows.gather().reshape(len(y), -1), y), 3)",
}


def peak_of(action: str) -> float:
    """Return by how many MiB an action raises the peak of a fresh process."""
    script = f"{SETUP}\n{action}\nprint(peak() - before)"
    result = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
    )
    return float(result.stdout)


@pytest.mark.parametrize("family", MATRIX)
def test_fitting_takes_less_than_half_the_memory_of_the_whole_matrix(family):
    lazy, whole = peak_of(LAZY.format(family=family)), peak_of(MATRIX[family])
    size_of_matrix = 50_000 * 600 * 4 / 2**20
    assert whole > size_of_matrix
    assert lazy < 0.5 * whole
