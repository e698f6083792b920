"""A weighted vote whose weights minimise the log loss."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from sk_ensemble.ensemble._cross_fit import Chooser
from sk_ensemble.ensemble._simplex_weights import FixedWeights, SimplexChooser
from sk_ensemble.ensemble._weighted import WeightedEnsemble
from sk_ensemble.utils.sklearn_api import StrOptions

__all__ = ["WeightedVoteClassifier"]


class WeightedVoteClassifier(WeightedEnsemble):
    """Average members with the weights that make the log loss of the mean least.

    The weights are not negative and add up to 1, so the problem is convex and its
    solution does not depend on a start, a seed or an order.

    Parameters
    ----------
    estimators : list of (str, classifier)
        The members, which may be Pipelines with windows and features of their own;
        "drop" in place of a classifier leaves it out.
    cv : cross-validator or list of (train, test)
        Any splitter, or row numbers. A splitter that purges should be used, so that no
        member is asked about labels that overlap those it was trained on; rows that a
        fold trains on and tests at once are refused.
    weights : {"optimal", "equal"} or dict of str to float, default="optimal"
        "optimal": of least log loss on the out-of-fold predictions. "equal": a soft
        vote. A dict gives each member its weight; they are scaled to add up to 1.
    n_jobs : int or None, default=None
        Fits at a time; None means 1.
    refit : {"full", "folds"}, default="full"
        What predicts new samples. "full": members refitted on all samples. "folds":
        the mean of the models of the folds, which are kept, and nothing is refitted.
        With walk-forward folds the early ones have seen little.
    memory : str, Memory or None, default=None
        A folder, or a `joblib.Memory`, in which fits of members are remembered, so that
        a change of the others, or of the combination, does not repeat them.

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
        Minus the log loss over the rows of `oof_proba_`: none has chosen what it is
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
    GreedyEnsembleClassifier : Weights by greedy selection, for any loss.
    PurgedStackingClassifier : A final classifier instead of weights.

    Notes
    -----
    A prediction sees the bars that its members see and no others.
    Weights are chosen by rows that all members have predicted, and only
    members that get weight are refitted. A lone member has weight 1; copies of a member
    share its weight equally.

    `oof_proba_` is cross-fitted at the level of the weights, as in
    `PurgedStackingClassifier`.

    Examples
    --------
    >>> import numpy as np
    >>> from sk_ensemble import PurgedSplit
    >>> from sk_ensemble.ensemble import WeightedVoteClassifier
    >>> rng = np.random.default_rng(0)
    >>> y = rng.integers(0, 2, 300)
    >>> good = np.where(rng.random(300) < 0.7, y, 1 - y) * 0.4 + 0.3
    >>> noise = rng.random(300)
    >>> members = {"good": good, "noise": noise}
    >>> members = {name: np.stack([1 - p, p], axis=1) for name, p in members.items()}
    >>> vote = WeightedVoteClassifier.from_oof(
    ...     members, y, cv=PurgedSplit(5, purged_size=1)
    ... )
    >>> vote.weights_["good"] > 0.8, vote.oof_score_ > vote.member_scores_["noise"]
    (True, True)
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **WeightedEnsemble.listed_constraints,
        "weights": [StrOptions({"optimal", "equal"}), Mapping],
    }

    def __init__(
        self,
        estimators: list[tuple[str, Any]],
        *,
        cv: Any,
        weights: str | Mapping[str, float] = "optimal",
        n_jobs: int | None = None,
        refit: str = "full",
        memory: Any = None,
    ) -> None:
        self.estimators = estimators
        self.cv = cv
        self.weights = weights
        self.n_jobs = n_jobs
        self.refit = refit
        self.memory = memory

    def _chooser(self, names: tuple[str, ...]) -> Chooser:
        if isinstance(self.weights, Mapping):
            return FixedWeights(_in_order(self.weights, names))
        if self.weights == "equal":
            return FixedWeights(dict.fromkeys(names, 1.0))
        return SimplexChooser()


def _in_order(weights: Mapping[str, float], names: tuple[str, ...]) -> dict[str, float]:
    """Return given weights in the order of the members."""
    valid = all(weight >= 0 for weight in weights.values())
    if set(weights) != set(names) or not valid or not any(weights.values()):
        msg = (
            f"weights must give every member of {list(names)} a weight that is not "
            f"negative, and not all 0; got {dict(weights)}."
        )
        raise ValueError(msg)
    return {name: float(weights[name]) for name in names}
