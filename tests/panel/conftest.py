"""Tiny panels with irregular calendars."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest


def make_frame(seed: int = 0, *, n_symbols: int = 3, n_times: int = 30) -> pd.DataFrame:
    """Return bars in random row order, each symbol with its own missing stamps."""
    rng = np.random.default_rng(seed)
    times = pd.date_range("2024-01-01", periods=n_times, freq="5min")
    parts = []
    for number in range(n_symbols):
        kept = times[np.sort(rng.permutation(n_times)[: rng.integers(1, n_times + 1)])]
        parts.append(pd.DataFrame({"symbol": "CAB"[number % 3], "datetime": kept}))
    frame = pd.concat(parts, ignore_index=True)
    frame["close"] = rng.normal(size=len(frame))
    frame["volume"] = rng.integers(0, 100, size=len(frame))
    return frame.sample(frac=1, random_state=seed).reset_index(drop=True)


@pytest.fixture
def frame() -> pd.DataFrame:
    return make_frame()


@pytest.fixture(scope="session")
def frame_of():
    return make_frame
