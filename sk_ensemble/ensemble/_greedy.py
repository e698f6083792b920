"""Greedy forward selection of members, with replacement."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from sklearn.utils import check_random_state

from sk_ensemble.ensemble._greedy_selection import GreedyChooser, draw_bags
from sk_ensemble.ensemble._losses import LOSSES, Loss
from sk_ensemble.ensemble._weighted import WeightedEnsemble
from sk_ensemble.utils.sklearn_api import Interval, StrOptions

__all__ = ["GreedyEnsembleClassifier"]

#: Members of which no bag leaves any out by default.
_FEW = 10


class GreedyEnsembleClassifier(WeightedEnsemble):
    """Average members chosen one by one, again and again, by the loss of their mean.

    Starting from none, the member is taken that makes the mean of all taken so far best
    on the out-of-fold predictions; members may be taken repeatedly, which gives them
    weight. The best of all rounds counts. This is done for several bags, each of which
    may choose from a part of the members, and the shares are averaged.

    Parameters
    ----------
    estimators : list of (str, classifier)
        The members, which may be Pipelines with windows and features of their own;
        "drop" in place of a classifier leaves it out.
    cv : cross-validator or list of (train, test)
        Any splitter, or row numbers. A splitter that purges should be used, so that no
        member is asked about labels that overlap those it was trained on; rows that a
        fold trains on and tests at once are refused.
    metric : {"log_loss", "brier_score"} or callable, default="log_loss"
        What is minimised: a loss with the signature of `sk_ensemble.metrics.log_loss`,
        ``metric(y, proba, *, labels, sample_weight)``.
    n_rounds : int, default=100
        Most members taken in a bag, repetitions counted.
    n_iter_no_change : int, default=10
        Rounds without a better loss after which a bag stops.
    tol : float, default=1e-05
        By how much a loss must be less to count as better.
    n_bags : int, default=20
        Number of bags. Where there are fewer ways to choose the members of a bag, each
        is used once and nothing is drawn.
    bag_fraction : "auto" or float, default="auto"
        Share of the members in each bag, rounded up. Bags keep the choice among many
        from resting on the luck of one; among a handful they only leave out the best
        now and then. "auto": all of up to ten members, which is one bag; half of more.
    n_jobs : int or None, default=None
        Fits at a time; None means 1.
    refit : {"full", "folds"}, default="full"
        What predicts new samples. "full": members refitted on all samples. "folds":
        the mean of the models of the folds, which are kept, and nothing is refitted.
        With walk-forward folds the early ones have seen little.
    memory : str, Memory or None, default=None
        A folder, or a `joblib.Memory`, in which fits of members are remembered, so that
        a change of the others, or of the combination, does not repeat them.
    random_state : int, RandomState or None, default=None
        Seed of the bags.

    Attributes
    ----------
    weights_ : dict of str to float
        Share of each member; not negative, adding up to 1.
    fold_weights_ : DataFrame of shape (n_folds, n_members)
        What the training rows of each fold chose; NaN where there were none. If these
        rows disagree, so would another year.
    oof_predictions_ : dict of str to ndarray of shape (n_samples, n_outputs)
        Out-of-fold predictions of each member in the order of the samples; the mean
        where several folds test a row, NaN where none does.
    oof_proba_ : ndarray of shape (n_samples, n_classes)
        Probabilities of the ensemble, each row's by a combination that was chosen
        without it and without the rows whose labels overlap its own. NaN where there
        is no prediction, or nothing to choose by before it.
    oof_score_ : float
        Minus `metric` over the rows of `oof_proba_`: none has chosen what it is
        judged by.
    member_scores_ : dict of str to float
        The same of each member over the same rows.
    estimators_ : list of classifier
        The fitted members of positive weight; with ``refit="folds"`` lists of models,
        one per fold. Absent if made by `from_oof` without members.
    named_estimators_ : Bunch
        The same by name. Absent if made by `from_oof` without members.
    classes_ : ndarray of shape (n_classes,)
        The labels, sorted; all of `y`, whether a fold has them or not.
    n_features_in_ : int
        Features per bar. Absent if made by `from_oof` without members.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the features, where the input has names.

    Raises
    ------
    DataError
        For labels or weights that cannot be used as they are, folds that train on what
        they test, and too few rows with predictions to choose by.
    EmptyFoldError
        If the splitter leaves a fold without rows.
    ValueError
        If a member is no classifier or lacks the method to predict by.

    See Also
    --------
    WeightedVoteClassifier : Weights of least log loss.
    PurgedStackingClassifier : A final classifier instead of weights.

    Notes
    -----
    A prediction sees the bars that its members see and no others. Weights are chosen by
    rows that all members have predicted, and only members that get weight are refitted.
    A lone member has weight 1. Members are tried in alphabetical order and the first of
    equals is taken, so a copy of a member gets nothing in the bags that hold its
    original, and the order of `estimators` changes nothing.

    `oof_proba_` is cross-fitted at the level of the weights, as in
    `PurgedStackingClassifier`.

    References
    ----------
    Caruana, R., Niculescu-Mizil, A., Crew, G. and Ksikes, A. (2004). Ensemble selection
    from libraries of models. Proceedings of the 21st International Conference on
    Machine Learning.

    Examples
    --------
    >>> import numpy as np
    >>> from sk_ensemble import PurgedSplit
    >>> from sk_ensemble.ensemble import GreedyEnsembleClassifier
    >>> rng = np.random.default_rng(0)
    >>> y = rng.integers(0, 2, 300)
    >>> good = np.where(rng.random(300) < 0.7, y, 1 - y) * 0.4 + 0.3
    >>> noise = rng.random(300)
    >>> members = {"good": good, "noise": noise}
    >>> members = {name: np.stack([1 - p, p], axis=1) for name, p in members.items()}
    >>> greedy = GreedyEnsembleClassifier.from_oof(
    ...     members, y, cv=PurgedSplit(5, purged_size=1)
    ... )
    >>> greedy.weights_["good"] > 0.8
    True
    >>> greedy.oof_score_ > greedy.member_scores_["noise"]
    True
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **WeightedEnsemble.listed_constraints,
        "metric": [StrOptions(set(LOSSES)), callable],
        "n_rounds": [Interval(Integral, 1, None, closed="left")],
        "n_iter_no_change": [Interval(Integral, 1, None, closed="left")],
        "tol": [Interval(Real, 0, None, closed="left")],
        "n_bags": [Interval(Integral, 1, None, closed="left")],
        "bag_fraction": [StrOptions({"auto"}), Interval(Real, 0, 1, closed="right")],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        estimators: list[tuple[str, Any]],
        *,
        cv: Any,
        metric: Any = "log_loss",
        n_rounds: int = 100,
        n_iter_no_change: int = 10,
        tol: float = 1e-5,
        n_bags: int = 20,
        bag_fraction: float | str = "auto",
        n_jobs: int | None = None,
        refit: str = "full",
        memory: Any = None,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.estimators = estimators
        self.cv = cv
        self.metric = metric
        self.n_rounds = n_rounds
        self.n_iter_no_change = n_iter_no_change
        self.tol = tol
        self.n_bags = n_bags
        self.bag_fraction = bag_fraction
        self.n_jobs = n_jobs
        self.refit = refit
        self.memory = memory
        self.random_state = random_state

    def _loss(self) -> Loss:
        return LOSSES[self.metric] if isinstance(self.metric, str) else self.metric

    def _chooser(self, names: tuple[str, ...]) -> GreedyChooser:
        rng = check_random_state(self.random_state)
        return GreedyChooser(
            names,
            self.classes_,
            self._loss(),
            draw_bags(len(names), self._fraction(len(names)), self.n_bags, rng),
            n_rounds=self.n_rounds,
            n_iter_no_change=self.n_iter_no_change,
            tol=self.tol,
        )

    def _fraction(self, n_members: int) -> float:
        """Return the share of the members in each bag."""
        if isinstance(self.bag_fraction, str):
            return 1.0 if n_members <= _FEW else 0.5
        return self.bag_fraction
