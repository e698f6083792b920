from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from joblib import Parallel, delayed

from sk_ensemble import Panel
from sk_ensemble.panel import history_of_array, segment_starts


def test_segment_starts_are_the_latest_first_row():
    first = np.array([True, False, True, False, False, True])
    assert segment_starts(first).tolist() == [0, 0, 2, 2, 2, 5]


def test_locate_finds_bars_and_only_bars(frame):
    history = Panel.from_frame(frame).history
    everything = pd.MultiIndex.from_product(
        [
            ["A", "B", "C", "Q"],
            pd.date_range("2023-12-31 23:50", periods=40, freq="5min"),
        ]
    )
    symbols = everything.get_level_values(0).to_numpy()
    times = everything.get_level_values(1).as_unit("ns").asi8
    rows = history.locate(symbols, times)
    stamps = frame["datetime"].dt.as_unit("ns").astype("int64")
    known = set(zip(frame["symbol"], stamps, strict=True))
    expected = [key in known for key in zip(symbols, times, strict=True)]
    assert (rows >= 0).tolist() == expected
    found = rows[rows >= 0]
    np.testing.assert_array_equal(history.times[found], times[rows >= 0])
    np.testing.assert_array_equal(
        history.symbol_names[history.symbol_codes[found]], symbols[rows >= 0]
    )


def test_bars_between_marks_overlapping_ranges():
    history = history_of_array(np.zeros((8, 1)))
    inside = history.bars_between(np.array([1, 2, 6]), np.array([3, 2, 6]))
    assert np.flatnonzero(inside).tolist() == [1, 2, 3, 6]


def test_plain_arrays_have_no_times():
    with pytest.raises(ValueError, match="no times"):
        _ = history_of_array(np.zeros((3, 1))).unique_times


def describe(panel):
    """Tell how the bars arrived in a worker."""
    return isinstance(panel.history.block, np.memmap), panel.history.block.sum()


@pytest.mark.parametrize(("n_bars", "is_mapped"), [(40_000, True), (10, False)])
def test_large_histories_reach_workers_as_a_memory_map(n_bars, is_mapped):
    history = history_of_array(np.ones((n_bars, 10), dtype=np.float32))
    panel = Panel(history, np.arange(n_bars))
    results = Parallel(n_jobs=2)(delayed(describe)(panel[part::2]) for part in (0, 1))
    assert results == [(is_mapped, n_bars * 10)] * 2


def test_cached_bars_stay_the_file_they_are_in_workers(frame, tmp_path):
    frame.to_parquet(tmp_path / "bars.parquet")
    panel = Panel.from_parquet(tmp_path / "bars.parquet", cache_dir=tmp_path)
    assert describe(panel)[0]
    (result,) = Parallel(n_jobs=2)([delayed(describe)(panel[::2])])
    assert result == describe(panel)


def test_a_block_with_gaps_is_refused() -> None:
    history = history_of_array(np.zeros((4, 2)))
    with pytest.raises(ValueError, match="C-contiguous"):
        replace(history, block=np.zeros((4, 4))[:, ::2])
