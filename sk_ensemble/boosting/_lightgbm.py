"""Gradient-boosted trees of LightGBM."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np

from sk_ensemble._typing import FloatArray
from sk_ensemble.boosting._base import BoosterClassifier
from sk_ensemble.boosting._bins import bin_edges
from sk_ensemble.boosting._lightgbm_file import check_lightgbm, trees_only
from sk_ensemble.boosting._lightgbm_trees import apart_from_zero, with_values
from sk_ensemble.estimator import Rounds, TrainingSet, n_threads
from sk_ensemble.utils.optional import import_optional
from sk_ensemble.utils.sklearn_api import Interval

__all__ = ["LightGBMClassifier"]


def _objective(n_classes: int) -> tuple[dict[str, Any], str]:
    """Return the objective's parameters and the name of its loss."""
    if n_classes == 2:
        return {"objective": "binary"}, "binary_logloss"
    return {"objective": "multiclass", "num_class": n_classes}, "multi_logloss"


class LightGBMClassifier(BoosterClassifier):
    """Classify windows with gradient-boosted trees of LightGBM.

    Every bar of the window and every feature is a column. The features are put into
    bins once per bar, and windows are cut of the numbers of bins, so they need one
    byte per cell and the matrix of all windows never exists in floating point.
    Parameters have the names of LightGBM's own scikit-learn interface; the defaults
    suit noisy bars, with early stopping. Equal data give equal trees, bit for bit.

    Parameters
    ----------
    n_estimators : int, default=500
        Rounds of boosting, the most there can be with early stopping.
    learning_rate : float, default=0.05
        Factor of each tree.
    num_leaves : int, default=8
        Leaves of each tree.
    max_depth : int, default=-1
        Levels of each tree; 0 or less means no limit.
    min_child_samples : int, default=20
        Least number of rows in a leaf. LightGBM counts rows here, whatever their
        weight, so two rows of weight 1 and one row of weight 2 differ.
    min_child_weight : float, default=0.001
        Least sum of second derivatives of the loss in a leaf.
    min_split_gain : float, default=0.0
        Least reduction of the loss for a split.
    subsample : float, default=1.0
        Fraction of the rows that trees are grown on.
    subsample_freq : int, default=1
        Trees that are grown on the same draw of rows. (LightGBM's own default of 0
        would switch `subsample` off.)
    colsample_bytree : float, default=0.5
        Fraction of the columns that each tree may use.
    reg_alpha : float, default=0.0
        L1 penalty on the scores of leaves.
    reg_lambda : float, default=0.0
        L2 penalty on the scores of leaves.
    max_bin : int, default=255
        Bins per feature, the same for all bars of the window, besides one for missing
        values. Above 100,000 bars they are chosen from a sample.
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
    booster_ : lightgbm.Booster
        The trees; None if only one class had weight.
    n_iter_ : int
        Rounds that the booster holds.
    history_ : dict of lists of float
        Log loss after each round trained: ``"train_loss"`` and, where there was a
        validation set, ``"val_loss"``.
    hit_time_limit_ : bool
        Whether `time_limit` ended training before it would have ended by itself.
    feature_importances_ : ndarray of shape (n_features_in_,)
        Share of each feature in the total gain of all splits.
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
    CatBoostClassifier : The same with CatBoost's symmetric trees.

    Notes
    -----
    The prediction of a sample sees the bars of its window and no others. Missing
    values are allowed. Needs the extra ``boosting``.

    References
    ----------
    Ke, G. et al. (2017). LightGBM: A Highly Efficient Gradient Boosting Decision
    Tree. NeurIPS.

    Examples
    --------
    >>> import numpy as np
    >>> from sk_ensemble import LightGBMClassifier, Windower
    >>> bars = np.random.default_rng(0).normal(size=(600, 2))
    >>> y = np.sign(bars[:, 0]) * (np.abs(bars[:, 0]) > 0.5)
    >>> windows = Windower(3).transform(bars)
    >>> model = LightGBMClassifier(n_estimators=20, learning_rate=0.3).fit(windows, y)
    >>> model.score(windows, y)
    1.0
    >>> model.lag_importances_.shape  # of 3 bars and 2 features, earliest bar first
    (3, 2)
    >>> bool(model.lag_importances_[-1, 0] > 0.8)
    True
    """

    _library = "lightgbm"
    _file_name = "lightgbm.txt"

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **BoosterClassifier.shared_constraints,
        "num_leaves": [Interval(Integral, 2, None, closed="left")],
        "max_depth": [Integral],
        "min_child_samples": [Interval(Integral, 0, None, closed="left")],
        "min_child_weight": [Interval(Real, 0, None, closed="left")],
        "min_split_gain": [Interval(Real, 0, None, closed="left")],
        "subsample_freq": [Interval(Integral, 1, None, closed="left")],
    }

    def __init__(
        self,
        *,
        n_estimators: int = 500,
        learning_rate: float = 0.05,
        num_leaves: int = 8,
        max_depth: int = -1,
        min_child_samples: int = 20,
        min_child_weight: float = 0.001,
        min_split_gain: float = 0.0,
        subsample: float = 1.0,
        subsample_freq: int = 1,
        colsample_bytree: float = 0.5,
        reg_alpha: float = 0.0,
        reg_lambda: float = 0.0,
        max_bin: int = 255,
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
        self.num_leaves = num_leaves
        self.max_depth = max_depth
        self.min_child_samples = min_child_samples
        self.min_child_weight = min_child_weight
        self.min_split_gain = min_split_gain
        self.subsample = subsample
        self.subsample_freq = subsample_freq
        self.colsample_bytree = colsample_bytree
        self.reg_alpha = reg_alpha
        self.reg_lambda = reg_lambda
        self.max_bin = max_bin
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
        lightgbm = import_optional("lightgbm", extra="boosting")
        objective, loss = _objective(training.n_classes)
        edges = self._edges(training)
        finish = partial(with_values, edges=edges, window_length=self.window_length_)
        datasets = self._datasets(training, validation, edges)
        rounds.begin()
        booster = lightgbm.train(
            {**self._library_params(), **objective, "metric": loss},
            datasets["train"],
            rounds.n_max,
            valid_sets=list(datasets.values()),
            valid_names=list(datasets),
            callbacks=self._callbacks(lightgbm, rounds, finish),
        )
        return finish(booster, rounds.n_best)

    def _edges(self, training: TrainingSet) -> list[FloatArray]:
        """Return the edges of the bins of every feature."""
        windows = training.windows
        edges = bin_edges(windows, self.max_bin - 1, windows.history.block.dtype)
        return [apart_from_zero(feature_edges) for feature_edges in edges]

    def _data_params(self) -> dict[str, Any]:
        """Return the parameters that say how data are put into bins."""
        return {
            # Each number of a bin is a bin, and missing values are one more.
            "max_bin": self.max_bin + 1,
            # Counts of rows must not decide on bins where weights are given.
            "min_data_in_bin": 1,
            "feature_pre_filter": False,
            "bin_construct_sample_cnt": 2**31 - 1,
            "num_threads": n_threads(self.n_jobs),
            "verbosity": -1,
        }

    def _library_params(self) -> dict[str, Any]:
        """Return the parameters under the library's names."""
        return {
            **self._data_params(),
            "learning_rate": self.learning_rate,
            "num_leaves": self.num_leaves,
            "max_depth": self.max_depth,
            "min_data_in_leaf": self.min_child_samples,
            "min_sum_hessian_in_leaf": self.min_child_weight,
            "min_gain_to_split": self.min_split_gain,
            "bagging_fraction": self.subsample,
            "bagging_freq": self.subsample_freq,
            "feature_fraction": self.colsample_bytree,
            "lambda_l1": self.reg_alpha,
            "lambda_l2": self.reg_lambda,
            "seed": self._seed(),
            "deterministic": True,
            "force_col_wise": True,
        }

    def _datasets(
        self,
        training: TrainingSet,
        validation: TrainingSet | None,
        edges: list[FloatArray],
    ) -> dict[str, Any]:
        """Return the binned samples by their names in the library's log."""
        # The module defines a subclass of lightgbm's, so it needs the library.
        from sk_ensemble.boosting._lightgbm_data import (
            as_dataset,
            dataset_of_bins,
            number_of_missing,
        )

        params = self._data_params()
        of_missing = number_of_missing(training.windows, edges)
        bins = dataset_of_bins(edges, of_missing, params)
        sets = {"train": training, "validation": validation}
        return {
            name: as_dataset(samples, edges, of_missing, params, bins)
            for name, samples in sets.items()
            if samples is not None
        }

    def _callbacks(
        self, lightgbm: Any, rounds: Rounds, finish: Callable[[Any, int], Any]
    ) -> list[Any]:
        """Return what the library calls after each round."""
        # The module catches what the library throws, so it needs the library.
        from sk_ensemble.boosting._lightgbm_rounds import FollowRounds

        report = [lightgbm.log_evaluation(int(self.verbose))] if self.verbose else []
        return [*report, FollowRounds(rounds, finish)]

    def _margins(self, batch: FloatArray) -> FloatArray:
        return self.booster_.predict(
            batch, raw_score=True, num_threads=n_threads(self.n_jobs)
        )

    def _column_gains(self) -> FloatArray:
        return self.booster_.feature_importance("gain")

    def _booster_file(self) -> bytes:
        return trees_only(self.booster_.model_to_string())

    def _booster_from(self, content: bytes) -> Any:
        check_lightgbm(content, self._n_columns(), len(self.classes_))
        lightgbm = import_optional("lightgbm", extra="boosting")
        return lightgbm.Booster(model_str=content.decode("ascii"))
