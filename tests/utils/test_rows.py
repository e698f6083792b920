from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sk_ensemble.utils.rows import follow_one_another


@given(st.lists(st.integers(-3, 9), max_size=5))
def test_rows_follow_one_another_if_they_are_a_range(rows):
    expected = bool(rows) and rows == list(range(rows[0], rows[0] + len(rows)))
    assert follow_one_another(np.array(rows, dtype=np.int64)) is expected


@pytest.mark.parametrize("rows", [[4, 6, 5, 7], [1, 1, 3]])
def test_the_first_and_the_last_row_alone_do_not_tell(rows):
    assert rows[-1] - rows[0] == len(rows) - 1
    assert not follow_one_another(np.array(rows))
