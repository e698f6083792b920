from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sk_ensemble.exceptions import DataError
from sk_ensemble.experiments import PredictionOutput

TIMES = pd.date_range("2024-01-02", periods=3, freq="5min", tz="UTC")


def make_output(proba: list[list[float]], **changes: object) -> PredictionOutput:
    times = pd.date_range("2024-01-02", periods=len(proba), freq="5min", tz="UTC")
    values = {"timestamps": times, "symbols": ["IF"] * len(proba), "horizon": 5}
    return PredictionOutput.from_proba(proba, **(values | changes))


def test_the_prediction_is_the_class_of_the_largest_probability() -> None:
    output = make_output([[0.5, 0.3, 0.2], [0.1, 0.8, 0.1], [0.2, 0.2, 0.6]])
    assert output.predictions.tolist() == [-1, 0, 1]


@given(st.lists(st.floats(0.001, 1), min_size=3, max_size=3))
def test_uncertainty_is_the_entropy(odds: list[float]) -> None:
    proba = np.array(odds) / np.sum(odds)
    slow = -sum(p * np.log(p) for p in proba)
    output = make_output([proba.tolist()])
    assert output.uncertainty[0] == pytest.approx(slow, abs=1e-12)


def test_a_measure_of_ones_own_is_kept() -> None:
    output = make_output([[0.5, 0.3, 0.2]], uncertainty=[7.0])
    assert output.uncertainty.tolist() == [7.0]


def test_times_of_another_zone_become_utc() -> None:
    there = TIMES.tz_convert("Asia/Shanghai")
    output = make_output([[1.0, 0, 0]] * 3, timestamps=there)
    pd.testing.assert_index_equal(
        pd.DatetimeIndex(output.timestamps),
        TIMES.tz_localize(None),
        check_names=False,
        exact=False,
    )


def test_a_file_gives_back_what_was_written(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    proba = rng.dirichlet(np.ones(3), size=50)
    output = make_output(proba.tolist())
    path = tmp_path / "p.parquet"
    output.to_dataframe().assign(extra=1).to_parquet(path)
    read = PredictionOutput.from_parquet(path)
    pd.testing.assert_frame_equal(
        read.to_dataframe(), output.to_dataframe(), check_exact=True, check_dtype=False
    )
    np.testing.assert_array_equal(read.probabilities, proba)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "There is no file"),
        (b"", "damaged"),
        (b"PAR1 but no more", "damaged"),
    ],
)
def test_a_bad_file_is_named(tmp_path: Path, content: bytes | None, said: str) -> None:
    path = tmp_path / "p.parquet"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DataError, match=rf"{said}|p\.parquet"):
        PredictionOutput.from_parquet(path)


def test_a_flipped_byte_is_found(tmp_path: Path) -> None:
    path = tmp_path / "p.parquet"
    rng = np.random.default_rng(0)
    frame = make_output(rng.dirichlet(np.ones(3), size=500).tolist()).to_dataframe()
    frame.to_parquet(path, write_page_checksum=True, compression=None)
    content = bytearray(path.read_bytes())
    content[len(content) // 3] ^= 1
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"p\.parquet is damaged"):
        PredictionOutput.from_parquet(path)


def test_a_file_of_something_else_is_named(tmp_path: Path) -> None:
    path = tmp_path / "p.parquet"
    pd.DataFrame({"symbol": ["A"]}).to_parquet(path)
    with pytest.raises(DataError, match="lacks the columns"):
        PredictionOutput.from_parquet(path)


def test_lengths_and_columns_are_checked() -> None:
    with pytest.raises(DataError, match="differ in length"):
        make_output([[1.0, 0, 0]], symbols=["A", "B"])
    with pytest.raises(DataError, match=r"shape \(n_samples, 3\)"):
        make_output([[1.0, 0]])
