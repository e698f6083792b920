from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from sk_ensemble.experiments._cache import FitCache
from sk_ensemble.experiments._fit import FitResult


def make_result() -> FitResult:
    rng = np.random.default_rng(0)
    return FitResult(
        proba={"val": rng.dirichlet(np.ones(3), 40), "test": rng.random((5, 3))},
        seconds={"fit": 0.1 + 0.2, "predict": 1e-300},
        training={"n_iter": 3, "history": {"train_loss": [1.0, math.nan, 0.1]}},
        importances={"names": ["a"], "shares": [1.0]},
        model_files={"MANIFEST.json": b"{}", "deep/weights.bin": bytes(range(256))},
    )


def test_an_outcome_comes_back_bit_for_bit(tmp_path: Path) -> None:
    cache, result = FitCache(tmp_path), make_result()
    assert cache.get("ab12") is None
    cache.put("ab12", result)
    found = cache.get("ab12")
    assert cache.has("ab12")
    assert found is not None
    for name, proba in result.proba.items():
        np.testing.assert_array_equal(found.proba[name], proba)
    assert found.seconds == result.seconds
    assert found.model_files == result.model_files
    assert found.importances == result.importances
    np.testing.assert_array_equal(
        found.training["history"]["train_loss"],
        result.training["history"]["train_loss"],
    )


@pytest.mark.parametrize("name", ["record.json", "val.parquet"])
@pytest.mark.parametrize("content", [b"", b"garbage"])
def test_a_damaged_outcome_is_none(tmp_path: Path, name: str, content: bytes) -> None:
    cache = FitCache(tmp_path)
    cache.put("ab12", make_result())
    (tmp_path / "ab" / "ab12" / name).write_bytes(content)
    assert cache.get("ab12") is None
    cache.put("ab12", make_result())
    assert cache.get("ab12") is not None


def test_a_cache_that_is_not_read_replaces_what_it_has(tmp_path: Path) -> None:
    FitCache(tmp_path).put("ab12", make_result())
    fresh = FitCache(tmp_path, is_read=False)
    assert fresh.get("ab12") is None
    other = FitResult({"oof": np.ones((1, 3))}, {"fit": 1.0})
    fresh.put("ab12", other)
    found = FitCache(tmp_path).get("ab12")
    assert found is not None
    assert list(found.proba) == ["oof"]


def test_the_first_of_two_equal_outcomes_stays(tmp_path: Path) -> None:
    cache = FitCache(tmp_path)
    cache.put("ab12", make_result())
    cache.put("ab12", FitResult({"oof": np.ones((1, 3))}, {"fit": 1.0}))
    found = cache.get("ab12")
    assert found is not None
    assert set(found.proba) == {"val", "test"}
