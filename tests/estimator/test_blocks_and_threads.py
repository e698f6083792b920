from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from joblib import Parallel, cpu_count, delayed

from sk_ensemble.estimator import n_threads, predict_in_blocks


@given(n=st.integers(1, 40), size=st.integers(1, 50), pad=st.booleans())
def test_blocks_add_up_to_one_prediction(n, size, pad):
    sizes = []

    def predict(rows):
        sizes.append(len(rows))
        return np.stack([rows, -rows], axis=1)

    whole = np.stack([np.arange(n), -np.arange(n)], axis=1)
    assert np.array_equal(predict_in_blocks(n, size, predict, pad=pad), whole)
    assert set(sizes) == {size} if pad else max(sizes) <= size


@pytest.mark.parametrize(
    ("n_jobs", "expected"),
    [(None, 1), (1, 1), (3, 3), (-1, cpu_count()), (-1000, 1)],
)
def test_n_jobs_means_a_number_of_threads(n_jobs, expected):
    assert n_threads(n_jobs) == expected


def test_no_threads_at_all_are_refused():
    with pytest.raises(ValueError, match="n_jobs=0 has no meaning"):
        n_threads(0)


def test_the_number_of_threads_is_the_same_inside_of_a_pool():
    calls = (delayed(n_threads)(n_jobs) for n_jobs in (None, 2, -1))
    inside = Parallel(n_jobs=2, backend="threading")(calls)
    assert inside == [n_threads(n_jobs) for n_jobs in (None, 2, -1)]
