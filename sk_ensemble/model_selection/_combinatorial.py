"""Every choice of test blocks, with purging and embargo around each block."""

from __future__ import annotations

from itertools import combinations
from math import comb
from typing import Any

import numpy as np

from sk_ensemble._typing import IntArray
from sk_ensemble.model_selection._block_split import BlockSplit
from sk_ensemble.model_selection._blocks import Blocks, cut_blocks
from sk_ensemble.model_selection._fold_map import FoldSketch
from sk_ensemble.model_selection._parameters import check_count
from sk_ensemble.model_selection._units import Units

__all__ = ["CombinatorialPurgedSplit"]


def _appearances(folds: IntArray, n_blocks: int) -> IntArray:
    """Return how often each tested block was tested in earlier folds."""
    is_tested = (folds[:, :, None] == np.arange(n_blocks)).any(axis=1)
    earlier = np.cumsum(is_tested, axis=0) - 1
    return np.take_along_axis(earlier, folds, axis=1)


class CombinatorialPurgedSplit(BlockSplit):
    """Test every choice of blocks of time, purging around each block on its own.

    Time is cut into `n_blocks` blocks, and every choice of `n_test_blocks` of them is
    the test set of one fold. Each block is then predicted by several models, trained on
    different pasts and futures. Put together, the predictions form `n_paths` complete
    histories, so that a strategy gets a distribution of results instead of one.

    Use it as ``cv=`` anywhere in scikit-learn, nested too. Where each row has to be
    tested once, as in `cross_val_predict`, use `cross_val_paths` or `cross_val_oof`.

    Parameters
    ----------
    n_blocks : int, default=6
        Number of blocks, at least 2. They are cut on the different times of the
        samples, in equal numbers; the first ones are longer by one where it does not
        divide. One time is never on both sides, whatever the number of symbols.
    n_test_blocks : int, default=2
        How many blocks each fold tests, at least 1 and less than `n_blocks`. With 1,
        the folds are those of ``PurgedSplit(n_blocks)``.
    purged_size : int or None, default=None
        Purge as if each label lasted this many bars of the sample's own symbol, besides
        the real label ends where they are known. Bars are counted in the history of
        the panel (so bars without a sample count too), else in the rows of X. None:
        purge by real label ends only, which must then be known.
    embargo_size : int, float, str or Timedelta, default=0
        What follows a test block and is not trained on either, counted from the
        block's last real label end or, where label ends are unknown, from the end of
        the purged zone: ``"5D"``, ``"5 trading days"``, a number of different time
        stamps or a fraction of them, as in `PurgedSplit`. Choose ``embargo_size >=
        window_length + lag``, else training windows after a block contain bars of it,
        and more where a symbol has bars at only a part of these time stamps.
    closed : {"both", "left"}, default="both"
        Whether a label span holds its end: with "both", a sample goes if its label
        ends on the very bar on which the other begins; with "left", it stays.
    align_to : None, "day", str or Timedelta, default=None
        Where blocks may begin. None: at any time of the samples. "day": with the first
        sample of a UTC date. A duration such as ``"45min"``: after a pause of all
        symbols longer than this. As in `PurgedSplit`.

    Attributes
    ----------
    n_paths : int
        How many times each block is tested: n_test_blocks / n_blocks of all folds.

    See Also
    --------
    cross_val_paths : Predictions along each path.
    PurgedSplit : Each block once; what it says about input, label ends and purging
        holds here too.
    plot_splits : Picture of the folds.

    Notes
    -----
    Folds come in lexicographic order of their blocks. Path p takes each block from the
    p-th fold that tests it.

    Each block purges and embargoes on its own, so the training data between two test
    blocks stay. More test blocks mean more paths and less to train on. The paths share
    data and are far from independent: their spread tells how much a result depends on
    what the model was trained on, not how a new future would differ.

    Where the rows are in the order of time, as those of a panel are, a fold costs
    little more than writing its row numbers. In another order it takes a pass over the
    rows per block and per fold, and a byte per row and block.

    References
    ----------
    .. [1] M. Lopez de Prado, "Advances in Financial Machine Learning", Wiley, 2018,
       chapter 12.

    Examples
    --------
    >>> import numpy as np
    >>> from sk_ensemble.model_selection import CombinatorialPurgedSplit
    >>> cv = CombinatorialPurgedSplit(4, 2, purged_size=1)
    >>> cv.get_n_splits(), cv.n_paths
    (6, 3)
    >>> for train, test in cv.split(np.zeros((12, 1))):
    ...     print("train", train, "test", test)
    train [ 7  8  9 10 11] test [0 1 2 3 4 5]
    train [ 4 10 11] test [0 1 2 6 7 8]
    train [4 5 6 7] test [ 0  1  2  9 10 11]
    train [ 0  1 10 11] test [3 4 5 6 7 8]
    train [0 1 7] test [ 3  4  5  9 10 11]
    train [0 1 2 3 4] test [ 6  7  8  9 10 11]
    """

    def __init__(
        self,
        n_blocks: int = 6,
        n_test_blocks: int = 2,
        *,
        purged_size: int | None = None,
        embargo_size: Any = 0,
        closed: str = "both",
        align_to: Any = None,
    ) -> None:
        self.n_blocks = n_blocks
        self.n_test_blocks = n_test_blocks
        self.purged_size = purged_size
        self.embargo_size = embargo_size
        self.closed = closed
        self.align_to = align_to

    def _counts(self) -> tuple[int, int]:
        """Return the checked numbers of blocks and of test blocks."""
        n_blocks = check_count(self.n_blocks, "n_blocks", 2)
        n_test_blocks = check_count(self.n_test_blocks, "n_test_blocks", 1)
        if n_test_blocks >= n_blocks:
            msg = (
                f"n_test_blocks must be less than n_blocks={n_blocks}, got "
                f"{n_test_blocks}: no block would be left to train on."
            )
            raise ValueError(msg)
        return n_blocks, n_test_blocks

    def get_n_splits(
        self, X: Any = None, y: Any = None, groups: Any = None, label_end: Any = None
    ) -> int:
        """Return the number of folds, C(n_blocks, n_test_blocks).

        Parameters
        ----------
        X, y, groups, label_end : object, default=None
            Ignored.

        Returns
        -------
        n_splits : int
            Number of folds.
        """
        return comb(*self._counts())

    @property
    def n_paths(self) -> int:
        """Number of backtest paths, C(n_blocks - 1, n_test_blocks - 1)."""
        n_blocks, n_test_blocks = self._counts()
        return comb(n_blocks - 1, n_test_blocks - 1)

    def test_blocks(self) -> IntArray:
        """Return the blocks that each fold tests.

        Returns
        -------
        blocks : ndarray of int64 of shape (n_splits, n_test_blocks)
            Block numbers, ascending in each row.

        Examples
        --------
        >>> from sk_ensemble.model_selection import CombinatorialPurgedSplit
        >>> CombinatorialPurgedSplit(3, 2).test_blocks()
        array([[0, 1],
               [0, 2],
               [1, 2]])
        """
        n_blocks, n_test_blocks = self._counts()
        return np.array(list(combinations(range(n_blocks), n_test_blocks)))

    def path_ids(self) -> IntArray:
        """Return the path to which each fold's prediction of each block belongs.

        Returns
        -------
        paths : ndarray of int64 of shape (n_splits, n_test_blocks)
            Numbers from 0 to ``n_paths - 1``, in the places of `test_blocks`.

        Examples
        --------
        >>> from sk_ensemble.model_selection import CombinatorialPurgedSplit
        >>> CombinatorialPurgedSplit(3, 2).path_ids()
        array([[0, 0],
               [1, 0],
               [1, 1]])
        """
        return _appearances(self.test_blocks(), self._counts()[0])

    def _cut(self, units: Units) -> tuple[Blocks, tuple[tuple[int, ...], ...]]:
        n_blocks, n_test_blocks = self._counts()
        folds = tuple(combinations(range(n_blocks), n_test_blocks))
        return cut_blocks(units, n_blocks, name="n_blocks"), folds

    def _fold_sketch(self) -> FoldSketch:
        n_blocks, n_test_blocks = self._counts()
        every = range(n_blocks)
        tests = combinations(every, n_test_blocks)
        return FoldSketch(n_blocks, ((test, every) for test in tests))
