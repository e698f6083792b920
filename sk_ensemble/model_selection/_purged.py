"""K-fold over contiguous blocks of time, with purging and embargo."""

from __future__ import annotations

from typing import Any

from sk_ensemble.model_selection._block_split import BlockSplit
from sk_ensemble.model_selection._blocks import Blocks, cut_blocks
from sk_ensemble.model_selection._fold_map import FoldSketch
from sk_ensemble.model_selection._parameters import check_count
from sk_ensemble.model_selection._units import Units

__all__ = ["PurgedSplit"]


class PurgedSplit(BlockSplit):
    """Split time into blocks and test each, purging overlapping labels from training.

    Each of `n_splits` contiguous blocks of time is the test set once. From the rest, a
    sample goes if its label overlaps the labels of the block in time (purging), or if
    it follows the block too closely (embargo). What is left is trained on, before and
    after the block.

    Use it as ``cv=`` anywhere in scikit-learn, nested too.

    Parameters
    ----------
    n_splits : int, default=5
        Number of blocks, at least 2. They are cut on the different times of the
        samples, in equal numbers; the first ones are longer by one where it does not
        divide. One time is never on both sides, whatever the number of symbols.
    purged_size : int or None, default=None
        Purge as if each label lasted this many bars of the sample's own symbol, besides
        the real label ends where they are known. Bars are counted in the history of
        the panel (so bars without a sample count too), else in the rows of X. None:
        purge by real label ends only, which must then be known.
    embargo_size : int, float, str or Timedelta, default=0
        What follows a test block and is not trained on either, counted from the
        block's last real label end or, where label ends are unknown, from the end of
        the purged zone. A time span such as ``"5D"``, which is 120 hours; or
        ``"5 trading days"``, which is the rest of that UTC date and the next five on
        which some symbol has bars; or a number of different time stamps in the panel's
        history (of the rows of X without a panel); or a fraction, below 1, of the
        samples' different time stamps, rounded down.
        Choose ``embargo_size >= window_length + lag``, else training windows after a
        block contain bars of the test block; choose more where a symbol has bars at
        only a part of these time stamps, for its windows reach further back.
    closed : {"both", "left"}, default="both"
        Whether a label span holds its end: with "both", a sample goes if its label
        ends on the very bar on which the other begins; with "left", it stays.
    align_to : None, "day", str or Timedelta, default=None
        Where blocks may begin. None: at any time of the samples. "day": with the first
        sample of a UTC date, so that no such date is cut in two. A duration such as
        ``"45min"``: after a pause of all symbols longer than this in the panel's
        history (in the rows of X without a panel), so that no session is cut, whatever
        its time zone. Blocks then hold equal numbers of days or sessions, not of times.

    See Also
    --------
    describe_splits : Rows trained, tested, purged and under embargo in each fold.
    embargo_days : Length of the embargo in trading days of each symbol.

    Notes
    -----
    A sample's label spans ``[time, label_end]``. Label ends are taken from the argument
    `label_end` of `split`, else from the panel. In cross-validation the argument is
    routed: ``PurgedSplit().set_split_request(label_end=True)`` with
    ``enable_metadata_routing`` and ``params={"label_end": ...}``; a panel needs none
    of it.

    Input is a `Panel`, `Windows`, a DataFrame with a time or (symbol, time) index in
    any row order, or an array, whose rows are consecutive bars of one symbol (so is a
    DataFrame indexed by row numbers). In an inner fold an array or frame has lost the
    rows of the outer test block and is counted without them; a panel has not.

    A sample before a block is purged if its own bar `purged_size` later is not before
    the block. After a block the purged zone ends at the latest such bar of the tested
    samples of any symbol. Where a symbol's bars end sooner, the missing ones are
    counted on in the time stamps of all symbols; where those end too, the label ends
    after the data.

    Training windows reach back over earlier bars, test bars among them: after a block
    the embargo keeps them apart, before it nothing needs to.

    The cost is one pass over the rows per block.

    References
    ----------
    .. [1] M. Lopez de Prado, "Advances in Financial Machine Learning", Wiley, 2018,
       sections 7.4.1 (purging) and 7.4.2 (embargo).

    Examples
    --------
    >>> import numpy as np
    >>> from sk_ensemble.model_selection import PurgedSplit
    >>> cv = PurgedSplit(3, purged_size=1, embargo_size=1)
    >>> for train, test in cv.split(np.zeros((9, 1))):
    ...     print("train", train, "test", test)
    train [5 6 7 8] test [0 1 2]
    train [0 1 8] test [3 4 5]
    train [0 1 2 3 4] test [6 7 8]
    """

    def __init__(
        self,
        n_splits: int = 5,
        *,
        purged_size: int | None = None,
        embargo_size: Any = 0,
        closed: str = "both",
        align_to: Any = None,
    ) -> None:
        self.n_splits = n_splits
        self.purged_size = purged_size
        self.embargo_size = embargo_size
        self.closed = closed
        self.align_to = align_to

    def get_n_splits(
        self, X: Any = None, y: Any = None, groups: Any = None, label_end: Any = None
    ) -> int:
        """Return the number of folds.

        Parameters
        ----------
        X, y, groups, label_end : object, default=None
            Ignored.

        Returns
        -------
        n_splits : int
            Number of folds.
        """
        return check_count(self.n_splits, "n_splits", 2)

    def _cut(self, units: Units) -> tuple[Blocks, tuple[tuple[int, ...], ...]]:
        n_splits = self.get_n_splits()
        folds = tuple((block,) for block in range(n_splits))
        return cut_blocks(units, n_splits, name="n_splits"), folds

    def _fold_sketch(self) -> FoldSketch:
        n_splits = self.get_n_splits()
        every = range(n_splits)
        return FoldSketch(n_splits, (({block}, every) for block in every))
