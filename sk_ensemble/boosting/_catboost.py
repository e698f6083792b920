"""Gradient-boosted symmetric trees of CatBoost."""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np

from sk_ensemble._typing import FloatArray
from sk_ensemble.boosting._base import BoosterClassifier
from sk_ensemble.boosting._bins import bin_edges, has_missing
from sk_ensemble.boosting._catboost_data import as_pool, table_of_borders
from sk_ensemble.boosting._catboost_rounds import FollowRounds
from sk_ensemble.boosting._catboost_trees import (
    Trees,
    booster_of,
    constant_trees,
    prior_margins,
    read_trees,
    trees_of,
    write_trees,
)
from sk_ensemble.boosting._flat_rows import repeat_rows, with_all_classes
from sk_ensemble.estimator import IterativeClassifier, Rounds, TrainingSet, n_threads
from sk_ensemble.utils.optional import import_optional
from sk_ensemble.utils.sklearn_api import Interval, StrOptions

__all__ = ["CatBoostClassifier"]


def _objective(n_classes: int) -> dict[str, Any]:
    """Return the parameters that say what is predicted."""
    if n_classes == 2:
        return {"loss_function": "Logloss"}
    return {"loss_function": "MultiClass", "classes_count": n_classes}


class CatBoostClassifier(BoosterClassifier):
    """Classify windows with gradient-boosted symmetric trees of CatBoost.

    Every bar of the window and every feature is a column. The features are put into
    bins once per bar, and windows are cut of the numbers of bins, so they need one
    byte per cell and the matrix of all windows never exists in floating point. All
    nodes of one level of a tree split the same column at the same value. Parameters
    have names that CatBoost itself accepts; the defaults suit noisy bars, with early
    stopping.

    CatBoost's own classifier has the same name: import one of them under another.

    Parameters
    ----------
    n_estimators : int, default=500
        Rounds of boosting, the most there can be with early stopping.
    learning_rate : float, default=0.05
        Factor of each tree.
    depth : int, default=4
        Levels of each tree.
    l2_leaf_reg : float, default=3.0
        L2 penalty on the values of leaves, per unit of weight.
    random_strength : float, default=0.0
        Size of the noise on the scores of splits.
    subsample : float, default=1.0
        Fraction of the rows that each tree is grown on.
    rsm : float, default=0.5
        Fraction of the columns that each split is chosen from.
    border_count : int, default=64
        Edges between the bins of a feature, 254 at most. Above 100,000 bars they are
        chosen from a sample. The library looks values up several times as fast where
        there are no more than 64.
    early_stopping : {"auto"} or bool, default="auto"
        Whether to stop when the validation loss no longer falls. ``"auto"``: if the
        samples carry the ends of their labels, as those of ``panel.align(labels)``
        do. True on plain arrays takes the last rows for validation.
    validation_fraction : float, default=0.1
        Fraction of the time stamps of the training samples, the last ones, that
        validate.
    n_iter_no_change : int, default=20
        Rounds without a lower validation loss after which to stop.
    refit_tail : bool, default=False
        Train again on all samples, the validating ones too, for `n_iter_` rounds.
    time_limit : float or None, default=None
        Seconds that one fit may take, both trainings of `refit_tail` together; looked
        at after each round, one of which is trained in any case. When they are over,
        training stops and keeps what early stopping would keep; a training on all
        samples that they cut short is dropped for the one before it. None: no limit.
    class_weight : {"balanced"}, dict or None, default=None
        Weights of the classes.
    random_state : int, RandomState or None, default=None
        Seed of the draws of columns and rows. None means 0, as in the library itself,
        so that equal samples give an equal model.
    n_jobs : int or None, default=None
        Threads; None means one, -1 all cores.
    verbose : int, default=0
        Rounds between two reports of the losses; 0 for none.

    Attributes
    ----------
    booster_ : catboost.CatBoost
        The trees; None if only one class had weight.
    n_iter_ : int
        Rounds that the booster holds.
    history_ : dict of lists of float
        Log loss after each round trained: ``"train_loss"`` and, where there was a
        validation set, ``"val_loss"``.
    hit_time_limit_ : bool
        Whether `time_limit` ended training before it would have ended by itself.
    feature_importances_ : ndarray of shape (n_features_in_,)
        Share of each feature in the changes of the prediction that splits make.
    lag_importances_ : ndarray of shape (window_length_, n_features_in_)
        The same for each bar of the window, earliest bar first.
    classes_ : ndarray of shape (n_classes,)
        The labels, sorted.
    n_features_in_ : int
        Features per bar.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the features, where the input has names.
    window_length_ : int
        Bars per window.

    See Also
    --------
    XGBoostClassifier : The same with XGBoost's trees.
    LightGBMClassifier : The same with LightGBM's trees.

    Notes
    -----
    The prediction of a sample sees the bars of its window and no others. Missing
    values are allowed and count as the least of all. Needs the extra ``boosting``.

    Training starts from the shares of the classes. Where weights are whole numbers and
    sum up to no more than 10,000, rows are repeated instead, and so few rows are put in
    an order of their own: the library chooses between equally good splits in another
    way where there are weights, or where rows come in another order.

    Boosting is plain, not ordered: on time series rows of one moment resemble each
    other, and an order at random does not keep them apart.

    CatBoost can show its callbacks no unfinished model, so scikit-learn's callbacks
    get none after a round.

    References
    ----------
    Prokhorenkova, L., Gusev, G., Vorobev, A., Dorogush, A. V. and Gulin, A. (2018).
    CatBoost: unbiased boosting with categorical features. NeurIPS.

    Examples
    --------
    >>> import numpy as np
    >>> from sk_ensemble import CatBoostClassifier, Windower
    >>> bars = np.random.default_rng(0).normal(size=(600, 2))
    >>> y = np.sign(bars[:, 0]) * (np.abs(bars[:, 0]) > 0.5)
    >>> windows = Windower(3).transform(bars)
    >>> model = CatBoostClassifier(n_estimators=20, learning_rate=0.3, rsm=1.0)
    >>> model.fit(windows, y).score(windows, y) > 0.99
    True
    >>> model.lag_importances_.shape  # of 3 bars and 2 features, earliest bar first
    (3, 2)
    >>> bool(model.lag_importances_[-1, 0] > 0.8)
    True
    """

    _library = "catboost"
    _file_name = "catboost.json"

    # The library looks through its rows tree by tree: they should stay in the cache.
    _cells_at_once = 2**18

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **IterativeClassifier.early_stopping_constraints,
        "n_estimators": [Interval(Integral, 1, None, closed="left")],
        "learning_rate": [Interval(Real, 0, None, closed="neither")],
        "depth": [Interval(Integral, 1, 16, closed="both")],
        "l2_leaf_reg": [Interval(Real, 0, None, closed="left")],
        "random_strength": [Interval(Real, 0, None, closed="left")],
        "subsample": [Interval(Real, 0, 1, closed="right")],
        "rsm": [Interval(Real, 0, 1, closed="right")],
        "border_count": [Interval(Integral, 1, 254, closed="both")],
        "class_weight": [StrOptions({"balanced"}), Mapping, None],
        "random_state": ["random_state"],
        "n_jobs": [Integral, None],
        "verbose": ["verbose"],
    }

    def __init__(
        self,
        *,
        n_estimators: int = 500,
        learning_rate: float = 0.05,
        depth: int = 4,
        l2_leaf_reg: float = 3.0,
        random_strength: float = 0.0,
        subsample: float = 1.0,
        rsm: float = 0.5,
        border_count: int = 64,
        early_stopping: str | bool = "auto",
        validation_fraction: float = 0.1,
        n_iter_no_change: int = 20,
        refit_tail: bool = False,
        time_limit: float | None = None,
        class_weight: str | Mapping[Any, float] | None = None,
        random_state: int | np.random.RandomState | None = None,
        n_jobs: int | None = None,
        verbose: int = 0,
    ) -> None:
        self.n_estimators = n_estimators
        self.learning_rate = learning_rate
        self.depth = depth
        self.l2_leaf_reg = l2_leaf_reg
        self.random_strength = random_strength
        self.subsample = subsample
        self.rsm = rsm
        self.border_count = border_count
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.refit_tail = refit_tail
        self.time_limit = time_limit
        self.class_weight = class_weight
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.verbose = verbose

    def _train(
        self, training: TrainingSet, validation: TrainingSet | None, rounds: Rounds
    ) -> Any:
        trees = self._grow(training, validation, rounds)
        return booster_of(trees, self._n_columns())

    def _grow(
        self, training: TrainingSet, validation: TrainingSet | None, rounds: Rounds
    ) -> Trees:
        """Train on numbers of bins, and return the trees for values of features."""
        catboost = import_optional("catboost", extra="boosting")
        training = repeat_rows(training)
        edges = bin_edges(training.windows, self.border_count)
        start = prior_margins(training)
        if not any(map(len, edges)) and not has_missing(training.windows).any():
            # Nothing can be split, which the library takes for an error.
            return constant_trees(start)
        sets = [with_all_classes(training)]
        if validation is not None:
            sets.append(validation)
        threads = n_threads(self.n_jobs)
        pools = [
            as_pool(samples, edges, start=start, n_threads=threads) for samples in sets
        ]
        objective = _objective(training.n_classes)
        follow = FollowRounds(rounds, objective["loss_function"])
        params = {**self._library_params(sets[0]), **objective}
        rounds.begin()
        with table_of_borders(edges, training.windows) as borders:
            booster = catboost.CatBoost(
                {**params, "iterations": rounds.n_max, "input_borders": borders}
            )
            booster.fit(
                pools[0],
                eval_set=pools[1:] or None,
                use_best_model=False,
                callbacks=[follow],
                **self._report(),
            )
        if follow.error is not None:
            raise follow.error
        return {**trees_of(booster, rounds.n_best, edges), "bias": start}

    def _library_params(self, training: TrainingSet) -> dict[str, Any]:
        """Return the parameters under the library's names."""
        # The library multiplies the penalty with the mean weight of its rows.
        per_weight = len(training) / training.weights.sum()
        draws = {"bootstrap_type": "Bernoulli", "subsample": self.subsample}
        return {
            "learning_rate": self.learning_rate,
            "depth": self.depth,
            "l2_leaf_reg": self.l2_leaf_reg * per_weight,
            "random_strength": self.random_strength,
            "rsm": self.rsm,
            **(draws if self.subsample < 1 else {"bootstrap_type": "No"}),
            "boosting_type": "Plain",
            "has_time": True,
            # Each number of a bin is a bin.
            "border_count": 255,
            "random_seed": self._seed(),
            "thread_count": n_threads(self.n_jobs),
            "allow_writing_files": False,
        }

    def _report(self) -> dict[str, Any]:
        if not self.verbose:
            return {"logging_level": "Silent"}
        return {"verbose": int(self.verbose)}

    def _margins(self, batch: FloatArray) -> FloatArray:
        return self.booster_.predict(
            batch,
            prediction_type="RawFormulaVal",
            thread_count=n_threads(self.n_jobs),
        )

    def _column_gains(self) -> FloatArray:
        importances = self.booster_.get_feature_importance(
            type="PredictionValuesChange", thread_count=n_threads(self.n_jobs)
        )
        return np.asarray(importances)

    def _booster_file(self) -> bytes:
        return write_trees(trees_of(self.booster_))

    def _booster_from(self, content: bytes) -> Any:
        trees = read_trees(content, self._n_columns(), len(self.classes_))
        return booster_of(trees, self._n_columns())
