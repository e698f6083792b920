from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sk_ensemble.exceptions import DataError
from sk_ensemble.metrics import align_proba


@settings(max_examples=50)
@given(
    labels=st.lists(st.integers(-5, 5), min_size=1, max_size=6, unique=True),
    data=st.data(),
)
def test_each_class_finds_its_column_and_others_are_zero(labels, data):
    classes = data.draw(st.permutations(labels))[
        : data.draw(st.integers(1, len(labels)))
    ]
    proba = np.random.default_rng(0).random((4, len(classes)))
    aligned = align_proba(proba, classes, labels)
    for column, label in enumerate(labels):
        expected = proba[:, classes.index(label)] if label in classes else np.zeros(4)
        np.testing.assert_array_equal(aligned[:, column], expected)


def test_precision_is_kept():
    proba = np.ones((2, 1), dtype=np.float32)
    assert align_proba(proba, ["up"], ["down", "up"]).dtype == np.float32


@pytest.mark.parametrize(
    ("proba", "classes", "labels", "message"),
    [
        ([[0.5, 0.5]], [0, 2], [-1, 0, 1], r"Classes \[2\]"),
        ([[0.5, 0.5]], [0, 1, -1], [-1, 0, 1], r"shape \(1, 2\)"),
        ([0.5, 0.5], [0, 1], [0, 1], r"shape \(2,\)"),
        ([[0.5, 0.5]], [0, 0], [0, 1], "classes must be distinct"),
        ([[0.5, 0.5]], [0, 1], [0, 1, 1], "labels must be distinct"),
    ],
)
def test_faults_are_refused(proba, classes, labels, message):
    with pytest.raises(DataError, match=message):
        align_proba(proba, classes, labels)
