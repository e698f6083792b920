"""The sketch of a splitter's folds against the folds themselves."""

from __future__ import annotations

import re

import numpy as np
import pytest

from sk_ensemble.model_selection import (
    CombinatorialPurgedSplit,
    PurgedSplit,
    WalkForwardSplit,
)
from sk_ensemble.utils.colours import COLOURS

KINDS = {colour: kind for kind, colour in COLOURS.items()} | {"#8884": "unused"}
RECT = re.compile(
    r'<rect x="([\d.]+)" y="([\d.]+)" width="([\d.]+)" height="10" fill="(.*?)"/>'
)


def lanes(cv):
    """Return what is drawn at each of 600 places of each lane."""
    drawn: dict[float, np.ndarray] = {}
    for x, y, width, colour in RECT.findall(cv._repr_html_()):
        lane = drawn.setdefault(float(y), np.full(600, "", dtype=object))
        lane[round(float(x)) : round(float(x) + float(width))] = KINDS[colour]
    return [drawn[y] for y in sorted(drawn)]


def real(cv, n_rows=600):
    """Return what becomes of each of 600 rows in each fold."""
    for train, test in cv.split(np.zeros((n_rows, 1))):
        kinds = np.full(n_rows, "unused", dtype=object)
        kinds[train], kinds[test] = "train", "test"
        yield kinds


@pytest.mark.parametrize(
    "cv",
    [
        PurgedSplit(5, purged_size=0),
        PurgedSplit(12, purged_size=0),
        CombinatorialPurgedSplit(4, 2, purged_size=0),
        CombinatorialPurgedSplit(5, 1, purged_size=0),
        WalkForwardSplit(4, purged_size=0, closed="left"),
        WalkForwardSplit(3, purged_size=0, max_train_size=150, closed="left"),
    ],
    ids=repr,
)
def test_blocks_without_purging_are_those_of_the_folds(cv):
    cv.closed = "left"
    drawn, folds = lanes(cv), list(real(cv))
    assert len(drawn) == len(folds) == cv.get_n_splits()
    for lane, kinds in zip(drawn, folds, strict=True):
        np.testing.assert_array_equal(lane, kinds)


@pytest.mark.parametrize(
    "cv",
    [
        PurgedSplit(4, purged_size=4, embargo_size=10),
        CombinatorialPurgedSplit(4, 2, purged_size=4, embargo_size=10),
        WalkForwardSplit(4, purged_size=4),
    ],
    ids=repr,
)
def test_around_tested_blocks_is_drawn_what_the_folds_lose(cv):
    for lane, kinds in zip(lanes(cv), real(cv), strict=True):
        lost = np.isin(lane, ["purged", "embargoed", "unused"])
        np.testing.assert_array_equal(lost, kinds == "unused")


def test_of_many_folds_the_first_are_drawn():
    cv = CombinatorialPurgedSplit(10, 3, purged_size=1)
    assert len(lanes(cv)) == 12
    assert "120, the first 12 are shown" in cv._repr_html_()
    assert "36" in cv._repr_html_()


@pytest.mark.parametrize("n_splits", [61, 10**12])
def test_of_very_many_blocks_only_the_number_is_told(n_splits):
    html = PurgedSplit(n_splits)._repr_html_()
    assert "<svg" not in html
    assert f"{n_splits:,}" in html


@pytest.mark.parametrize(
    ("cv", "told"),
    [
        (PurgedSplit(1), "n_splits must be at least 2, got 1."),
        (CombinatorialPurgedSplit(3, 3), "n_test_blocks must be less"),
        (WalkForwardSplit("many"), "n_splits must be a whole number"),
        (PurgedSplit(closed="right"), "closed must be"),
    ],
)
def test_a_wrong_parameter_is_shown_and_not_raised(cv, told):
    html = cv._repr_html_()
    assert told in html
    assert "<svg" not in html


@pytest.mark.parametrize(
    ("embargo", "told"),
    [
        (0, "none"),
        (240, "240 time stamps"),
        (0.01, "1.00% of the time stamps"),
        ("5 trading days", "5 trading days after"),
    ],
)
def test_the_embargo_is_told_with_its_unit(embargo, told):
    html = PurgedSplit(embargo_size=embargo)._repr_html_()
    assert told in html
    assert (COLOURS["embargoed"] in html) == bool(embargo)
