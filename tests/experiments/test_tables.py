from __future__ import annotations

import io

import numpy as np
import pandas as pd
import pytest

from sk_ensemble.experiments import _predictions as predictions
from sk_ensemble.experiments._predictions import file_pieces, to_file_columns
from sk_ensemble.experiments._tables import pieces_bytes, read_table, table_bytes


def make_predictions(n_rows):
    rng = np.random.default_rng(0)
    times = pd.date_range("2021-01-04", periods=n_rows, freq="5min", tz="UTC")
    index = pd.MultiIndex.from_arrays(
        [rng.choice(["IF", "IC"], n_rows), times], names=["symbol", "datetime"]
    )
    y = pd.array(rng.integers(-1, 2, n_rows), dtype="Int64")
    y[rng.random(n_rows) < 0.3] = pd.NA
    proba = rng.dirichlet(np.ones(3), n_rows)
    return pd.DataFrame(
        {
            "y": y,
            "label_end": times + pd.Timedelta("25min"),
            "forward_return": rng.normal(size=n_rows),
            "fold": -1,
            "p_-1": proba[:, 0],
            "p_0": proba[:, 1],
            "p_1": proba[:, 2],
        },
        index=index,
    )


@pytest.mark.parametrize("n_rows", [0, 1, 9, 10, 11, 35])
def test_a_file_written_in_pieces_is_the_table(n_rows, monkeypatch, tmp_path):
    monkeypatch.setattr(predictions, "_ROWS", 10)
    frame = make_predictions(n_rows)
    pieces = list(file_pieces(frame, 5))
    assert len(pieces) == max(1, -(-n_rows // 10))
    (tmp_path / "pieces").write_bytes(pieces_bytes(pieces))
    (tmp_path / "whole").write_bytes(table_bytes(to_file_columns(frame, 5)))
    found = read_table(tmp_path / "pieces")
    pd.testing.assert_frame_equal(found, read_table(tmp_path / "whole"))
    assert len(found) == n_rows


def test_a_first_piece_without_outcomes_decides_nothing(tmp_path):
    frame = make_predictions(20)
    frame.iloc[:10, frame.columns.get_loc("y")] = pd.NA
    frame.iloc[:10, frame.columns.get_loc("label_end")] = pd.NaT
    pieces = [frame.iloc[:10], frame.iloc[10:]]
    written = pieces_bytes(to_file_columns(piece, 5) for piece in pieces)
    found = pd.read_parquet(io.BytesIO(written))
    pd.testing.assert_frame_equal(
        found, pd.read_parquet(io.BytesIO(table_bytes(to_file_columns(frame, 5))))
    )


def test_no_pieces_at_all_are_refused():
    with pytest.raises(ValueError, match="no frame to write"):
        pieces_bytes([])
