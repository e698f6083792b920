"""Gradient-boosted trees of XGBoost."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np

from sk_ensemble._typing import FloatArray
from sk_ensemble.boosting._base import BoosterClassifier
from sk_ensemble.boosting._bins import bin_edges
from sk_ensemble.boosting._xgboost_file import check_xgboost
from sk_ensemble.boosting._xgboost_trees import n_bins_in_all, with_values
from sk_ensemble.estimator import Rounds, TrainingSet, n_threads
from sk_ensemble.panel import Windows
from sk_ensemble.utils.optional import import_optional
from sk_ensemble.utils.sklearn_api import Interval

__all__ = ["XGBoostClassifier"]


def _objective(n_classes: int) -> tuple[dict[str, Any], str]:
    """Return the objective's parameters and the name of its loss."""
    if n_classes == 2:
        return {"objective": "binary:logistic"}, "logloss"
    return {"objective": "multi:softprob", "num_class": n_classes}, "mlogloss"


class XGBoostClassifier(BoosterClassifier):
    """Classify windows with gradient-boosted trees of XGBoost.

    Every bar of the window and every feature is a column. The features are put into
    bins once per bar, and windows are cut of the numbers of bins, so they need one
    byte per cell and the matrix of all windows never exists in floating point.
    Parameters have the names of XGBoost's own scikit-learn interface; the defaults suit
    noisy bars, with early stopping.

    Parameters
    ----------
    n_estimators : int, default=500
        Rounds of boosting, the most there can be with early stopping.
    learning_rate : float, default=0.05
        Factor of each tree.
    max_depth : int, default=3
        Levels of each tree; 0 means no limit.
    min_child_weight : float, default=1.0
        Least sum of second derivatives of the loss, which are at most 1/4 (two
        classes) or 1/2 per unit of weight, in a leaf.
    gamma : float, default=0.0
        Least reduction of the loss for a split.
    subsample : float, default=1.0
        Fraction of the rows that each tree is grown on.
    colsample_bytree : float, default=0.5
        Fraction of the columns that each tree may use.
    reg_alpha : float, default=0.0
        L1 penalty on the scores of leaves.
    reg_lambda : float, default=1.0
        L2 penalty on the scores of leaves.
    max_bin : int, default=256
        Bins per feature, the same for all bars of the window, one of them for missing
        values; 2 counts as 3. Above 100,000 bars they are chosen from a sample.
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
    booster_ : xgboost.Booster
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
    LightGBMClassifier : The same with LightGBM's trees.
    CatBoostClassifier : The same with CatBoost's symmetric trees.

    Notes
    -----
    The prediction of a sample sees the bars of its window and no others. Missing
    values are allowed. Needs the extra ``boosting``.

    References
    ----------
    Chen, T. and Guestrin, C. (2016). XGBoost: A Scalable Tree Boosting System. KDD.

    Examples
    --------
    >>> import numpy as np
    >>> from sk_ensemble import Windower, XGBoostClassifier
    >>> bars = np.random.default_rng(0).normal(size=(600, 2))
    >>> y = np.sign(bars[:, 0]) * (np.abs(bars[:, 0]) > 0.5)
    >>> windows = Windower(3).transform(bars)
    >>> model = XGBoostClassifier(n_estimators=20, learning_rate=0.3).fit(windows, y)
    >>> model.score(windows, y)
    1.0
    >>> model.lag_importances_.shape  # of 3 bars and 2 features, earliest bar first
    (3, 2)
    >>> bool(model.lag_importances_[-1, 0] > 0.8)
    True
    """

    _library = "xgboost"
    _file_name = "xgboost.ubj"

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **BoosterClassifier.shared_constraints,
        "max_depth": [Interval(Integral, 0, None, closed="left")],
        "min_child_weight": [Interval(Real, 0, None, closed="left")],
        "gamma": [Interval(Real, 0, None, closed="left")],
    }

    def __init__(
        self,
        *,
        n_estimators: int = 500,
        learning_rate: float = 0.05,
        max_depth: int = 3,
        min_child_weight: float = 1.0,
        gamma: float = 0.0,
        subsample: float = 1.0,
        colsample_bytree: float = 0.5,
        reg_alpha: float = 0.0,
        reg_lambda: float = 1.0,
        max_bin: int = 256,
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
        self.max_depth = max_depth
        self.min_child_weight = min_child_weight
        self.gamma = gamma
        self.subsample = subsample
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
        xgboost = import_optional("xgboost", extra="boosting")
        # The module defines a subclass of xgboost's, so it needs the library.
        from sk_ensemble.boosting._xgboost_rounds import FollowRounds

        objective, loss = _objective(training.n_classes)
        edges = bin_edges(training.windows, max(self.max_bin - 2, 1))
        finish = partial(with_values, edges=edges)
        evals = self._matrices(training, validation, edges)
        booster = xgboost.train(
            {**self._library_params(edges), **objective, "eval_metric": loss},
            evals[0][0],
            rounds.n_max,
            evals=evals,
            verbose_eval=int(self.verbose) or False,
            callbacks=[FollowRounds(rounds, loss, finish)],
        )
        return finish(booster[: rounds.n_best])

    def _library_params(self, edges: list[FloatArray]) -> dict[str, Any]:
        """Return the parameters under the library's names."""
        return {
            "tree_method": "hist",
            "learning_rate": self.learning_rate,
            "max_depth": self.max_depth,
            "min_child_weight": self.min_child_weight,
            "gamma": self.gamma,
            "subsample": self.subsample,
            "colsample_bytree": self.colsample_bytree,
            "reg_alpha": self.reg_alpha,
            "reg_lambda": self.reg_lambda,
            "max_bin": n_bins_in_all(edges),
            "seed": self._seed(),
            "nthread": n_threads(self.n_jobs),
            "verbosity": 0,
        }

    def _matrices(
        self,
        training: TrainingSet,
        validation: TrainingSet | None,
        edges: list[FloatArray],
    ) -> list[tuple[Any, str]]:
        """Return the binned samples with their names in the library's log."""
        # The module defines a subclass of xgboost's, so it needs the library.
        from sk_ensemble.boosting._xgboost_data import (
            as_quantile_matrix,
            matrix_of_bins,
        )

        settings = {"n_threads": n_threads(self.n_jobs)}
        bins = matrix_of_bins(edges, training.windows.window_length, **settings)
        matrix = as_quantile_matrix(training, edges, ref=bins, **settings)
        if validation is None:
            return [(matrix, "train")]
        # The library asks for the bins of the samples that it trains on.
        held_out = as_quantile_matrix(validation, edges, ref=matrix, **settings)
        return [(matrix, "train"), (held_out, "validation")]

    def _predict_windows(self, windows: Windows) -> FloatArray:
        # Once for all batches: the library sets itself up anew after it.
        self.booster_.set_param({"nthread": n_threads(self.n_jobs)})
        return super()._predict_windows(windows)

    def _margins(self, batch: FloatArray) -> FloatArray:
        return self.booster_.inplace_predict(batch, predict_type="margin")

    def _column_gains(self) -> FloatArray:
        gains = np.zeros(self.window_length_ * self.n_features_in_)
        scores = self.booster_.get_score(importance_type="total_gain")
        for name, gain in scores.items():
            gains[int(name.removeprefix("f"))] = gain
        return gains

    def _booster_file(self) -> bytes:
        return bytes(self.booster_.save_raw("ubj"))

    def _booster_from(self, content: bytes) -> Any:
        check_xgboost(content, self._n_columns(), len(self.classes_))
        xgboost = import_optional("xgboost", extra="boosting")
        return xgboost.Booster(model_file=bytearray(content))
